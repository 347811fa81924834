"""Runs the nodes of a plan: each as soon as what it needs is done, never more than allowed, in O(nodes + edges).

Worker tasks take ready nodes from queues and run them one after the other in the same task, so that a node which
does not wait costs no task switch. The driver says what a node does, whether a failure is tried again, and what must be
durable before successors start (`commit`). Every node ends done, failed, skipped or cancelled, exactly once.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any

from livets.engine.errors import NodeError
from livets.engine.graph import Plan
from livets.engine.limits import Limiter, Slots, take_all
from livets.engine.node import Suspend

PENDING, READY, RUNNING, WAITING, DONE, FAILED, SKIPPED, CANCELLED = range(8)
STATES = ("pending", "ready", "running", "waiting", "completed", "failed", "skipped", "cancelled")

Live = Collection[int] | None
"""The numbers of the output ports that fired; None means all."""

TURN_SECONDS = 0.005
"""A worker lets the rest of the program run after so long."""
NORMAL = 3


class Driver:
    """What a scheduler asks and tells; engines subclass it. None of these may raise, except `run`."""

    def run(self, node: int, attempt: int) -> Any:
        """Do the node's work (awaitable) and return the ports that fired, or Suspend."""
        raise NotImplementedError

    def retry_seconds(self, node: int, attempt: int, error: BaseException) -> float | None:
        """Return the wait before the next attempt, or None when there is none."""
        return None

    def failed(self, node: int, attempt: int, error: BaseException) -> Live | bool:
        """The node has failed for good: return True to stop everything, or the ports that fire all the same."""
        return True

    def skipped(self, node: int) -> None:
        """The node will not run: what it needs never came."""

    def cancelled(self, node: int) -> None:
        """The node was running and has been cancelled."""

    def suspended(self, node: int, how: Suspend) -> None:
        """The node waits durably; the driver later calls `Scheduler.resume`, or the time in `how` comes."""

    def wanted(self, node: int) -> bool:
        """Asked for nodes in `choosy` when all their edges are settled: shall it run?"""
        return True


class Options:
    """Sparse per-node settings of a scheduler; what is not set costs nothing."""

    __slots__ = ("choosy", "containers", "limiters", "optional_edges", "priorities", "timeouts")

    def __init__(self) -> None:
        self.timeouts: dict[int, float] = {}
        """Seconds per attempt."""
        self.limiters: dict[int, tuple[Limiter, ...] | Callable[[], tuple[Limiter, ...]]] = {}
        """What a node needs places in; a function is asked when the node is ready (limits by a value)."""
        self.priorities: dict[int, int] = {}
        """1 (first) to 5 (last); 3 where nothing is said."""
        self.containers: set[int] = set()
        """Nodes that run others and take no slot of their own."""
        self.choosy: set[int] = set()
        """Nodes for which the driver's `wanted` decides."""
        self.optional_edges: set[int] = set()
        """Edges whose silence does not keep the target from running."""


