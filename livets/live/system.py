"""What a view keeps besides its fields: subscriptions, timers, marks (D9). Part of every snapshot.

It owns the records and their bytes, and takes changes of a failed unit of work back. It never talks to the bus
or the clock: `topics` and `timers` make the world follow it. Application code changes it through LiveView.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

_MAX_EPOCHS: Final = 32


class Subscription(msgspec.Struct, array_like=True):
    """One topic of a view."""

    handler: str
    positions: dict[str, int] = {}
    """Last sequence number handled, per publisher epoch (D22)."""

    def passed(self, epoch: str, seq: int) -> None:
        """A message was handled; only the publishers heard last are remembered."""
        self.positions.pop(epoch, None)
        self.positions[epoch] = seq
        if len(self.positions) > _MAX_EPOCHS:
            del self.positions[next(iter(self.positions))]


class Timer(msgspec.Struct, array_like=True):
    """One pending or repeating call."""

    handler: str
    due: float
    """Wall clock, seconds since 1970."""
    interval_s: float | None = None


class Notes(msgspec.Struct, array_like=True):
    """The whole, as it is stored in `Record.system`."""

    subscriptions: dict[str, Subscription] = {}
    timers: dict[int, Timer] = {}
    last_timer: int = 0
    interrupted: frozenset[int] = frozenset()
    """Events that had a commit point and have not ended: after a crash they are not run again (D7)."""
    ended: frozenset[int] = frozenset()
    """Events that ended before one that came earlier (a parallel handler): `Record.ref` does not tell of them."""

    url: str = ""
    """Where live patches have taken the view: path below the mount point, and query; empty: where it was mounted."""
    version: int = 0
    """`LiveView.snapshot_version` of the class that wrote this."""
    presences: dict[str, dict[str, dict[str, Any]]] = {}
    """Who is here because of this view: topic -> key -> metadata."""
    followed: dict[str, str] = {}
    """Topics whose people the view wants to know, and the handler."""


_decode = msgspec.msgpack.Decoder(Notes).decode
_encode = msgspec.msgpack.Encoder().encode


_NO_NOTES: Final = Notes()
"""Those of every view that has none of its own; never changed."""


class System:
    """The notes of one view, with a way back to what they were when the unit of work began."""

    __slots__ = ("_before", "_noted", "notes")

    def __init__(self, data: bytes = b"") -> None:
        self.notes = _decode(data) if data else _NO_NOTES
        self._before: bytes | None = None
        self._noted = False

    def note(self) -> Notes:
        """The notes, about to take down a fact that a failing handler does not undo (a message came, a timer rang)."""
        self._noted = True
        return self.own()

    def changing(self) -> Notes:
        """The notes, about to be changed."""
        if self._before is None:
            self._before = _encode(self.notes)
        return self.own()

    def own(self) -> Notes:
        """The notes as an object of this view alone."""
        if self.notes is _NO_NOTES:
            self.notes = Notes()
        return self.notes

    def start_timer(self, timer: Timer) -> int:
        """Note a timer; returns its number."""
        notes = self.changing()
        notes.last_timer += 1
        notes.timers[notes.last_timer] = timer
        return notes.last_timer

    @property
    def touched(self) -> bool:
        """True if somebody may have changed the notes since the last unit ended."""
        return self._noted or self._before is not None

    @property
    def changed(self) -> bool:
        """True if the notes differ from what was last handed to the store."""
        return self._noted or (self._before is not None and self.encode() != self._before)

    def encode(self) -> bytes:
        """The bytes of `Record.system`."""
        return _encode(self.notes)

    def done(self) -> None:
        """The unit of work is committed, and the notes are handed to the store."""
        self._before = None
        self._noted = False

    def roll_back(self) -> None:
        """Put the notes back to what they were."""
        if self._before is not None:
            self.notes = _decode(self._before)
            self._before = None
