"""Units of work: each event, message, tick and hook runs alone, and ends in a commit or as if it had never begun (D7).

It owns the mailbox and the unit at work. What a unit changed is `commit`'s business; who asks for work is `runner`'s.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from livets import telemetry
from livets.errors import EventRefused
from livets.live import dispatch
from livets.live.bond import CurrentEvent
from livets.live.calling import call
from livets.live.commit import Commits, RenderFailed
from livets.live.failure import report
from livets.live.mailbox import Mailbox
from livets.live.navigation import EVENT as PARAMS
from livets.live.timers import advance
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


class Unit:
    """A piece of work that holds the view. Tasks started by a handler know it by the context they inherit."""

    __slots__ = ("open", "owner", "ref")

    def __init__(self, owner: Units, ref: int) -> None:
        self.owner = owner
        self.ref = ref
        self.open = True


_Work = Callable[[], Awaitable[Collection[str] | None]]
_current: ContextVar[Unit | None] = ContextVar("livets_unit", default=None)


class Units:
    """The work of one view, one piece at a time."""

    __slots__ = (
        "_commits", "_dev", "_resync_due", "_view", "_view_id", "_waiters", "_waiting_messages", "mailbox", "open",
    )  # fmt: skip

    def __init__(self, view: LiveView, view_id: str, commits: Commits, *, dev: bool) -> None:
        self._view = view
        self._view_id = view_id
        self._commits = commits
        self._dev = dev
        self._resync_due = False
        self._waiters: list[tuple[int, asyncio.Future[None]]] | None = None
        self._waiting_messages = 0
        self.mailbox = Mailbox(self._handle)
        self.open: Unit | None = None
        """The unit at work."""

    # Asking for work

    def deliver(self, name: str, message: Message) -> None:
        """Queue a message; when too many wait it is dropped, and `resync()` makes up for it."""
        if self._waiting_messages < MAX_WAITING_MESSAGES:
            self._waiting_messages += 1
            self.mailbox.put(Delivery(name, message))
        elif not self._resync_due:
            self._resync_due = True
            self.mailbox.put(Resync())

    async def settled(self, ref: int) -> None:
        """Wait until event `ref`, accepted or still to come, has been handled."""
        if ref > self._commits.last_ref:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters = [*(self._waiters or ()), (ref, waiter)]
            await waiter

    async def commit_point(self) -> None:
        """Inside a handler commit what it has done so far; outside, wait for a unit that does."""
        unit = _current.get()
        if unit is not None and unit.open and unit.owner is self:
            await self._followed()
            await self._updated()
            self._commits.commit(unit.ref, partial=True)
        else:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.mailbox.put(Update(done))
            await done

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
        if isinstance(item, Event):
            await self._on_event(item)
        elif isinstance(item, Delivery):
            await self._on_message(item.name, item.message)
        elif isinstance(item, Tick):
            await self._on_tick(item.timer)
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

    async def _on_event(self, event: Event) -> None:
        commits, view = self._commits, self._view
        if not commits.has_room:
            await commits.room()
        telemetry.mark("event.dispatched", self._view_id, event.ref)
        view._live.event = CurrentEvent(f"{self._view_id}:{event.ref}", event.handler)

        async def work() -> Collection[str]:
            if event.handler == PARAMS:
                view._live.location.arrive(event.args)
                return ()
            template = commits.display.rendering.template
            fields, function, args, named, is_async = dispatch.prepare(view, event, template)
            for name, value in fields.items():
                setattr(view, name, value)
            if function is not None:
                await call(function, args, named, dev=self._dev, is_async=is_async)
            return dispatch.corrected(view, fields) if fields else ()

        await self._run(event.handler or "field update", work, event.ref)
        view._live.event = None
        self.wake(commits.last_ref)

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
        system.note()
        subscription.passed(message.epoch, message.seq)

        async def work() -> None:
            convert = view.__livets__.message(type(view), name)
            args = [] if convert is None else [convert(msgspec.msgpack.decode(message.data))]
            await call(getattr(view, name), args, dev=self._dev)

        await self._run(f"{name} (message on {message.topic!r})", work)

    async def _on_tick(self, number: int) -> None:
        system = self._view._live.system
        self._commits.timers.handled(number)
        timer = system.notes.timers.get(number)
        if timer is None:
            return
        system.note()
        if not advance(timer, time.time()):
            del system.notes.timers[number]

        async def work() -> None:
            await call(getattr(self._view, timer.handler), dev=self._dev)

        await self._run(f"{timer.handler} (timer)", work)

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

        await self._run(name, work)

    async def _run(self, what: str, work: _Work, ref: int = 0) -> None:
        """One unit: `work`, then commit; or, whatever goes wrong, as if it had never begun."""
        self._commit_strays()
        unit = self.open = Unit(self, ref)
        token = _current.set(unit)
        commits = self._commits
        try:
            forced = await work() or ()
            await self._followed()
            if self._view.__livets__.hooks["updated"] is not None:
                await self._updated()
            commits.commit(ref, forced)
        except EventRefused as error:
            commits.abandon(ref, error.code, str(error))
        except RenderFailed as error:
            after = f"rendering after {self._name(what)}"
            message = report(error.__cause__ or error, what=after, dev=self._dev)
            commits.abandon(ref, codes.RENDER_FAILED, message)
        except asyncio.CancelledError:
            self._view._live.roll_back(self._view)
            raise
        except Exception as error:
            commits.abandon(ref, codes.HANDLER_FAILED, report(error, what=self._name(what), dev=self._dev))
        finally:
            unit.open, self.open = False, None
            _current.reset(token)
        if commits.display.behind:
            # A page that joined in the middle of this unit may show what was taken back.
            self._guarded(commits.flush)

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
            report(error.__cause__ or error, what=f"{self._view.__livets__.name}: showing changes", dev=self._dev)
            self._view._live.roll_back(self._view)
