"""What the model of the page says when something does not fit it.

It owns one class and no wording, which is where the trouble is found.
"""

from __future__ import annotations


class Misfit(AssertionError):
    """A patch does not fit the page, or the page is not what a fresh render shows: a bug, in livets or in a view
    that changes a field behind its back (`self.touch`)."""
