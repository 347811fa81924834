"""What every event log can do, and the parts that are the same for all backends: encoding, group commit, subscriptions.

A backend implements the five underscored methods, synchronously. With `durability="process"` an append is committed at
once in the caller's thread (microseconds) and survives kill -9; with "power" it goes through a writer thread that
commits what has gathered as one transaction, waits for the disk, and survives a power cut. What `append` returned
stays.
"""

from __future__ import annotations

import abc
import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from livets.engine.encoding import pack, unpack
from livets.engine.errors import LogError
from livets.engine.events import Event, NewEvent
from livets.engine.log.group import GroupCommit
from livets.engine.log.record import decode, encode
from livets.engine.log.request import Request

Durability = Literal["process", "power"]
MAX_NAME_BYTES = 255


class Snapshot(msgspec.Struct, frozen=True):
    """A state that was worked out from all events up to `seq`; `version` is that of the code that worked it out."""

    seq: int
    version: int
    state: Any


class EventLog(abc.ABC):
    """Append-only streams. Sequence numbers count 1, 2, 3, ... in each stream, whoever writes.

    >>> from livets.engine.log import MemoryLog
    >>> async def main():
    ...     log = MemoryLog()
    ...     await log.append("s", [NewEvent("a", {}), NewEvent("b", {})], expected=0)
    ...     return [event.type for event in await log.read("s")]
    >>> asyncio.run(main())
    ['a', 'b']
    """

    poll_seconds = 0.2
    """How often a subscription looks for events of other processes."""

    runners: Path | None = None
    """A folder beside the log where its writers show that they live; None when no other process can see the log."""

    def __init__(self, durability: Durability = "process") -> None:
        self.durability = durability
        self._group = GroupCommit(self._commit) if durability == "power" else None
        self._news: dict[str, set[asyncio.Event]] = {}
        self._reading = threading.Lock()
        self._closed = False

    async def append(
        self, stream: str, events: Sequence[NewEvent | Event], expected: int | None = None, *, checked: bool = False
    ) -> int:
        """Add `events` to the end of `stream`, all or none, and return its new head.

        `expected` is the head the writer believes in (0: the stream is new); Conflict is raised when it is not. LogFull
        when there is no room, ValueFault when data is no value (`checked`: the caller knows that it is one). When this
        returns, the events are durable.
        """
        self._check_open()
        if not 0 < len(stream.encode()) <= MAX_NAME_BYTES:
            raise LogError(f"a stream's name has 1 to {MAX_NAME_BYTES} bytes, not {len(stream.encode())}")
        request = Request(stream, [encode(event, checked) for event in events], expected)
        if self._group is not None:
            await self._group.commit(request)
        else:
            self._commit([request])
        if isinstance(request.result, Exception):
            raise request.result
        if stream in self._news:
            for flag in self._news[stream]:
                flag.set()
        return request.result

    async def head(self, stream: str) -> int:
        """Return the seq of the last event, 0 when there is none."""
        self._check_open()
        return await asyncio.to_thread(self._locked, self._head, stream)

    async def heads_of(self, streams: Sequence[str]) -> dict[str, int]:
        """Return the seq of the last event of each of these streams, in one go."""
        self._check_open()
        return await asyncio.to_thread(self._locked, lambda: {name: self._head(name) for name in streams})

    async def read(self, stream: str, after: int = 0, limit: int | None = None) -> list[Event]:
        """Return the events with seq > `after`, oldest first, `limit` at most; of a fork also what came before it.

        Events from before a fork carry the stream that they were written to.
        """
        self._check_open()
        rows = await asyncio.to_thread(self._locked, self._read, stream, after, limit)
        return [decode(*row) for row in rows]

    async def streams(self, prefix: str = "") -> list[str]:
        """Return the names of the streams that begin with `prefix`, sorted."""
        self._check_open()
        return await asyncio.to_thread(self._locked, self._streams, prefix)

    async def heads(self, prefix: str = "") -> dict[str, int]:
        """Return the seq of the last event of each stream whose name begins with `prefix`."""
        self._check_open()
        return await asyncio.to_thread(self._locked, self._heads_of, prefix)

    async def ends(self, heads: Mapping[str, int]) -> list[tuple[Event, Event]]:
        """Return the first and the last event of each of these streams, given with its head; in one go."""
        self._check_open()
        rows = await asyncio.to_thread(self._locked, self._ends, heads)
        return [(decode(*first), decode(*last)) for first, last in rows]

    def _ends(self, heads: Mapping[str, int]) -> list[tuple[tuple[str, int, bytes], tuple[str, int, bytes]]]:
        found = []
        for stream, head in heads.items():
            first, last = self._read(stream, 0, 1), self._read(stream, head - 1, 1)
            if first and last:
                found.append(((stream, *first[0][1:]), (stream, *last[0][1:])))
        return found

    async def subscribe(self, stream: str, after: int = 0) -> AsyncIterator[list[Event]]:
        """Yield the events after `after` in batches, for ever: what is there, then what comes; each exactly once."""
        flag = asyncio.Event()
        self._news.setdefault(stream, set()).add(flag)
        try:
            while True:
                flag.clear()
                batch = await self.read(stream, after, 1000)
                if batch:
                    after = batch[-1].seq
                    yield batch
                else:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(flag.wait(), self.poll_seconds)
        finally:
            self._news[stream].discard(flag)
            if not self._news[stream]:
                del self._news[stream]

    async def fork(self, stream: str, at: int, child: str) -> None:
        """Begin `child` as a copy of `stream` up to and including `at`; costs the same however long the stream is.

        Raises LogError when `stream` has no event `at`, or `child` exists. A rewind is a fork from before.
        """
        self._check_open()
        if await self.head(child) or child in await self.streams(child):
            raise LogError(f"the stream {child!r} exists already: choose another name")
        if not 0 < at <= await self.head(stream):
            raise LogError(f"stream {stream!r} has no event {at}: it can be forked at 1 to {await self.head(stream)}")
        await asyncio.to_thread(self._locked, self._fork, stream, at, child)

    async def save_snapshot(self, stream: str, seq: int, state: Any, version: int = 1) -> None:
        """Keep `state` as what all events up to `seq` amount to, so that a reader need not start from 1."""
        self._check_open()
        if not 0 < seq <= await self.head(stream):
            raise LogError(f"stream {stream!r} has no event {seq} to take a snapshot at")
        await asyncio.to_thread(self._locked, self._save_snapshot, stream, seq, version, pack(state))

    async def load_snapshot(self, stream: str, version: int = 1, upto: int | None = None) -> Snapshot | None:
        """Return the latest snapshot of that `version` at or before `upto`; those of other versions are ignored."""
        self._check_open()
        found = await asyncio.to_thread(self._locked, self._load_snapshot, stream, version, upto)
        return Snapshot(found[0], version, unpack(found[1])) if found is not None else None

    async def close(self) -> None:
        """Commit what waits and let go of files; using the log afterwards raises LogError."""
        if not self._closed:
            self._closed = True
            if self._group is not None:
                await self._group.close()
            await asyncio.to_thread(self._locked, self._close)

    def _check_open(self) -> None:
        if self._closed:
            raise LogError("this log is closed")

    def _locked(self, function: Any, *args: Any) -> Any:
        with self._reading:
            return function(*args)

    def _heads_of(self, prefix: str) -> dict[str, int]:
        return {name: self._head(name) for name in self._streams(prefix)}

    @abc.abstractmethod
    def _commit(self, requests: list[Request]) -> None:
        """Write all requests as one transaction and set each one's result; raise when none was kept."""

    @abc.abstractmethod
    def _head(self, stream: str) -> int: ...

    @abc.abstractmethod
    def _read(self, stream: str, after: int, limit: int | None) -> list[tuple[str, int, bytes]]: ...

    @abc.abstractmethod
    def _streams(self, prefix: str) -> list[str]: ...

    @abc.abstractmethod
    def _fork(self, stream: str, at: int, child: str) -> None: ...

    @abc.abstractmethod
    def _save_snapshot(self, stream: str, seq: int, version: int, state: bytes) -> None: ...

    @abc.abstractmethod
    def _load_snapshot(self, stream: str, version: int, upto: int | None) -> tuple[int, bytes] | None: ...

    @abc.abstractmethod
    def _close(self) -> None: ...
