"""What a worker knows of one topic of presence.

It owns data alone: `service` and `heartbeat` change it.
"""

from __future__ import annotations

from livets.presence.people import Delta, Entry, People


class Topic:
    """What this worker knows of one topic."""

    __slots__ = ("buffered", "came", "followers", "is_loading", "own", "people", "went")

    def __init__(self) -> None:
        self.people = People()
        self.own: dict[tuple[str, str], Entry] = {}
        """What views of this worker say, by view id and key."""
        self.followers: dict[str, str] = {}
        """Views here that are told of changes: view id -> handler."""
        self.came: dict[tuple[str, str], Entry] = {}
        """What other workers have still to be told."""
        self.went: dict[tuple[str, str], None] = {}
        """Likewise."""
        self.is_loading = False
        self.buffered: list[Delta] = []
        """What other workers told while the topic was being loaded."""
