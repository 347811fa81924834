"""Runs the nodes of a plan: each as soon as what it needs is done, never more than allowed, in O(nodes + edges).

Worker tasks take ready nodes from the Frontier and run them one after the other in the same task, so that a node which
does not wait costs no task switch. The Driver says what a node does and whether a failure is tried again; `commit`
makes durable what it gave before successors start (Settling). Every node ends done, failed, skipped or cancelled, once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from livets.engine.driver import (
    CANCELLED,
    DONE,
    FAILED,
    NORMAL,
    RUNNING,
    WAITING,
    Driver,
    Live,
    Options,
)  # fmt: skip
from livets.engine.errors import Interrupted, NodeError
from livets.engine.foreign import is_from_outside
from livets.engine.frontier import Frontier
from livets.engine.graph import Plan
from livets.engine.limits import Limiter, Slots, take_all
from livets.engine.node import Suspend
from livets.engine.settling import Settling

TURN_SECONDS = 0.005
"""A worker lets the rest of the program run after so long."""


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
        self.stopped: str | None = None
        self._driver, self._slots, self._options = driver, slots, options or Options()
        self._commit, self._grace_seconds = commit, grace_seconds
        self._frontier = Frontier(plan, driver, self._options, done or {})
        self.states = self._frontier.states
        self._settling: Settling | None = None
        self._attempts: dict[int, int] = {}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._asked: set[Limiter] = set()
        """Limiters that nodes of this run have waited for."""
        self._starting = False
        self._broken: BaseException | None = None
        self._abandoned = False

    async def run(self) -> None:
        """Run to the end; afterwards `states` tells how each node ended, and `stopped` why if not all could run.

        Cancelling this call cancels what runs, and waits for it. Raises what `commit` raised, and Interrupted.
        """
        self._loop = asyncio.get_running_loop()
        self._finished: asyncio.Future[None] = self._loop.create_future()
        if self._commit is not None:
            self._settling = Settling(self._frontier, self._commit, self._spawn, self._settled, self._journal_broke)
        self._frontier.seed()
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
        self._frontier.freeze()
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
        self._frontier.make_ready(node)
        self._wake()
        return True

    def _check_finished(self) -> None:
        if self._finished.done() or (self._settling is not None and not self._settling.idle):
            return
        if not self._frontier.left or (self.stopped is not None and not self._running):
            self._finished.set_result(None)

    # -- workers

    def _wake(self) -> None:
        """Start one more worker if there is work and a slot for it; it wakes the next one itself."""
        if self._starting or self.stopped is not None or not self._frontier:
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
        frontier, settling = self._frontier, self._settling
        normal, ordered = frontier.normal, bool(self._options.priorities)
        special = self._options.special()
        drive, states, running, attempts = self._driver.run, self.states, self._running, self._attempts
        release = frontier.release
        try:
            while self.stopped is None:
                node = frontier.pop() if ordered else normal.popleft() if normal else frontier.call_up()
                if node is None:
                    if settling is not None and settling.wanted:
                        await settling.flush()
                        continue
                    return
                if (normal or ordered or frontier.crowd) and not self._starting:
                    self._wake()
                if special and node in special:
                    await self._special(node, task)
                else:  # `_one` written out: most nodes come this way, and a coroutine less is 5 % of what they cost
                    attempt = attempts.get(node, 1) if attempts else 1
                    states[node] = RUNNING
                    running[node] = task
                    try:
                        try:
                            live = await drive(node, attempt)
                        finally:
                            running.pop(node, None)
                    except BaseException as error:
                        self._raised(node, attempt, error, task)
                    else:
                        if settling is None and type(live) is not Suspend and states[node] == RUNNING:
                            states[node] = DONE
                            frontier.left -= 1
                            release(node, live)
                        else:
                            self._returned(node, live)
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

    async def _special(self, node: int, task: asyncio.Task[None]) -> None:
        """A node with a container's, a limiter's or a timeout's needs."""
        if node in self._options.containers:
            self._contain(node)
        elif node in self._options.limiters:
            await self._limited(node, task, self._options.limiters[node])
        else:
            await self._one(node, task)

    def _contain(self, node: int) -> None:
        """Run a node that runs others in a task of its own, so that they can have the slot."""
        self.states[node] = RUNNING

        async def run() -> None:
            task = asyncio.current_task()
            assert task is not None
            await self._one(node, task)
            if self._settling is not None and self._settling.wanted:
                await self._settling.flush()
            self._settled()

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
        except BaseException as error:
            self._raised(node, attempt, error, task)
        else:
            self._returned(node, live)

    def _raised(self, node: int, attempt: int, error: BaseException, task: asyncio.Task[None]) -> None:
        """The node has failed, or was cancelled: from outside, or from inside."""
        if isinstance(error, Interrupted):
            if self.stopped is None:
                self._broken = error
                self.stop("interrupted")
            self._cancelled(node)
            return
        if isinstance(error, GeneratorExit) and is_from_outside(error, task):
            self.stopped = self.stopped or "dropped"  # the loop is gone, and this coroutine is being closed
            raise error
        if not isinstance(error, asyncio.CancelledError):
            self._failure(node, attempt, error)
            return
        asked = task.cancelling() > 0
        while task.cancelling():
            task.uncancel()
        if self.stopped is not None:
            self._cancelled(node)
        else:
            said = "it was cancelled" if asked else "it was cancelled from inside"
            self._failure(node, attempt, NodeError(said, "cancelled", retryable=False))

    def _returned(self, node: int, live: Any) -> None:
        if self.states[node] != RUNNING:  # given up after the grace time
            return
        if type(live) is Suspend:
            self._suspend(node, live)
        else:
            self._frontier.end(node, DONE)
            if self._settling is None:
                self._frontier.release(node, live)
            else:
                self._settling.add(node, live)

    async def _within(self, node: int, attempt: int, seconds: float) -> Any:
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await self._driver.run(node, attempt)
        except TimeoutError as error:
            if limit.expired():
                raise NodeError(f"it took longer than {seconds:g} s", "timeout") from error
            raise

    def _settled(self) -> None:
        self._wake()
        self._check_finished()

    def _journal_broke(self, error: BaseException) -> None:
        self._broken = error
        self.stop("the journal failed")

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
        fired = self._driver.failed(node, attempt, error)
        self._frontier.end(node, FAILED)
        if fired is True:
            self.stop("failed")
            return
        live = () if isinstance(fired, bool) else fired
        if self._settling is None:
            self._frontier.release(node, live)
        else:
            self._settling.add(node, live)

    def _suspend(self, node: int, how: Suspend) -> None:
        self.states[node] = WAITING
        if how.until is not None and self.stopped is None:
            wait = max(0.0, how.until - time.time())
            self._timers[node] = self._loop.call_later(wait, self.resume, node)
        self._driver.suspended(node, how)

    def _cancelled(self, node: int) -> None:
        if self.states[node] == RUNNING:
            self._frontier.end(node, CANCELLED)
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
