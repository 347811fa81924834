"""The way into the chat for who names no room."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse

from examples.chat.view import ROOMS, Chat


async def entrance(request: Request) -> RedirectResponse:
    """The first room; what the address says besides (`?name=Ann`) goes along."""
    url = request.url_for(Chat.__name__, room=ROOMS[0]).replace(query=request.url.query)
    return RedirectResponse(url, 303)
