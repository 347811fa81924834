"""A unit of work runs whole or not at all: it ends in a commit, or as if it had never begun (D7).

It owns the unit that is open and what becomes of errors. What there is to run is `units`' and `news`' business, what a
commit does `commit`'s, when it may be shown `pace`'s. It never works the mailbox off: its callers have the view to
themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING

from livets.errors import EventRefused
from livets.live.calling import call
from livets.live.commit import Commits, RenderFailed
from livets.live.failure import Failure, failed
from livets.live.mailbox import Mailbox
from livets.live.pace import Pace
from livets.live.unit import CURRENT, Unit
from livets.wire import codes

if TYPE_CHECKING:
    from livets.live.view import LiveView

Work = Callable[[], Awaitable[Collection[str] | None]]
"""What a unit does; its result names the fields to be shown again even if they did not change."""


class Transactions:
    """The units of work of one view, one at a time."""

    __slots__ = ("_commits", "_dev", "_mailbox", "_pace", "_view", "open")

    def __init__(self, view: LiveView, commits: Commits, mailbox: Mailbox, *, dev: bool) -> None:
        self._view = view
        self._commits = commits
        self._mailbox = mailbox
        self._pace: Pace | None = None
        self._dev = dev
        self.open: Unit | None = None
        """The unit at work."""

    @property
    def is_holding(self) -> bool:
        """Whether something that no browser waits for is still to be shown."""
        return self._pace is not None and self._pace.is_holding

    def release(self) -> None:
        """Show now what is held."""
        if self._pace is not None:
            self._pace.release()

    def stop(self) -> None:
        """Show nothing more that is held."""
        if self._pace is not None:
            self._pace.stop()

    def _holds(self) -> bool:
        """Whether a change of now, for which no browser waits, is shown later."""
        if self._pace is None:
            self._pace = Pace(self._mailbox)
        return self._pace.holds()

    async def run(
        self,
        what: str,
        work: Work,
        unit: Unit,
        *,
        skipped: bool = False,
        is_told: bool = True,
        from_server: bool = False,
    ) -> Failure | None:
        """One unit: `work`, then commit; or, whatever goes wrong, as if it had never begun, and what went wrong.

        `from_server`: no browser waits for it, so what it changes may be shown together with what follows.
        A unit that was stopped is taken back and has not ended: the caller ends its event.
        """
        self.commit_strays()
        self.open = unit
        token = CURRENT.set(unit)
        commits, ref = self._commits, unit.ref
        failure: Failure | None = None
        try:
            forced = await self._unless_stopped(work, unit) or ()
            if unit.stopped:
                self._view._live.roll_back(self._view)
                return None
            if self._view._live.location.due or self._view.__livets__.hooks["updated"] is not None:
                await self.follow_up()
            commits.commit(ref, forced, skipped=skipped, shared=from_server, held=from_server and self._holds())
        except EventRefused as error:
            failure = Failure(error.code, error.told(dev=self._dev))
        except RenderFailed as error:
            after = f"rendering after {self._name(what)}"
            cause = error.__cause__ or error
            failure = failed(codes.RENDER_FAILED, cause, what=after, dev=self._dev, event=unit.wire)
        except asyncio.CancelledError:
            self._view._live.roll_back(self._view)
            raise
        except Exception as error:
            failure = failed(codes.HANDLER_FAILED, error, what=self._name(what), dev=self._dev, event=unit.wire)
        finally:
            if failure is not None:
                commits.abandon(ref, failure, is_told=is_told)
            unit.close()
            self.open = None
            CURRENT.reset(token)
        if commits.display.behind and not self.is_holding:
            # A page that joined in the middle of this unit may show what was taken back.
            self.guarded(commits.flush)
        return failure

    async def hook(self, name: str) -> None:
        """Run a hook as a unit of its own, if the view has it."""
        if self._view.__livets__.hooks[name] is None:
            return

        async def work() -> None:
            await call(getattr(self._view, name), dev=self._dev)

        await self.run(name, work, Unit(self._view))

    async def follow_up(self) -> None:
        """What belongs to the same commit: `handle_params` for a new URL, then `updated()`."""
        view, location = self._view, self._view._live.location
        if location.due:
            await location.follow(dev=self._dev)
        if view.__livets__.hooks["updated"] is not None and view._live.tracker.changed(view):
            await call(view.updated, dev=self._dev)

    def commit_strays(self) -> None:
        """What tasks of the application changed while no handler was at work is a commit of its own."""
        if not self._view._live.is_clean(self._view):
            self.guarded(self._commits.commit)

    def guarded(self, action: Callable[[], None]) -> None:
        """Do something that may render, outside of any handler."""
        try:
            action()
        except Exception as error:
            failure = failed(
                codes.RENDER_FAILED, error.__cause__ or error, what=self._name("(showing changes)"), dev=self._dev
            )
            self._view._live.roll_back(self._view)
            self._commits.refuse(0, failure)

    @staticmethod
    async def _unless_stopped(work: Work, unit: Unit) -> Collection[str] | None:
        """The result of `work`; None if its handler was cancelled by `Unit.stop`, whatever it made of that."""
        try:
            return await work()
        except asyncio.CancelledError:
            if not unit.stopped:
                raise
        finally:
            if unit.stopped and (task := asyncio.current_task()) is not None and task.uncancel():
                raise asyncio.CancelledError  # the view is closed at the same time
        return None

    def _name(self, what: str) -> str:
        return f"{self._view.__livets__.name}.{what}"
