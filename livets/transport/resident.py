"""A view that lives on this worker, together with what transport has to know of it.

Owns nothing but the connection of runner, outbox and credentials. Made by `worker`, kept by `registry`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from livets.transport.channel import Channel
from livets.transport.outbox import ViewOutbox
from livets.transport.routes import LiveRoute
from livets.transport.session import Session

if TYPE_CHECKING:
    from livets.live import ViewRunner

VIEW_BYTES = 4 * 1024
"""What a view takes besides what its HTML suggests, for the bound on unjoined views."""


class Page(Protocol):
    """The browser page at the other end of a socket, as far as views and worker know it (`visitor`)."""

    channel: Channel
    session: Session | None
    views: dict[int, Resident]

    def lose(self, resident: Resident) -> None:
        """The page has gone on with this view on another socket."""


class Resident:
    """A running view of this worker."""

    __slots__ = (
        "awaits_first", "joined_seq", "outbox", "page", "page_bytes", "route", "runner", "secrets",
        "since_s", "touched_s", "view_id",
    )  # fmt: skip

    def __init__(self, runner: ViewRunner, outbox: ViewOutbox, route: LiveRoute) -> None:
        self.view_id = runner.view_id
        self.runner = runner
        self.outbox = outbox
        self.route = route
        self.page: Page | None = None
        """Who shows the view, while it is on a socket."""
        self.secrets = b""
        """Hashes of the resume secrets that are accepted, the newest first."""
        self.joined_seq = 0
        """Number of the last JOINED: a browser that has seen it has the newest secret."""
        self.awaits_first = False
        """After a new mount at a socket: the page's events count from 1 again, older ones still on their way don't."""
        self.page_bytes = VIEW_BYTES
        self.since_s = 0.0
        self.touched_s = 0.0

    @property
    def url(self) -> str:
        """Path below the mount point, and query, of where the view is now."""
        return self.runner.location.url

    def leave(self) -> None:
        """Take the view off its socket; frames and state stay."""
        self.page = None
        self.outbox.detach()
        self.runner.detach()
