"""The work of a view, one piece at a time: it gives each thing in the mailbox to who does it, and does the events.

It owns the mailbox and what becomes of an event of the browser. Messages and timers are done by `news`, commits that
the application asks for by `holding`, parallel handlers by `beside`; that a unit runs whole or not at all is
`transaction`'s business. Who asks for work is `runner`'s.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import msgspec

from livets import telemetry
from livets.live import dispatch
from livets.live.acceptance import Acceptance
from livets.live.beside import Beside
from livets.live.calling import call
from livets.live.commit import Commits
from livets.live.holding import Holding
from livets.live.mailbox import Mailbox
from livets.live.navigation import EVENT as PARAMS
from livets.live.news import News
from livets.live.transaction import Transactions
from livets.live.turn import Turn
from livets.live.unit import CURRENT, CurrentEvent, Unit, current
from livets.live.work import Delivery, Flush, Heal, Over, People, Resync, Skipped, Tick, Typed, Update, Woken
from livets.wire import Event

if TYPE_CHECKING:
    from livets.live.view import LiveView


class Units:
    """The work of one view, one piece at a time."""

    __slots__ = (
        "_beside", "_commits", "_dev", "_news", "_progress", "_view", "_view_id", "acceptance", "mailbox",
        "transactions",
    )  # fmt: skip

    def __init__(self, view: LiveView, view_id: str, commits: Commits, *, dev: bool) -> None:
        self._view = view
        self._view_id = view_id
        self._commits = commits
        self._dev = dev
        self.mailbox = Mailbox(self)
        self.acceptance = Acceptance(view.__livets__.events, self.mailbox)
        self._beside: Beside | None = None
        self.transactions = Transactions(view, commits, self.mailbox, dev=dev)
        self._news: News | None = None
        self._progress = commits.progress

    @property
    def open(self) -> Unit | None:
        """The unit at work."""
        return self.transactions.open

    @property
    def is_idle(self) -> bool:
        """Whether nothing is at work, nothing waits, and nobody waits for anything."""
        beside = self._beside
        is_busy = self.mailbox.busy or self.open is not None or (beside is not None and beside.running)
        return not (is_busy or self.transactions.is_holding or self._progress.is_awaited)

    def rest(self) -> None:
        """Forget what is made again when it is needed."""
        if self._beside is not None and not self._beside.running:
            self._beside = None
        if self._news is not None and self._news.is_idle:
            self._news = None

    @property
    def news(self) -> News:
        """What the view hears; made when there is news."""
        if self._news is None:
            self._news = News(self._view, self._commits, self.mailbox, self.transactions, dev=self._dev)
        return self._news

    @property
    def holding(self) -> Holding:
        """Commit points and `commit()` blocks; made when they are asked for."""
        return Holding(self._view, self._commits, self.mailbox, self.transactions)

    # Asking for work

    def accept(self, event: Event) -> None:
        """An event of the browser, the next in its order."""
        at_once = self._view.__livets__.is_prompt and self._progress.has_room
        self.acceptance.accept(event, self._begin, at_once=at_once)

    def cancel(self, name: str) -> None:
        """Stop the events of a handler, the one that asks excepted. May be called from a plain handler's thread."""
        asking = current(self._view)
        self.mailbox.threadsafe(lambda: self.acceptance.cancel(name, self._beside, asking))

    async def reach(self) -> None:
        """Wait until everything queued before has been worked off and can be seen."""
        self.transactions.release()
        await self.mailbox.reach()
        if self.transactions.is_holding:
            self.transactions.release()
            await self.mailbox.reach()

    async def finish(self, grace_s: float, *, for_good: bool) -> None:
        """Take no more work. What runs may go on for `grace_s` seconds; parallel handlers not if it is `for_good`."""
        self.transactions.stop()
        started_s = time.monotonic()
        if self._beside is not None:
            await self._beside.finish(0.0 if for_good else grace_s)
        await self.mailbox.finish(max(0.0, started_s + grace_s - time.monotonic()))

    def halt(self) -> None:
        """The view is somebody else's: take no more work and wait for nothing."""
        self.transactions.stop()
        self.mailbox.halt()
        if self._beside is not None:
            self._beside.halt()

    # Doing it

    async def handle(self, item: Any) -> None:
        """The turn of something from the mailbox."""
        CURRENT.set(None)  # this task may have been started by a handler
        if isinstance(item, Event):
            await self._on_event(item)
        elif isinstance(item, Delivery):
            await self.news.message(item.name, item.message)
        elif isinstance(item, Tick):
            await self.news.tick(item.timer)
        elif isinstance(item, People):
            await self.news.people(item.topic)
        elif isinstance(item, Resync):
            await self.news.resync()
        elif isinstance(item, Heal):
            self.transactions.guarded(lambda: self._on_heal(item.address))
        elif isinstance(item, Flush):
            self.transactions.guarded(self._commits.flush)
        elif isinstance(item, Update):
            self.transactions.commit_strays()
            if not item.done.done():
                item.done.set_result(None)
        elif isinstance(item, Turn):
            await item.hold()
        elif isinstance(item, Typed):
            await self._on_typed(item)
        elif isinstance(item, Over):
            await self._on_over(item)
        elif isinstance(item, Skipped):
            await self._skip(item.event)
        elif isinstance(item, Woken):
            await self.transactions.hook("resumed")
            self.transactions.guarded(item.shows)

    async def _on_event(self, event: Event) -> None:
        commits, view = self._commits, self._view
        unit = self.acceptance.running = Unit(view, event.ref, self._named(event), wire=event)
        if not self._progress.has_room:
            await self._progress.room()
        telemetry.mark("event.dispatched", self._view_id, event.ref)

        async def work() -> Collection[str]:
            if event.handler == PARAMS:
                view._live.location.arrive(event.args)
                return ()
            template = commits.display.rendering.template
            fields, function, args, named, is_async = dispatch.prepare(view, event, template)
            unit.has_begun = True
            unit.task = asyncio.current_task() if is_async else None
            for name, value in fields.items():
                setattr(view, name, value)
            if function is not None:
                try:
                    await call(function, args, named, dev=self._dev, is_async=is_async)
                finally:
                    unit.task = None
            return dispatch.corrected(view, fields) if fields else ()

        if not unit.stopped:
            await self.transactions.run(self._what(event), work, unit)
        self.acceptance.running = None
        if unit.stopped:
            await self._skip(event)
        self._progress.wake()

    async def _skip(self, event: Event) -> None:
        """The handler of this event is not run, or was cancelled; what was typed before it counts."""

        async def work() -> Collection[str]:
            typed = msgspec.structs.replace(event, handler="")
            fields = dispatch.prepare(self._view, typed, self._commits.display.rendering.template).fields
            return await self._type(fields)

        unit = Unit(self._view, event.ref, self._named(event))
        await self.transactions.run("field update", work, unit, skipped=True)
        self._progress.wake()

    def _begin(self, event: Event) -> None:
        """Begin a parallel event now."""
        if self._beside is None:
            self._beside = Beside(self._view, self._commits, self.mailbox, dev=self._dev)
        self._beside.start(event, Unit(self._view, event.ref, self._named(event), wire=event, beside=True))

    async def _on_typed(self, typed: Typed) -> None:
        unit = Unit(self._view)
        failure = await self.transactions.run("field update", lambda: self._type(typed.fields), unit, is_told=False)
        if not typed.done.done():
            typed.done.set_result(failure)

    async def _on_over(self, over: Over) -> None:
        """A parallel event has ended; what it changed was committed by its blocks."""
        self.transactions.commit_strays()
        ref = over.event.ref
        if over.stopped:
            await self._skip(msgspec.structs.replace(over.event, fields={}))  # those have had their turn
        else:
            self._commits.finish(ref, over.failure)
        self._progress.wake()

    def _on_heal(self, address: list[Any]) -> None:
        display = self._commits.display
        self._commits.flush()
        if display.ready and display.outbox is not None:
            try:
                diff = display.block(address)
            except LookupError:
                return  # gone meanwhile; the patch that removed it is on its way
            display.outbox.patch(diff, self._progress.last_ref)

    async def _type(self, fields: dict[str, Any]) -> Collection[str]:
        for name, value in fields.items():
            setattr(self._view, name, value)
        return dispatch.corrected(self._view, fields)

    def _what(self, event: Event) -> str:
        """For the log: a name that the class does not declare is anybody's text."""
        if not event.handler or event.handler in self._view.__livets__.events:
            return event.handler or "field update"
        return f"handle_event({event.handler[:80]!r})"

    def _named(self, event: Event) -> CurrentEvent:
        return CurrentEvent(f"{self._view_id}:{event.ref}", event.handler)
