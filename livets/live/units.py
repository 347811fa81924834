"""Units of work: each event, message, tick and hook runs alone, and ends in a commit or as if it had never begun (D7).

It owns the mailbox and the unit at work. What a unit changed is `commit`'s business; who asks for work is `runner`'s.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from livets import telemetry
from livets.errors import EventRefused
from livets.live import calling, dispatch
from livets.live.acceptance import Acceptance, Skipped
from livets.live.beside import Beside, Over, Typed
from livets.live.calling import HandlerTimeout, call
from livets.live.commit import Commits, RenderFailed
from livets.live.failure import Failure, failed
from livets.live.mailbox import Mailbox
from livets.live.navigation import EVENT as PARAMS
from livets.live.pace import Pace
from livets.live.received import received
from livets.live.timers import advance
from livets.live.turn import Turn
from livets.live.unit import CURRENT, CurrentEvent, Unit, current
from livets.presence import PresenceChange
from livets.pubsub import Message
from livets.wire import Event, codes

if TYPE_CHECKING:
    from livets.live.view import LiveView

MAX_WAITING_MESSAGES: Final = 256
"""Broadcasts that may wait for a busy view; beyond that they are dropped and `resync()` is called."""


class Delivery(NamedTuple):
    """A message for a handler."""

    name: str
    message: Message


class People(NamedTuple):
    """Who is here has changed."""

    topic: str


class Tick(NamedTuple):
    """A timer is due."""

    timer: int


class Heal(NamedTuple):
    """A block has to be sent again."""

    address: list[Any]


class Flush(NamedTuple):
    """What could not be sent can be sent now."""


class Resync(NamedTuple):
    """Messages were missed."""


class Update(NamedTuple):
    """A task of the application asks for a commit."""

    done: asyncio.Future[None]

    def cancel(self) -> None:
        """The view has ended."""
        self.done.cancel()


_Work = Callable[[], Awaitable[Collection[str] | None]]


class Units:
    """The work of one view, one piece at a time."""

    __slots__ = (
        "_beside", "_commits", "_dev", "_pace", "_people", "_resync_due", "_view", "_view_id", "_waiters",
        "_waiting_messages", "acceptance", "mailbox", "open",
    )  # fmt: skip

    def __init__(self, view: LiveView, view_id: str, commits: Commits, *, dev: bool) -> None:
        self._view = view
        self._view_id = view_id
        self._commits = commits
        self._dev = dev
        self._resync_due = False
        self._waiters: list[tuple[int, asyncio.Future[None]]] | None = None
        self._waiting_messages = 0
        self._people: dict[str, tuple[str, PresenceChange]] | None = None
        """Changes that wait, one a topic: a busy view hears of many as of one."""
        self.mailbox = Mailbox(self._handle)
        self._pace = Pace(lambda: self.mailbox.put(Flush()))
        self.acceptance = Acceptance(view.__livets__.events, self.mailbox)
        self._beside: Beside | None = None
        commits.on_progress = lambda: self.wake(commits.last_ref)
        self.open: Unit | None = None
        """The unit at work."""

    # Asking for work

    def accept(self, event: Event) -> None:
        """An event of the browser, the next in its order."""
        at_once = self._view.__livets__.is_prompt and self._commits.has_room
        self.acceptance.accept(event, lambda: self._begin(event), at_once=at_once)

    def _begin(self, event: Event) -> None:
        if self._beside is None:
            self._beside = Beside(self._view, self._commits, self.mailbox, dev=self._dev)
        self._beside.start(event, Unit(self._view, event.ref, self._named(event), wire=event, beside=True))

    def cancel(self, name: str) -> None:
        """Stop the events of a handler, the one that asks excepted. May be called from a plain handler's thread."""
        asking = current(self._view)
        self.mailbox.threadsafe(lambda: self.acceptance.cancel(name, self._beside, asking))

    async def finish(self, grace_s: float, *, for_good: bool) -> None:
        """Take no more work. What runs may go on for `grace_s` seconds; parallel handlers not if it is `for_good`."""
        self._pace.stop()
        started_s = time.monotonic()
        if self._beside is not None:
            await self._beside.finish(0.0 if for_good else grace_s)
        await self.mailbox.finish(max(0.0, started_s + grace_s - time.monotonic()))

    def halt(self) -> None:
        """The view is somebody else's: take no more work and wait for nothing."""
        self._pace.stop()
        self.mailbox.halt()
        if self._beside is not None:
            self._beside.halt()

    def deliver(self, name: str, message: Message) -> None:
        """Queue a message; when too many wait it is dropped, and `resync()` makes up for it."""
        if self._waiting_messages < MAX_WAITING_MESSAGES:
            self._waiting_messages += 1
            self.mailbox.put(Delivery(name, message))
        elif not self._resync_due:
            self._resync_due = True
            self.mailbox.put(Resync())

    def present(self, handler: str, topic: str, change: PresenceChange) -> None:
        """Queue what has changed on a topic of presence."""
        if self._people is None:
            self._people = {}
        if topic in self._people:
            change = self._people[topic][1].then(change)
        else:
            self.mailbox.put(People(topic))
        self._people[topic] = handler, change

    async def reach(self) -> None:
        """Wait until everything queued before has been worked off and can be seen."""
        self._pace.release()
        await self.mailbox.reach()
        if self._pace.is_holding:
            self._pace.release()
            await self.mailbox.reach()

    async def settled(self, ref: int) -> None:
        """Wait until event `ref`, accepted or still to come, has been handled."""
        if ref > self._commits.last_ref:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters = [*(self._waiters or ()), (ref, waiter)]
            await waiter

    async def commit_point(self) -> None:
        """Inside a handler commit what it has done so far; outside, wait for a unit that does."""
        unit = current(self._view)
        if unit is not None and not unit.beside:
            await self._followed()
            await self._updated()
            self._commits.commit(unit.ref, partial=True)
        else:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.mailbox.put(Update(done))
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
        self.mailbox.put(turn)
        try:
            await turn.granted
            async with self._held(turn, outer):
                yield
        finally:
            turn.leave()

    @asynccontextmanager
    async def _held(self, turn: Turn, outer: Unit | None) -> AsyncIterator[None]:
        self._commit_strays()
        unit = self.open = Unit(self._view) if outer is None else Unit(self._view, outer.ref, outer.event)
        token = CURRENT.set(unit)
        deadline = asyncio.timeout(calling.HANDLER_TIMEOUT_S)
        try:
            async with deadline:
                yield
                await self._followed()
                await self._updated()
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
            unit.open, self.open = False, None
            CURRENT.reset(token)
            if self._commits.display.behind:
                self._guarded(self._commits.flush)

    def wake(self, ref: int | None) -> None:
        """Events up to `ref` have been handled; None: nobody need wait any longer."""
        if self._waiters:
            waiting, self._waiters = self._waiters, None
            for wanted, waiter in waiting:
                if ref is not None and wanted > ref:
                    self._waiters = [*(self._waiters or ()), (wanted, waiter)]
                elif not waiter.done():
                    waiter.set_result(None)

    # Doing it

    async def _handle(self, item: Any) -> None:
        CURRENT.set(None)  # this task may have been started by a handler
        if isinstance(item, Event):
            await self._on_event(item)
        elif isinstance(item, Delivery):
            await self._on_message(item.name, item.message)
        elif isinstance(item, Tick):
            await self._on_tick(item.timer)
        elif isinstance(item, People):
            await self._on_people(item.topic)
        elif isinstance(item, Resync):
            self._resync_due = False
            await self.hook("resync")
        elif isinstance(item, Heal):
            self._guarded(lambda: self._on_heal(item.address))
        elif isinstance(item, Flush):
            self._guarded(self._commits.flush)
        elif isinstance(item, Update):
            self._commit_strays()
            if not item.done.done():
                item.done.set_result(None)
        elif isinstance(item, Turn):
            await item.hold()
        elif isinstance(item, Typed):
            failure = await self._run("field update", lambda: self._type(item.fields), Unit(self._view), is_told=False)
            if not item.done.done():
                item.done.set_result(failure)
        elif isinstance(item, Over):
            await self._on_over(item)
        elif isinstance(item, Skipped):
            await self._skip(item.event)

    async def _on_event(self, event: Event) -> None:
        commits, view = self._commits, self._view
        unit = self.acceptance.running = Unit(view, event.ref, self._named(event), wire=event)
        if not commits.has_room:
            await commits.room()
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
            await self._run(self._what(event), work, unit)
        self.acceptance.running = None
        if unit.stopped:
            await self._skip(event)
        self.wake(commits.last_ref)

    async def _skip(self, event: Event) -> None:
        """The handler of this event is not run, or was cancelled; what was typed before it counts."""

        async def work() -> Collection[str]:
            typed = msgspec.structs.replace(event, handler="")
            fields = dispatch.prepare(self._view, typed, self._commits.display.rendering.template).fields
            return await self._type(fields)

        await self._run("field update", work, Unit(self._view, event.ref, self._named(event)), skipped=True)
        self.wake(self._commits.last_ref)

    async def _on_over(self, over: Over) -> None:
        """A parallel event has ended; what it changed was committed by its blocks."""
        self._commit_strays()
        ref = over.event.ref
        if over.stopped:
            await self._skip(msgspec.structs.replace(over.event, fields={}))  # those have had their turn
        else:
            self._commits.finish(ref, over.failure)
        self.wake(self._commits.last_ref)

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

    async def _on_message(self, name: str, message: Message) -> None:
        self._waiting_messages -= 1
        view, system = self._view, self._view._live.system
        subscription = system.notes.subscriptions.get(message.topic)
        if subscription is None:
            return
        if message.gap and (not message.data or view.__livets__.hooks["resync"] is not None):
            # What resync() loads contains what this message tells, if it tells anything.
            await self.hook("resync")
            return
        if not self._commits.topics.is_new(message):
            return

        async def work() -> None:
            system.note()
            subscription.passed(message.epoch, message.seq)
            convert = view.__livets__.message(type(view), name)
            args = [] if convert is None else [received(message, convert)]
            await call(getattr(view, name), args, dev=self._dev)

        await self._run(f"{name} (message on {message.topic!r})", work, Unit(view), from_server=True)

    async def _on_people(self, topic: str) -> None:
        name, change = (self._people or {}).pop(topic)
        if not change or self._view._live.system.notes.followed.get(topic) != name:
            return

        async def work() -> None:
            takes_it = self._view.__livets__.takes_argument(type(self._view), name)
            await call(getattr(self._view, name), [change] if takes_it else [], dev=self._dev)

        await self._run(f"{name} (presence on {topic!r})", work, Unit(self._view), from_server=True)

    async def _on_tick(self, number: int) -> None:
        system = self._view._live.system
        self._commits.timers.handled(number)
        timer = system.notes.timers.get(number)
        if timer is None:
            return

        async def work() -> None:
            system.note()
            if not advance(timer, time.time()):
                del system.notes.timers[number]
            await call(getattr(self._view, timer.handler), dev=self._dev)

        await self._run(f"{timer.handler} (timer)", work, Unit(self._view), from_server=True)

    def _on_heal(self, address: list[Any]) -> None:
        display = self._commits.display
        self._commits.flush()
        if display.ready and display.outbox is not None:
            try:
                diff = display.block(address)
            except LookupError:
                return  # gone meanwhile; the patch that removed it is on its way
            display.outbox.patch(diff, self._commits.last_ref)

    async def hook(self, name: str) -> None:
        """Run a hook as a unit of its own, if the view has it."""
        if self._view.__livets__.hooks[name] is None:
            return

        async def work() -> None:
            await call(getattr(self._view, name), dev=self._dev)

        await self._run(name, work, Unit(self._view))

    async def _run(
        self,
        what: str,
        work: _Work,
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
        self._commit_strays()
        self.open = unit
        token = CURRENT.set(unit)
        commits, ref = self._commits, unit.ref
        failure: Failure | None = None
        try:
            forced = await self._unless_stopped(work, unit) or ()
            if unit.stopped:
                self._view._live.roll_back(self._view)
                return None
            if self._view._live.location.due:
                await self._followed()
            if self._view.__livets__.hooks["updated"] is not None:
                await self._updated()
            commits.commit(ref, forced, skipped=skipped, shared=from_server, held=from_server and self._pace.holds())
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
            unit.open, self.open = False, None
            CURRENT.reset(token)
        if commits.display.behind and not self._pace.is_holding:
            # A page that joined in the middle of this unit may show what was taken back.
            self._guarded(commits.flush)
        return failure

    @staticmethod
    async def _unless_stopped(work: _Work, unit: Unit) -> Collection[str] | None:
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

    async def _followed(self) -> None:
        location = self._view._live.location
        if location.due:
            await location.follow(dev=self._dev)

    def _name(self, what: str) -> str:
        return f"{self._view.__livets__.name}.{what}"

    async def _updated(self) -> None:
        view = self._view
        if view.__livets__.hooks["updated"] is not None and view._live.tracker.changed(view):
            await call(view.updated, dev=self._dev)

    def _commit_strays(self) -> None:
        """What tasks of the application changed while no handler was at work is a commit of its own."""
        if not self._view._live.is_clean(self._view):
            self._guarded(self._commits.commit)

    def _guarded(self, action: Callable[[], None]) -> None:
        """Do something that may render, outside of any handler."""
        try:
            action()
        except Exception as error:
            failure = failed(
                codes.RENDER_FAILED, error.__cause__ or error, what=self._name("(showing changes)"), dev=self._dev
            )
            self._view._live.roll_back(self._view)
            self._commits.refuse(0, failure)
