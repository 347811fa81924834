"""Writes a view's commits to the store behind its back: group commit, retries, the durable watermark (D5, D6).

It owns the change that waits, the write in flight and the pace: event commits are written at once, system
changes at most once a second. It never encodes and never blocks a handler. Called by the runner; calls it
back when something is durable, when another worker has taken the view over, and for the whole record when the
store has lost it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from livets import telemetry
from livets.errors import Fenced, Gone
from livets.live.retry import pause_s
from livets.state import Change, Record, SnapshotStore, StoreUnavailable

SYSTEM_WRITE_INTERVAL_S = 1.0
"""Changes by broadcasts and timers wait up to this long for others to join them."""

_log = logging.getLogger("livets")


class Owner(Protocol):
    """Whose changes these are (`commit.Commits`)."""

    def written(self, change: Change, ref: int) -> None:
        """The store has this change, and with it what events up to `ref` did."""

    def fenced(self) -> None:
        """Another worker has the view."""

    async def whole(self) -> Record:
        """The whole record, for a store that has lost it."""


class Writer:
    """The way of one view to its store."""

    __slots__ = (
        "_change",
        "_owner",
        "_progress",
        "_ref",
        "_store",
        "_task",
        "_timer",
        "_urgent",
        "_view_id",
        "generation",
        "stopped",
    )  # fmt: skip

    def __init__(self, view_id: str, store: SnapshotStore, owner: Owner) -> None:
        self.generation = 0
        self._view_id = view_id
        self._store = store
        self._owner = owner
        self._change: Change | None = None
        self._urgent = False
        self._ref = 0
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._progress: asyncio.Future[None] | None = None
        self.stopped = False

    def submit(self, change: Change, ref: int, *, urgent: bool) -> None:
        """Queue a commit. `ref`: the last event whose end it contains. Changes of this turn go out together."""
        if self.stopped:
            return
        if self._change is None:
            self._change = change
        else:
            self._change.merge(change)
        self._ref = max(self._ref, ref)
        self._urgent = self._urgent or urgent
        if self._task is None:
            self._schedule()

    @property
    def is_idle(self) -> bool:
        """Whether everything submitted is in the store."""
        return self._change is None and self._task is None

    async def written(self) -> None:
        """Wait until everything submitted is in the store (at once if the view was taken over)."""
        while (self._change is not None or self._task is not None) and not self.stopped:
            self._start()
            assert self._task is not None
            await asyncio.wait([self._task])

    async def progress(self) -> None:
        """Wait for the next write to end, if one is under way."""
        if self._task is None or self.stopped:
            return
        if self._progress is None:
            self._progress = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._progress)

    def stop(self) -> None:
        """Write nothing more."""
        self.stopped = True
        self._change = None
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        self._wake()

    def _schedule(self) -> None:
        if self._urgent:
            self._start()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SYSTEM_WRITE_INTERVAL_S, self._start)

    def _start(self) -> None:
        self._urgent = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is None and self._change is not None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._change is not None and self._urgent and not self.stopped:
                if not await self._write():
                    return
                self._wake()
        finally:
            self._task = None
        if self._change is not None and not self.stopped:
            self._schedule()

    async def _write(self) -> bool:
        """One change into the store, however long it takes; False when the view is no longer ours."""
        change, self._change = self._change, None
        self._urgent = False
        assert change is not None
        attempt = 0
        is_gone = False
        while True:
            ref, generation = self._ref, self.generation
            telemetry.mark("snapshot.writing", self._view_id, ref)
            try:
                if is_gone:
                    ref = await self._recreate(change)
                else:
                    await self._store.write(self._view_id, generation, change)
            except Gone as error:
                _log.warning("%s; it is put back from the running view", error)
                is_gone = True
                continue
            except Fenced:
                if generation != self.generation:
                    continue  # fenced by ourselves: a resume has claimed the view while this was on its way
                self.stop()
                self._owner.fenced()
                return False
            except Exception as error:
                attempt += 1
                wait_s = pause_s(attempt)
                level = (
                    logging.DEBUG if isinstance(error, StoreUnavailable) else logging.WARNING
                )  # the store has said so
                _log.log(level, "snapshot of %s not written (%s); trying again in %.1f s", self._view_id, error, wait_s)
                await asyncio.sleep(wait_s)
                if self._change is not None:
                    change.merge(self._change)
                    self._change = None
                continue
            telemetry.mark("snapshot.written", self._view_id, ref)
            self._owner.written(change, ref)
            return True

    async def _recreate(self, change: Change) -> int:
        """The whole record once more; `change` and what waits are part of it. Returns the last event in it."""
        record = await self._owner.whole()
        if self._change is not None:
            change.merge(self._change)
            self._change = None
        unsent = {**record.effects, **change.effects}
        record.effects = {number: effect for number, effect in unsent.items() if number not in change.effects_sent}
        ref = self._ref
        await self._store.recreate(self._view_id, self.generation, record)
        return ref

    def _wake(self) -> None:
        if self._progress is not None and not self._progress.done():
            self._progress.set_result(None)
        self._progress = None
