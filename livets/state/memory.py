"""The snapshot store of one process: nothing survives it, nothing needs to be installed.

Owns the records of views, bounded by bytes and age; the least recently used go first. Records of running views
are small (their state lives in the view object), those of views that nobody looks at carry the encoded fields.
Called by `live` (create, write) and `transport` (claim, forget); implements `SnapshotStore`.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from livets.errors import Fenced, Gone
from livets.state.record import MAX_VIEW_BYTES, Change, Claim, Record

_ENTRY_BYTES = 512
_NOTHING: Final[dict[Any, Any]] = {}
"""Of all records that hold nothing; `apply` puts others in its place."""


@dataclass(slots=True)
class _Kept(Record):
    """A record, and what the store knows of it: one object, as there is one for every view."""

    generation: int = 0
    bytes: int = 0
    used_at: float = 0.0


class MemoryStore:
    """Snapshots in a dictionary, fenced like those in Redis."""

    durable = False

    def __init__(
        self,
        *,
        max_bytes: int = 256 * 1024 * 1024,
        max_view_bytes: int = MAX_VIEW_BYTES,
        ttl_s: float = 24 * 3600,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._max_bytes = max_bytes
        self.max_view_bytes = max_view_bytes
        self._ttl_s = ttl_s
        self._clock = clock
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    async def create(self, view_id: str, record: Record) -> int:
        """Store a freshly mounted view; returns its first generation."""
        if view_id in self._kept:
            raise Fenced(f"there is already a view {view_id}")
        self._keep(view_id, record, 1)
        return 1

    async def recreate(self, view_id: str, generation: int, record: Record) -> None:
        """Put back a view that was dropped while it ran. Raises Fenced when a newer generation is there."""
        kept = self._kept.get(view_id)
        if kept is not None:
            if kept.generation > generation:
                raise Fenced(f"view {view_id} has been taken over")
            self._drop(view_id)
        self._keep(view_id, record, generation)

    async def claim(self, view_id: str, known_generation: int | None) -> Claim | None:
        """Take the view over: its generation goes up by one and older writers are fenced out."""
        kept = self._touch(view_id)
        if kept is None:
            return None
        is_current = kept.generation == known_generation
        kept.generation += 1
        return Claim(kept.generation, None if is_current else _copy(kept))

    async def write(self, view_id: str, generation: int, change: Change) -> None:
        """Apply a change; an empty one only says that the view is still wanted. Raises Fenced, Gone."""
        kept = self._touch(view_id)
        if kept is None or kept.generation < generation:
            raise Gone(f"view {view_id} has been dropped")
        if kept.generation != generation:
            raise Fenced(f"view {view_id} has been taken over")
        apply(change, kept)
        size = _size(kept)
        self.bytes += size - kept.bytes
        kept.bytes = size
        self._trim()

    async def forget(self, view_id: str, generation: int) -> None:
        """Drop the view, if `generation` is still current."""
        kept = self._kept.get(view_id)
        if kept is not None and kept.generation == generation:
            self._drop(view_id)

    def records(self) -> Iterator[tuple[str, int, Record]]:
        """All that is kept: id, generation, record; the least recently used first."""
        for view_id, kept in self._kept.items():
            yield view_id, kept.generation, _copy(kept)

    def adopt(self, view_id: str, generation: int, record: Record) -> None:
        """Keep a record of another store; one that is here already stays."""
        if view_id not in self._kept:
            self._keep(view_id, record, generation)

    def _keep(self, view_id: str, record: Record, generation: int) -> None:
        size = _size(record)
        fields, logs, effects = record.fields, record.logs, record.effects
        if not (fields or logs or effects):
            fields = logs = effects = _NOTHING  # most records of running views are like that
        self._kept[view_id] = _Kept(
            record.meta, fields, logs, record.ref, record.system, effects, record.secret,
            generation, size, self._clock(),
        )  # fmt: skip
        self.bytes += size
        self._trim()

    def _touch(self, view_id: str) -> _Kept | None:
        kept = self._kept.get(view_id)
        if kept is None:
            return None
        now = self._clock()
        if now - kept.used_at > self._ttl_s:
            self._drop(view_id)
            return None
        kept.used_at = now
        self._kept.move_to_end(view_id)
        return kept

    def _trim(self) -> None:
        """Drop from the least recently used end what is too old or too much."""
        oldest_allowed = self._clock() - self._ttl_s
        while self._kept:
            view_id, kept = next(iter(self._kept.items()))
            if self.bytes <= self._max_bytes and kept.used_at >= oldest_allowed:
                return
            self._drop(view_id)

    def _drop(self, view_id: str) -> None:
        self.bytes -= self._kept.pop(view_id).bytes


def apply(change: Change, record: Record) -> None:
    """Write `change` into `record`, as every store must. What the record held is not changed, but replaced."""
    if change.fields:
        record.fields = {**record.fields, **change.fields}
    if change.fields or change.logs:
        logs = {name: entries for name, entries in record.logs.items() if name not in change.fields}
        for name, entries in change.logs.items():
            logs[name] = [*logs.get(name, ()), *entries]
        record.logs = logs
    record.ref = record.ref if change.ref is None else change.ref
    record.system = record.system if change.system is None else change.system
    record.secret = record.secret if change.secret is None else change.secret
    if change.effects or change.effects_sent:
        effects = {**record.effects, **change.effects}
        record.effects = {number: effect for number, effect in effects.items() if number not in change.effects_sent}


def _copy(record: Record) -> Record:
    return Record(
        record.meta,
        dict(record.fields),
        {name: list(entries) for name, entries in record.logs.items()},
        record.ref,
        record.system,
        dict(record.effects),
        record.secret,
    )


def _size(record: Record) -> int:
    """Bytes of a record, near enough for a bound."""
    total = _ENTRY_BYTES + len(record.meta) + len(record.system) + len(record.secret)
    total += sum(len(name) + len(base) for name, base in record.fields.items())
    total += sum(len(entry) + 40 for entries in record.logs.values() for entry in entries)
    return total + sum(len(effect) + 40 for effect in record.effects.values())
