"""What a page of the testing kit runs on: the model in this process, or a real browser.

Owns the port between them and `Page`. Nothing here acts. Implemented by `local` and `chromium`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from livets.mirror.nodes import Node
from livets.testing.connection import Patch, Received, Sent
from livets.testing.document import Document
from livets.testing.errors import Refused
from livets.testing.questions import Questions


class Engine(Protocol):
    """One page, as a person and a test see it."""

    document: Document
    """What is shown, as of the last patch (of the last action, in a browser)."""
    url: str
    """Path and query."""
    status: int
    """Of the HTTP response that brought the page."""
    view_id: str
    """Of the live view on the server; "" until it is joined."""
    sent: list[Sent]
    received: list[Received]
    patches: list[Patch]
    refusals: list[Refused]
    """Events that were refused or failed, and what the page was told."""
    pushed: list[tuple[str, Any]]
    """Events that the server has pushed to the browser: name and payload."""
    questions: Questions
    """What `ts-confirm` asks, and what the person answers."""
    on_change: Callable[[], None]
    """Called when something has come from the server."""

    async def load(self, url: str) -> None:
        """Go to a page of the application and join its view."""

    async def travel(self, step: int) -> None:
        """Back (-1) or forward (1) in the history."""

    async def act(self, action: str, node: Node | None, *args: Any) -> None:
        """Do what a person does: click, fill, type, press, choose, … (the methods of `Gestures`)."""

    async def refresh(self) -> None:
        """Take a new look, where the model does not follow by itself."""

    @property
    def is_idle(self) -> bool:
        """Whether every event has been answered and every answer is shown."""

    async def disconnect(self) -> None:
        """Lose the connection without a word."""

    async def reconnect(self) -> None:
        """Come back: the page resumes its view."""

    async def close(self) -> None:
        """The page is closed."""
