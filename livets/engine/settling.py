"""Holds back what nodes gave until it is durable: nothing starts that needs a result which a kill could undo.

What is done within one turn of the loop shares one commit. Owned by one Scheduler, which makes one only when its run
is journaled; runs no node.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from livets.engine.driver import Live
from livets.engine.frontier import Frontier


class Settling:
    """Nodes that are done, but not yet for their successors. `commit` makes durable what was recorded so far.

    `spawn` runs a commit in a task of the scheduler's, `settled` is called after each that succeeded, `broken` with
    what one raised.
    """

    def __init__(
        self,
        frontier: Frontier,
        commit: Callable[[], Any],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        settled: Callable[[], None],
        broken: Callable[[BaseException], None],
    ) -> None:
        self._frontier, self._commit, self._spawn = frontier, commit, spawn
        self._settled, self._broken = settled, broken
        self._loop = asyncio.get_running_loop()
        self._held: list[tuple[int, Live]] = []
        self._committing = self._due = False

    @property
    def idle(self) -> bool:
        """True when nothing is held back."""
        return not self._held and not self._committing

    @property
    def wanted(self) -> bool:
        """True when something is held back that no commit is under way for."""
        return bool(self._held) and not self._committing

    def add(self, node: int, live: Live) -> None:
        """`node` is done: its successors hear of it when that is durable."""
        self._held.append((node, live))
        if not self._due:
            self._due = True
            self._loop.call_soon(self._soon)

    def _soon(self) -> None:
        """Runs when a worker has let go of the loop: what is done by then shares one commit."""
        self._due = False
        if self.wanted:
            self._spawn(self.flush())

    async def flush(self) -> None:
        """Commit and release until nothing is held back."""
        self._committing = True
        try:
            while self._held:
                batch, self._held = self._held, []
                await self._commit()
                for node, live in batch:
                    self._frontier.release(node, live)
        except Exception as error:  # no journal, no run: nothing may start that is not recorded
            self._held = []
            self._committing = False
            self._broken(error)
        finally:
            self._committing = False
        self._settled()
