"""A view at rest: what a snapshot store keeps of it, and what it promises (D5, D14).

Everything here is bytes and small integers; `live` encodes and decodes, stores only move them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

MAX_VIEW_BYTES = 4 * 1024 * 1024
"""Default of `SnapshotStore.max_view_bytes`."""


@dataclass(slots=True)
class Record:
    """A view as a store keeps it (D14): everything is bytes or small integers."""

    meta: bytes
    """msgpack of what never changes: route, path parameters, session hash, created at."""
    fields: dict[str, bytes] = field(default_factory=dict)
    """Encoded declared fields; for a KeyedList its base."""
    logs: dict[str, list[bytes]] = field(default_factory=dict)
    """Per KeyedList field: encoded operations since the base, in order."""
    ref: int = 0
    """Last browser event contained in `fields`."""
    system: bytes = b""
    """msgpack of subscriptions and timers (D9)."""
    effects: dict[int, bytes] = field(default_factory=dict)
    """Outgoing effects by number that have not been confirmed as sent (D5)."""
    secret: bytes = b""
    """Hashes of the resume secrets that are accepted, set at join and resume."""


@dataclass(slots=True)
class Change:
    """What one commit (or several merged ones) writes, all or nothing."""

    fields: dict[str, bytes] = field(default_factory=dict)
    """Replaces these fields; for a KeyedList also empties its log."""
    logs: dict[str, list[bytes]] = field(default_factory=dict)
    """Appends to these logs."""
    ref: int | None = None
    system: bytes | None = None
    effects: dict[int, bytes] = field(default_factory=dict)
    effects_sent: set[int] = field(default_factory=set)
    secret: bytes | None = None

    def merge(self, later: Change) -> None:
        """Fold a later commit into this one (group commit)."""
        for name, base in later.fields.items():
            self.fields[name] = base
            self.logs.pop(name, None)
        for name, entries in later.logs.items():
            self.logs.setdefault(name, []).extend(entries)
        self.ref = self.ref if later.ref is None else later.ref
        self.system = self.system if later.system is None else later.system
        self.effects |= later.effects
        self.effects_sent |= later.effects_sent
        self.secret = self.secret if later.secret is None else later.secret


@dataclass(slots=True)
class Claim:
    """Ownership of a view, granted by a store."""

    generation: int
    record: Record | None
    """The stored record; None when the caller's own copy (of `known_generation`) is current."""


class SnapshotStore(Protocol):
    """Keeps views between sockets, workers and deploys. Every write is fenced by the generation."""

    durable: bool
    """True when `write` survives the death of this process; then acks wait for it."""
    max_view_bytes: int
    """Encoded fields of one view; a commit that would keep more fails before anything of it is seen."""

    async def create(self, view_id: str, record: Record) -> int:
        """Store a freshly mounted view; returns its first generation."""

    async def claim(self, view_id: str, known_generation: int | None) -> Claim | None:
        """Take the view over: its generation goes up by one and older writers are fenced out.

        None when the store holds no such view.
        """

    async def write(self, view_id: str, generation: int, change: Change) -> None:
        """Apply a change atomically. Raises Fenced when there is a newer generation, Gone when the record is lost."""

    async def recreate(self, view_id: str, generation: int, record: Record) -> None:
        """Put back a view that the store has lost, by the one who runs it under `generation`.

        It replaces what an older owner may have put back. Raises Fenced when a newer generation is there.
        """

    async def forget(self, view_id: str, generation: int) -> None:
        """Drop the view, if `generation` is still current."""
