"""A view that lives on this worker, together with what transport has to know of it.

Owns nothing but the connection of runner, outbox and credentials. Made by `worker`, kept by `registry`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livets.live import ViewRunner
    from livets.transport.dialogue import Dialogue
    from livets.transport.outbox import ViewOutbox
    from livets.transport.routes import LiveRoute

VIEW_BYTES = 4 * 1024
"""What a view takes besides what its HTML suggests, for the bound on unjoined views."""


class Resident:
    """A running view of this worker."""

    __slots__ = (
        "awaits_first", "dialogue", "fingerprint", "joined_seq", "outbox", "page_bytes", "route", "runner", "secrets",
        "since_s", "touched_s", "url", "view_id",
    )  # fmt: skip

    def __init__(self, runner: ViewRunner, outbox: ViewOutbox, route: LiveRoute, url: str) -> None:
        self.view_id = runner.view_id
        self.runner = runner
        self.outbox = outbox
        self.route = route
        self.url = url
        """Path below the mount point, and query."""
        self.dialogue: Dialogue | None = None
        """The socket's conversation while joined."""
        self.secrets = b""
        """Hashes of the resume secrets that are accepted, the newest first."""
        self.joined_seq = 0
        """Number of the last JOINED: a browser that has seen it has the newest secret."""
        self.awaits_first = False
        """After a new mount at a socket: the page's events count from 1 again, older ones still on their way don't."""
        self.page_bytes = VIEW_BYTES
        self.since_s = 0.0
        self.touched_s = 0.0
