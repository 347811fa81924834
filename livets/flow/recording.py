"""Numbers a run's events, hands them to the bus at once and to the journal in groups.

The journal is written ahead: what a node gave is recorded before anything that needs it starts (the scheduler asks
`commit` for that). Events that nobody waits for are written when the loop next comes round. A head that is not
where this run left it means that another process runs it too: then this one stops.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from livets.engine.errors import Conflict
from livets.engine.events import Bus, Event
from livets.engine.log import EventLog
from livets.flow.leasing import RunsElsewhere
from livets.flow.telemetry.observer import Observer

_now = time.time
STALE_S = 3.0
"""After so long without a look at the journal none starts before there was one: the process may have been stopped."""


class TakenOver(RunsElsewhere):
    """The journal of a run has gone on without this process, which has stopped what it did."""

    def __init__(self, stream: str) -> None:
        run = stream.removeprefix("flow/")
        super().__init__(
            f"the journal of run {run!r} has gone on without this process: another one runs it, or has recorded its "
            "end; what was under way here was stopped"
        )


class Recorder:
    """Events of the run `run`, from number `head` + 1 on; without a `log` they go to the bus only."""

    def __init__(
        self, run: str, bus: Bus, log: EventLog | None = None, head: int = 0, observer: Observer | None = None
    ) -> None:
        self.stream = f"flow/{run}"
        self.log = log
        self.seq = head
        self.committed = head
        """The number of the last event that is durable."""
        self.looked = time.perf_counter()
        """When the journal was last seen to be where this run left it."""
        self.heard = 0
        """The number of the last command to this run (livets.flow.control) that was heard."""
        self._bus, self._observer = bus, observer
        self._buffer: list[Event] = []
        self._lock = asyncio.Lock()
        self._due = False
        self._error: BaseException | None = None
        self._flushes: set[asyncio.Task[None]] = set()

    def emit(self, type: str, data: dict[str, Any]) -> None:
        """Record that something happened; `data` must be a value when there is a journal."""
        seq = self.seq = self.seq + 1
        event = Event(seq, self.stream, type, _now(), data)
        if self.log is not None:
            self._buffer.append(event)
            if not self._due:
                self._due = True
                asyncio.get_running_loop().call_soon(self._flush_soon)
        self._bus.emit(event)

    async def commit(self) -> None:
        """Return when all that was emitted so far is durable; raises what the journal raised, then and ever after."""
        if self.log is None:
            return
        async with self._lock:
            if self._error is not None:
                raise self._error
            if not self._buffer:
                return
            batch, self._buffer = self._buffer, []
            began = time.perf_counter()
            try:
                await self.log.append(self.stream, batch, expected=batch[0].seq - 1, checked=True)
            except Conflict as error:
                self._error = error if batch[0].seq == 1 else TakenOver(self.stream)
                raise self._error from error
            except BaseException as error:
                self._error = error
                raise
            self.committed, self.looked = batch[-1].seq, began
            if self._observer is not None:
                self._observer.committed(time.perf_counter() - began, len(batch))

    async def look(self) -> None:
        """Raise TakenOver when the journal has gone on without this process."""
        if self.log is None:
            return
        async with self._lock:
            if self._error is not None:
                raise self._error
            began = time.perf_counter()
            if await self.log.head(self.stream) != self.committed:
                self._error = TakenOver(self.stream)
                raise self._error
            self.looked = began

    def _flush_soon(self) -> None:
        self._due = False
        if self._buffer and self._error is None:
            task = asyncio.get_running_loop().create_task(self._flush())
            self._flushes.add(task)
            task.add_done_callback(self._flushes.discard)

    async def _flush(self) -> None:
        try:
            await self.commit()
        except Exception:  # kept in _error: the next commit raises it, where someone listens
            return
