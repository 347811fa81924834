"""The live part of a page as a browser would have it: hydration, patches and edits, written a second time in Python.

It owns this model and must never import livets.render: that it is written independently is its worth. `live` holds
patches against it in development, livets.testing makes pages of it, tests check the renderer by it.
"""
