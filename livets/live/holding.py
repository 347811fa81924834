"""Commits that the application asks for: `LiveView.update()` and blocks of `LiveView.commit()` (D7).

It owns how such code comes by the view: a handler that holds it commits in its middle, everybody else waits for a turn
in the mailbox. Called by the runner for the view.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from livets.live import calling
from livets.live.calling import HandlerTimeout
from livets.live.commit import Commits
from livets.live.mailbox import Mailbox
from livets.live.transaction import Transactions
from livets.live.turn import Turn
from livets.live.unit import CURRENT, Unit, current
from livets.live.work import Update

if TYPE_CHECKING:
    from livets.live.view import LiveView


class Holding:
    """Commit points and `commit()` blocks of one view."""

    __slots__ = ("_commits", "_mailbox", "_transactions", "_view")

    def __init__(self, view: LiveView, commits: Commits, mailbox: Mailbox, transactions: Transactions) -> None:
        self._view = view
        self._commits = commits
        self._mailbox = mailbox
        self._transactions = transactions

    async def commit_point(self) -> None:
        """Inside a handler commit what it has done so far; outside, wait for a unit that does."""
        unit = current(self._view)
        if unit is not None and not unit.beside:
            await self._transactions.follow_up()
            self._commits.commit(unit.ref, partial=True)
        else:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._mailbox.put(Update(done))
            await done

    @asynccontextmanager
    async def block(self) -> AsyncIterator[None]:
        """`LiveView.commit()`: hold the view until the end of the block, then commit."""
        outer = current(self._view)
        if outer is not None and not outer.beside:
            await self.commit_point()
            try:
                yield
                await self.commit_point()
            except BaseException:
                self._view._live.roll_back(self._view)
                raise
            return
        turn = Turn()
        self._mailbox.put(turn)
        try:
            await turn.granted
            async with self._held(turn, outer):
                yield
        finally:
            turn.leave()

    @asynccontextmanager
    async def _held(self, turn: Turn, outer: Unit | None) -> AsyncIterator[None]:
        transactions = self._transactions
        transactions.commit_strays()
        unit = transactions.open = Unit(self._view) if outer is None else Unit(self._view, outer.ref, outer.event)
        token = CURRENT.set(unit)
        deadline = asyncio.timeout(calling.HANDLER_TIMEOUT_S)
        try:
            async with deadline:
                yield
                await transactions.follow_up()
            if turn.is_lost:
                raise asyncio.CancelledError
            self._commits.commit(unit.ref, partial=True)
        except TimeoutError as error:
            self._view._live.roll_back(self._view)
            if not deadline.expired():
                raise
            raise HandlerTimeout(
                f"a commit() block of {self._view.__livets__.name} was cancelled after {calling.HANDLER_TIMEOUT_S:g} "
                f"seconds and taken back: it holds the view, so do what takes long before it"
            ) from error
        except BaseException:
            self._view._live.roll_back(self._view)
            raise
        finally:
            unit.close()
            transactions.open = None
            CURRENT.reset(token)
            if self._commits.display.behind:
                transactions.guarded(self._commits.flush)
