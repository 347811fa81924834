"""The list of runs, kept up to date by asking the journal for the heads of its streams: two reads for each change.

Owns what is known of each run in one line, newest first. Looks while somebody watches, and tells each watching view
that there is something new. Made by the studio, used by the view of all runs.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from typing import TYPE_CHECKING

import msgspec

from livets.engine.errors import EngineError
from livets.flow import FlowRuntime
from livets.flow.journal import status_after

if TYPE_CHECKING:
    from livets.live import LiveView

LOOK_S = 0.5
"""How often the journal is asked while somebody watches."""
_logger = logging.getLogger("livets.studio")


class RunLine(msgspec.Struct, frozen=True):
    """One run; times are Unix seconds. "interrupted": its process is gone, and it can be resumed."""

    run: str
    workflow: str
    status: str
    started: float
    last: float

    @property
    def seconds(self) -> float:
        """From its beginning to the last that was heard of it."""
        return self.last - self.started


class RunIndex:
    """All runs of the journal; `refresh` looks again, `newest` lists them."""

    def __init__(self, runtime: FlowRuntime) -> None:
        self._runtime = runtime
        self._heads: dict[str, int] = {}
        self._infos: dict[str, RunLine] = {}
        self._gone: set[str] = set()
        """Runs that have not ended, and whose process has."""
        self._watchers: weakref.WeakSet[LiveView] = weakref.WeakSet()
        self._busy: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    async def refresh(self) -> bool:
        """Read what is new; True when something was."""
        log = self._runtime.log
        assert log is not None
        async with self._lock:
            heads = await log.heads("flow/")
            changed = [stream for stream, head in heads.items() if self._heads.get(stream) != head]
            for stream in changed:
                first = await log.read(stream, limit=1)
                last = await log.read(stream, heads[stream] - 1, 1)
                self._heads[stream] = heads[stream]
                if first and last:  # its first and its last event tell all that is shown here
                    kind, run = last[0].type, stream.removeprefix("flow/")
                    line = RunLine(run, first[0].data["workflow"], status_after(kind), first[0].ts, last[0].ts)
                    self._infos[run] = line
            gone = await self._runtime.gone(one.run for one in self._infos.values() if one.status == "running")
            changed += gone ^ self._gone
            self._gone = gone
            return bool(changed)

    def newest(self, workflow: str = "", status: str = "") -> list[RunLine]:
        """Return the runs of that workflow and in that state (empty: all), the latest first."""
        found = [
            one
            for one in (self._standing(one) for one in self._infos.values())
            if (not workflow or one.workflow == workflow) and (not status or one.status == status)
        ]
        return sorted(found, key=lambda one: (-one.started, one.run))

    def _standing(self, one: RunLine) -> RunLine:
        return msgspec.structs.replace(one, status="interrupted") if one.run in self._gone else one

    def workflows(self) -> list[str]:
        """Return the names of all workflows that have run."""
        return sorted({one.workflow for one in self._infos.values()})

    def watch(self, view: LiveView) -> None:
        """Call `view.follow()` in a commit of the view when something is new, until it is gone."""
        self._watchers.add(view)
        if self._looking is None or self._looking.done():
            self._looking = self._spawn(self._look())

    async def close(self) -> None:
        """Look no more."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        while self._watchers:
            await asyncio.sleep(LOOK_S)
            try:
                if not await self.refresh():
                    continue
            except EngineError as error:
                _logger.warning("the journal could not be read: %s", error)
                continue
            for view in list(self._watchers):
                if id(view) not in self._busy:
                    self._busy.add(id(view))
                    self._spawn(self._tell(view))

    async def _tell(self, view: LiveView) -> None:
        try:
            async with view.commit():
                await view.follow()  # type: ignore[attr-defined]
        except asyncio.CancelledError:
            self._watchers.discard(view)
        except Exception:
            _logger.exception("a list of runs could not be brought up to date")
        finally:
            self._busy.discard(id(view))

    def _spawn(self, work: object) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
