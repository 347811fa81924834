"""Follows one run in the journal, whoever runs it, for all views that look at it: at most `PULSES_PER_S` updates each.

Owns the tailing, the coalescing and the scenes that views share; a view that is slow gets one larger update later and
holds up nobody. Ends by itself when nobody has looked for a while. Made by `Feeds`, used by the run view.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import weakref
from typing import TYPE_CHECKING, Protocol

from livets.engine.errors import EngineError
from livets.flow import FlowRuntime
from livets.flow.model import Workflow
from livets.studio.history import History
from livets.studio.picture import Group, groups_of
from livets.studio.scene import Scene

if TYPE_CHECKING:
    from livets.live import LiveView

PULSES_PER_S = 10.0
"""A change shows at once, the next one this much later: so people see what happens, and browsers can follow."""
IDLE_S = 30.0
"""A run that nobody has looked at for so long is not followed any more."""
_BATCH = 1_000
_logger = logging.getLogger("livets.studio")


class Follower(Protocol):
    """A view that follows a run."""

    async def follow(self, paths: set[str]) -> None:
        """The nodes at `paths`, or the run itself, have changed."""


class _Pending:
    """What a view has still to be told."""

    __slots__ = ("is_busy", "is_due", "paths")

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.is_due = self.is_busy = False


class Feed:
    """One run: its `history`, its `workflow`, and who looks at it."""

    def __init__(self, runtime: FlowRuntime, run: str) -> None:
        self.run = run
        self.history = History()
        self.workflow = Workflow(id="")
        self.groups: dict[str, Group] = {}
        self.looked_at = time.monotonic()
        self._runtime = runtime
        self._watchers: weakref.WeakKeyDictionary[LiveView, _Pending] = weakref.WeakKeyDictionary()
        self._scenes: weakref.WeakValueDictionary[tuple[bool, frozenset[str]], Scene] = weakref.WeakValueDictionary()
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Read what is there and go on reading; raises EngineError when there is no such run."""
        assert self._runtime.log is not None
        while batch := await self._runtime.log.read(f"flow/{self.run}", self.history.seq, _BATCH):
            for event in batch:
                self.history.step(event)
        if not self.history.created:
            raise EngineError(f"there is no run {self.run!r} in this journal")
        self.workflow = await self._runtime.definition(self.history.created["version"])
        self.groups = {id: one for id, one in groups_of(self.workflow).items() if len(one.members) > 1}
        self.history.drain()
        self._spawn(self._follow())
        self._spawn(self._pulse())

    async def stop(self) -> None:
        """Follow no more."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def watch(self, view: LiveView) -> None:
        """Call `view.follow(paths)` in a commit of the view whenever something has changed, until the view is gone."""
        self._watchers.setdefault(view, _Pending())

    def leave(self, view: LiveView) -> None:
        """The view is gone."""
        self._watchers.pop(view, None)
        self.looked_at = time.monotonic()

    @property
    def watchers(self) -> int:
        """How many views look at the run."""
        return len(self._watchers)

    @property
    def idle_for_s(self) -> float:
        """Seconds since somebody looked last."""
        if self._watchers:
            self.looked_at = time.monotonic()
        return time.monotonic() - self.looked_at

    def scene(self, *, grouped: bool, opened: frozenset[str]) -> Scene:
        """Return the picture of the run for those who look at it in this way."""
        found = self._scenes.get((grouped, opened))
        if found is None:
            found = Scene(self.workflow, self.history, grouped=grouped, opened=opened)
            self._scenes[grouped, opened] = found
        return found

    async def _follow(self) -> None:
        assert self._runtime.log is not None
        batches = self._runtime.log.subscribe(f"flow/{self.run}", self.history.seq)
        async with contextlib.aclosing(batches):  # type: ignore[type-var]
            async for batch in batches:
                for event in batch:
                    self.history.step(event)
                self._news.set()

    async def _pulse(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            changed = self.history.drain()
            for scene in list(self._scenes.values()):
                scene.absorb(changed)
            for view, pending in list(self._watchers.items()):
                pending.paths |= changed
                pending.is_due = True
                if not pending.is_busy:
                    pending.is_busy = True
                    self._spawn(self._tell(view, pending))
            await asyncio.sleep(1 / PULSES_PER_S)

    async def _tell(self, view: LiveView, pending: _Pending) -> None:
        """Wait for the view's turn, then tell it all that has come until then."""
        try:
            while pending.is_due:
                async with view.commit():
                    paths, pending.paths, pending.is_due = pending.paths, set(), False
                    await view.follow(paths)  # type: ignore[attr-defined]
        except asyncio.CancelledError:
            self._watchers.pop(view, None)  # the view is gone, or the feed ends
        except Exception:
            _logger.exception("the view of run %s could not follow it", self.run)
        finally:
            pending.is_busy = False

    def _spawn(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _logger.error("following run %s has ended: %s", self.run, task.exception(), exc_info=task.exception())


class Feeds:
    """The runs that somebody looks at."""

    idle_s = IDLE_S

    def __init__(self, runtime: FlowRuntime) -> None:
        self._runtime = runtime
        self._feeds: dict[str, Feed] = {}
        self._lock = asyncio.Lock()
        self._sweeping: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._feeds)

    async def open(self, run: str) -> Feed:
        """Return the feed of a run; raises EngineError when there is no such run."""
        async with self._lock:
            if self._sweeping is None or self._sweeping.done():
                self._sweeping = asyncio.get_running_loop().create_task(self._sweep())
            feed = self._feeds.get(run)
            if feed is None:
                feed = Feed(self._runtime, run)
                await feed.start()
                self._feeds[run] = feed
            feed.looked_at = time.monotonic()
            return feed

    async def close(self) -> None:
        """Follow nothing any more."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
        async with self._lock:
            await self._close(list(self._feeds))

    async def _sweep(self) -> None:
        """End what nobody looks at, until nothing is left."""
        while True:
            await asyncio.sleep(self.idle_s / 4)
            async with self._lock:
                await self._close([run for run, feed in self._feeds.items() if feed.idle_for_s > self.idle_s])
                if not self._feeds:
                    return

    async def _close(self, runs: list[str]) -> None:
        for run in runs:
            await self._feeds.pop(run).stop()
