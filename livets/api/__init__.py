"""HTTP APIs over the engines, on FastAPI (extra `livets[api]`); one layer that guards all of them.

Here live the token, tickets, limits and errors; `livets.api.flow` has the routes over workflows. Above the engines,
which know nothing of it, and apart from the live framework.
"""