class Scheduler:
    """One run of a plan by a driver. `done` are nodes that need no run any more, with the ports that fired."""

    def __init__(
        self,
        plan: Plan,
        driver: Driver,
        slots: Slots,
        options: Options | None = None,
        done: Mapping[int, Live] | None = None,
        commit: Callable[[], Any] | None = None,
        grace_seconds: float = 10.0,
    ) -> None:
        self.plan = plan
        self.states = bytearray(plan.size)
        self.stopped: str | None = None
        self._driver, self._slots, self._options = driver, slots, options or Options()
        self._commit, self._grace_seconds = commit, grace_seconds
        self._before = done or {}
        self._pending = plan.in_degrees()
        self._live = bytearray(plan.size)
        self._doomed = bytearray(plan.size)
        self._queues: tuple[deque[int], ...] = tuple(deque() for _ in range(5))
        self._normal = self._queues[NORMAL - 1]
        self._only_normal = not self._options.priorities
        self._attempts: dict[int, int] = {}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._asked: set[Limiter] = set()
        """Limiters that nodes of this run have waited for."""
        self._starting = False
        self._unreleased: list[tuple[int, Live]] = []
        self._flushing = self._flush_due = False
        self._left = plan.size
        self._broken: BaseException | None = None
        self._abandoned = False

    async def run(self) -> None:
        """Run to the end; afterwards `states` tells how each node ended, and `stopped` why if not all could run.

        Cancelling this call cancels what runs, and waits for it. Raises what `commit` raised.
        """
        self._loop = asyncio.get_running_loop()
        self._finished: asyncio.Future[None] = self._loop.create_future()
        self._seed()
        self._wake()
        self._check_finished()
        try:
            await asyncio.shield(self._finished)
        except asyncio.CancelledError:
            self.stop("cancelled")
            await asyncio.shield(self._finished)
            raise
        finally:
            self._slots.forget(self._wake)
        if self._workers and not self._abandoned:
            await asyncio.wait(self._workers)
        if self._broken is not None:
            raise self._broken

    def stop(self, why: str) -> None:
        """Start nothing more and cancel what runs, now; `run` returns when that has ended. The first reason stays."""
        if self.stopped is not None or self._finished.done():
            return
        self.stopped = why
        for queue in self._queues:
            for node in queue:
                self.states[node] = PENDING
            queue.clear()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for limiter in self._asked:
            if limiter.take():  # one of ours may have been called to a place that it will not take
                limiter.give_back(unused=True)
        for task in list(self._running.values()):
            task.cancel()
        if self._running:
            self._loop.call_later(self._grace_seconds, self._abandon)
        self._loop.call_soon(self._check_finished)

    def cancel_node(self, node: int) -> bool:
        """Cancel one running node: it fails with the kind "cancelled". Returns whether it was running."""
        task = self._running.get(node)
        return task is not None and task.cancel("node")

    def resume(self, node: int) -> bool:
        """Let a node that waits (durably, or for its next attempt) run now; returns whether it was waiting."""
        if self.states[node] != WAITING or self.stopped is not None:
            return False
        timer = self._timers.pop(node, None)
        if timer is not None:
            timer.cancel()
        self._make_ready(node)
        self._wake()
        return True

    # -- ready, or never

    def _seed(self) -> None:
        for node in self._before:
            self.states[node] = DONE
        self._left -= len(self._before)
        for node, live in self._before.items():
            self._release(node, live)
        starts = [n for n, count in enumerate(self.plan.in_degrees()) if not count]
        for node in starts:
            if self.states[node] == PENDING:
                self._make_ready(node)

    def _make_ready(self, node: int) -> None:
        self.states[node] = READY
        if self._only_normal:
            self._normal.append(node)
        else:
            self._queues[self._options.priorities.get(node, NORMAL) - 1].append(node)

    def _release(self, node: int, live: Live) -> None:
        """Tell the targets of `node`'s edges; those that never run are skipped, and theirs, without recursion."""
        plan, states, pending, lives = self.plan, self.states, self._pending, self._live
        targets, starts = plan.edge_target, plan.out_start
        plain = not self._options.choosy
        todo: list[tuple[int, Live]] = [(node, live)]
        while todo:
            node, live = todo.pop()
            for edge in range(starts[node], starts[node + 1]):
                target = targets[edge]
                pending[target] -= 1
                if live is None or plan.edge_source_port[edge] in live:
                    lives[target] = 1
                elif edge not in self._options.optional_edges:
                    self._doomed[target] = 1
                if pending[target] or states[target] != PENDING:
                    continue
                if self._doomed[target] or not lives[target] or not (plain or self._is_wanted(target)):
                    self._end(target, SKIPPED)
                    self._driver.skipped(target)
                    todo.append((target, ()))
                elif self.stopped is None:
                    self._make_ready(target)

    def _is_wanted(self, node: int) -> bool:
        return node not in self._options.choosy or self._driver.wanted(node)

    def _end(self, node: int, state: int) -> None:
        self.states[node] = state
        self._left -= 1

    def _check_finished(self) -> None:
        if self._finished.done() or self._unreleased or self._flushing:
            return
        if not self._left or (self.stopped is not None and not self._running):
            self._finished.set_result(None)

    # -- workers

    def _pop(self) -> int | None:
        if self._only_normal:
            return self._normal.popleft() if self._normal else None
        for queue in self._queues:
            if queue:
                return queue.popleft()
        return None

    def _wake(self) -> None:
        """Start one more worker if there is work and a slot for it; it wakes the next one itself."""
        if self._starting or self.stopped is not None or not any(self._queues):
            return
        if not self._slots.take():
            self._slots.wait(self._wake)
            return
        self._starting = True
        self._spawn(self._work())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._workers.add(task)
        task.add_done_callback(self._worker_ended)
        return task

    def _worker_ended(self, task: asyncio.Task[None]) -> None:
        self._workers.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:  # a driver that raised: better to stop than to hang
            self._broken = self._broken or error
            self.stop("internal error")

    async def _work(self) -> None:
        """Run ready nodes until there are none, holding one slot."""
        task = asyncio.current_task()
        assert task is not None
        self._starting = False
        turn = time.perf_counter()
        clock = time.perf_counter
        containers, limiters = self._options.containers, self._options.limiters
        try:
            while self.stopped is None:
                node = self._pop()
                if node is None:
                    if self._unreleased and not self._flushing:
                        await self._flush()
                        continue
                    return
                if not self._starting and (self._normal or not self._only_normal):
                    self._wake()
                if node in containers:
                    self._contain(node)
                elif limiters and node in limiters:
                    await self._limited(node, task, limiters[node])
                else:
                    await self._one(node, task)
                if clock() - turn > TURN_SECONDS:
                    if self._slots.contended:
                        return
                    await asyncio.sleep(0)
                    turn = clock()
        finally:
            self._slots.release()
            if self.stopped is None:
                self._wake()
            self._check_finished()

    def _contain(self, node: int) -> None:
        """Run a node that runs others in a task of its own, so that they can have the slot."""
        self.states[node] = RUNNING

        async def run() -> None:
            task = asyncio.current_task()
            assert task is not None
            await self._one(node, task)
            if self._unreleased and not self._flushing:
                await self._flush()
            self._wake()
            self._check_finished()

        def ended(task: asyncio.Task[None]) -> None:
            if self._running.get(node) is task:  # cancelled before its first step
                del self._running[node]
                self._cancelled(node)
                self._check_finished()

        task = self._running[node] = self._spawn(run())
        task.add_done_callback(ended)

    async def _limited(
        self,
        node: int,
        task: asyncio.Task[None],
        asked: tuple[Limiter, ...] | Callable[[], tuple[Limiter, ...]],
    ) -> None:
        """Run a node that needs places in pools or rates; when one has none, it waits without a worker."""
        limiters = asked() if callable(asked) else asked
        without = take_all(limiters)
        if without is not None:
            self.states[node] = WAITING
            self._asked.add(without)
            without.wait(lambda: self._retry_limited(node, without), self._options.priorities.get(node, NORMAL))
            return
        try:
            await self._one(node, task)
        finally:
            for limiter in limiters:
                limiter.give_back(unused=False)

    def _retry_limited(self, node: int, limiter: Limiter) -> None:
        if not self.resume(node):  # stopped meanwhile: the place is for the next one who waits
            limiter.give_back(unused=True) if limiter.take() else None

    async def _one(self, node: int, task: asyncio.Task[None]) -> None:
        """One attempt of one node, with all that can come of it."""
        attempt = self._attempts.get(node, 1) if self._attempts else 1
        self.states[node] = RUNNING
        self._running[node] = task
        try:
            try:
                timeout = self._options.timeouts.get(node) if self._options.timeouts else None
                if timeout is None:
                    live = await self._driver.run(node, attempt)
                else:
                    live = await self._within(node, attempt, timeout)
            finally:
                self._running.pop(node, None)
        except asyncio.CancelledError:
            asked = task.cancelling() > 0
            while task.cancelling():
                task.uncancel()
            if self.stopped is not None:
                self._cancelled(node)
            else:
                said = "it was cancelled" if asked else "it was cancelled from inside"
                self._failure(node, attempt, NodeError(said, "cancelled", retryable=False))
            return
        except (Exception, SystemExit) as error:
            self._failure(node, attempt, error)
            return
        if self.states[node] != RUNNING:  # given up after the grace time
            return
        if type(live) is Suspend:
            self._suspend(node, live)
        else:
            self._end(node, DONE)
            self._settle(node, live)

    async def _within(self, node: int, attempt: int, seconds: float) -> Any:
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await self._driver.run(node, attempt)
        except TimeoutError as error:
            if limit.expired():
                raise NodeError(f"it took longer than {seconds:g} s", "timeout") from error
            raise

    def _settle(self, node: int, live: Live) -> None:
        """Tell successors: at once, or when the result is durable."""
        if self._commit is None:
            self._release(node, live)
            return
        self._unreleased.append((node, live))
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush_soon)

    def _flush_soon(self) -> None:
        """Runs when a worker has let go of the loop: what is done by then shares one commit."""
        self._flush_due = False
        if self._unreleased and not self._flushing:
            self._spawn(self._flush())

    async def _flush(self) -> None:
        assert self._commit is not None
        self._flushing = True
        try:
            while self._unreleased:
                batch, self._unreleased = self._unreleased, []
                await self._commit()
                for node, live in batch:
                    self._release(node, live)
        except Exception as error:  # no journal, no run: nothing may start that is not recorded
            self._broken = error
            self._unreleased = []
            self._flushing = False
            self.stop("the journal failed")
        finally:
            self._flushing = False
        self._wake()
        self._check_finished()

    # -- other endings

    def _failure(self, node: int, attempt: int, error: BaseException) -> None:
        if self.states[node] != RUNNING:
            return
        wait = self._driver.retry_seconds(node, attempt, error) if self.stopped is None else None
        if wait is not None:
            self._attempts[node] = attempt + 1
            self.states[node] = WAITING
            self._timers[node] = self._loop.call_later(wait, self.resume, node)
            return
        live = self._driver.failed(node, attempt, error)
        self._end(node, FAILED)
        if live is True:
            self.stop("failed")
        else:
            self._settle(node, () if isinstance(live, bool) else live)

    def _suspend(self, node: int, how: Suspend) -> None:
        self.states[node] = WAITING
        if how.until is not None and self.stopped is None:
            wait = max(0.0, how.until - time.time())
            self._timers[node] = self._loop.call_later(wait, self.resume, node)
        self._driver.suspended(node, how)

    def _cancelled(self, node: int) -> None:
        if self.states[node] == RUNNING:
            self._end(node, CANCELLED)
            self._driver.cancelled(node)

    def _abandon(self) -> None:
        """The grace time is over: nodes that did not let themselves be cancelled are left behind."""
        if self._finished.done():
            return
        for node in list(self._running):
            self._cancelled(node)
        self._running.clear()
        self._abandoned = True
        self._check_finished()


def count_states(states: bytearray) -> dict[str, int]:
    """Return how many nodes are in each state, by name.

    >>> count_states(bytearray([DONE, DONE, FAILED]))
    {'completed': 2, 'failed': 1}
    """
    counts = array("i", (states.count(n) for n in range(len(STATES))))
    return {STATES[n]: count for n, count in enumerate(counts) if count}
