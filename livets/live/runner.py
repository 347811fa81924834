"""ViewRunner: one running view, from mount or restore to close. The surface that transport and app work with.

It owns the mailbox and the units of work: what runs, in which order, and how each ends. What a unit changes is
`commit`'s business, what the browser shows is `display`'s. It never touches a socket.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from livets import telemetry
from livets.errors import EventRefused, ProtocolError
from livets.live import dispatch
from livets.live.bond import CurrentEvent
from livets.live.calling import call
from livets.live.commit import Commits, RenderFailed
from livets.live.display import Display, Drawn, Unchanged, compile_template
from livets.live.failure import report
from livets.live.mailbox import Mailbox
from livets.live.outbox import Outbox
from livets.live.snapshot import everything
from livets.live.system import System
from livets.live.timers import advance
from livets.live.view import LiveView
from livets.pubsub import Bus, Message
from livets.state import Change, Claim, Record, SnapshotStore
from livets.wire import Event, codes, limits

if TYPE_CHECKING:
    from livets.render import Rendering, Templates

MAX_WAITING_MESSAGES: Final = 256
"""Broadcasts that may wait for a busy view; beyond that they are dropped and `resync()` is called."""
CLOSE_GRACE_S: Final = 5.0
"""A handler that is at work when its view closes may go on for this long."""
SECRET_WAIT_S: Final = 2.0


class _Unit:
    """A piece of work that holds the view. Tasks started by a handler know it by the context they inherit."""

    __slots__ = ("open", "ref", "runner")

    def __init__(self, runner: ViewRunner, ref: int) -> None:
        self.runner = runner
        self.ref = ref
        self.open = True


class _Delivery(NamedTuple):
    name: str
    message: Message


class _Tick(NamedTuple):
    timer: int


class _Heal(NamedTuple):
    address: list[Any]


class _Flush(NamedTuple):
    pass


class _Resync(NamedTuple):
    pass


class _Update(NamedTuple):
    done: asyncio.Future[None]


_Work = Callable[[], Awaitable[Collection[str] | None]]
_unit: ContextVar[_Unit | None] = ContextVar("livets_unit", default=None)
_nothing: Mapping[str, Any] = {}


class ViewRunner:
    """A view that runs. Not for applications: `transport` makes one per page, `testing` one per test.

    Every method must be called on the event loop.
    """

    __slots__ = (
        "_accepted", "_commits", "_dev", "_gone", "_interrupted", "_mailbox", "_meta", "_open", "_resync_due",
        "_store", "_waiters", "_waiting_messages", "view", "view_id",
    )  # fmt: skip

    def __init__(
        self,
        view_class: type[LiveView],
        *,
        view_id: str,
        templates: Templates,
        store: SnapshotStore,
        bus: Bus,
        meta: bytes = b"",
        params: Mapping[str, Any] = _nothing,
        session: Mapping[str, Any] = _nothing,
        request: Any = None,
        dev: bool = False,
    ) -> None:
        self.view_id = view_id
        self.view = view_class()
        bond = self.view._live
        bond.runner, bond.params, bond.session, bond.request = self, params, session, request
        display = Display(self.view, compile_template(view_class, templates))
        self._commits = Commits(
            self.view, view_id, display, store, bus, dev=dev, on_fenced=self._lose, on_due=self._due
        )
        self._mailbox = Mailbox(self._handle)
        self._meta = meta
        self._store = store
        self._dev = dev
        self._accepted = 0
        self._interrupted = 0
        self._open: _Unit | None = None
        self._gone = False
        self._waiters: list[tuple[int, asyncio.Future[None]]] | None = None
        self._waiting_messages = 0
        self._resync_due = False

    # What transport may know

    @property
    def rendering(self) -> Rendering:
        """The last values sent."""
        return self._commits.display.rendering

    @property
    def last_ref(self) -> int:
        """The last event that has been handled (or refused)."""
        return self._commits.last_ref

    @property
    def durable_ref(self) -> int:
        """The last event that a crash of this process cannot undo."""
        return self._commits.durable_ref

    @property
    def generation(self) -> int:
        """The claim on the snapshot under which this runner writes."""
        return self._commits.writer.generation

    @generation.setter
    def generation(self, generation: int) -> None:
        self._commits.writer.generation = self._commits.effects.generation = generation

    # Beginning

    async def mount(self) -> str:
        """Run `mount()`, render, store the first snapshot; returns the HTML.

        Raises EventRefused("bad_arguments") for path parameters that do not fit, and what the view raises.
        """
        view, commits, declaration = self.view, self._commits, self.view.__livets__
        try:
            if declaration.mount is not None:
                named = declaration.mount.bind_names(view._live.params)
                await call(view.mount, (), named, dev=self._dev)
            if self._dev:
                commits.check()
            html = commits.display.html()
            view._live.tracker.done(view)
            record = Record(self._meta)
            if self._store.durable:
                record.fields, record.system = everything(view), view._live.system.encode()
            commits.topics.follow(view._live.system.notes.subscriptions)
            self.generation = await self._store.create(self.view_id, record)
        except BaseException:
            commits.topics.close()
            raise
        view._live.system.done()
        effects = commits.effects.number(view._live.effects, 0)
        view._live.effects.clear()
        if effects and self._store.durable:
            commits.writer.submit(Change(effects=effects), 0, urgent=True)
        else:
            commits.effects.release(effects)
        return html

    @classmethod
    async def restore(cls, view_class: type[LiveView], *, claim: Claim, **surroundings: Any) -> ViewRunner:
        """A runner for the view of `claim.record`, which continues where its last commit ended.

        `surroundings`: as for the constructor; `meta` comes from the record. Calls `resumed()` and sends effects that
        may not have been sent. Raises FieldError when the snapshot does not fit the class.
        """
        record = claim.record
        assert record is not None, "a claim without a record means that the runner at hand is current: keep it"
        runner = cls(view_class, **{**surroundings, "meta": record.meta})
        commits, view = runner._commits, runner.view
        commits.snapshot.load(view, record)
        view._live.system = System(record.system)
        view._live.tracker.done(view)
        commits.last_ref = commits.durable_ref = runner._accepted = record.ref
        runner._interrupted = view._live.system.notes.interrupted
        runner.generation = claim.generation
        commits.topics.follow(view._live.system.notes.subscriptions)
        if runner._dev:
            commits.check()
        commits.effects.release(dict(record.effects))
        await runner._hook("resumed")
        return runner

    # The browser's side

    def attach(self, outbox: Outbox) -> None:
        """Patches flow from here on. At the first time timers and topics start; what topics missed is resynced."""
        commits, notes = self._commits, self.view._live.system.notes
        commits.display.outbox = outbox
        if not commits.topics.started:
            commits.timers.start(notes.timers)
            if commits.topics.start(notes.subscriptions):
                self._mailbox.put(_Resync())
        if self._interrupted:
            self._tell_interrupted(outbox)
        if commits.display.behind:
            self._mailbox.put(_Flush())

    def detach(self) -> None:
        """Nothing can be sent any more; events, messages and timers go on, and their result waits."""
        self._commits.display.outbox = None

    def accept(self, event: Event) -> None:
        """Queue an event; one that was accepted before is only acknowledged again.

        Raises ProtocolError when events before it are missing.
        """
        if event.ref <= self._accepted:
            if event.ref == self._interrupted and self._commits.display.outbox is not None:
                self._tell_interrupted(self._commits.display.outbox)
            if event.ref <= self.last_ref:
                self._commits.tell()
            return
        if event.ref != self._accepted + 1:
            raise ProtocolError(f"event {event.ref} came after event {self._accepted}: the ones between are missing")
        self._accepted = event.ref
        self._mailbox.put(event)

    def heal(self, address: list[Any]) -> None:
        """Send the block at `address` again, whole."""
        self._mailbox.put(_Heal(address))

    def flush(self) -> None:
        """The outbox is ready again: send what has changed meanwhile."""
        if self._commits.display.behind:
            self._mailbox.put(_Flush())

    def catch_up(self) -> Drawn | Unchanged:
        """What has changed since the last committed rendering. Call its `commit()` when it is sure to be sent.

        While a handler is at work this is nothing: its commit sends everything.
        """
        if self._open is not None:
            return Unchanged()
        drawn = self._commits.display.draw((), join=True)
        assert drawn is not None
        return drawn

    def fill(self, fingerprint: str) -> list[Any]:
        """The diff that brings a page with nodes of template `fingerprint` to the present state, whatever it shows."""
        drawn = self._commits.display.fill(fingerprint)
        drawn.mid_event = self._open is not None
        drawn.commit()
        return drawn.diff

    async def settle(self, ref: int | None = None) -> None:
        """Wait until events up to `ref` (or everything queued so far) have been handled."""
        if ref is None:
            await self._mailbox.reach()
        elif ref > self.last_ref and not self._gone:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters = [*(self._waiters or ()), (ref, waiter)]
            await waiter

    async def write_secret(self, hashes: bytes) -> None:
        """Store the resume secrets with the snapshot; waits for it, but not longer than a store that is down allows."""
        writer = self._commits.writer
        writer.submit(Change(secret=hashes), 0, urgent=True)
        await asyncio.wait([asyncio.ensure_future(writer.written())], timeout=SECRET_WAIT_S)

    # The bus

    def deliver(self, name: str, message: Message) -> None:
        """A message for the handler `name`. Before the join, and when too many wait, it is only noted as missed."""
        if not self._commits.topics.started:
            self._commits.topics.missed = True
        elif self._waiting_messages < MAX_WAITING_MESSAGES:
            self._waiting_messages += 1
            self._mailbox.put(_Delivery(name, message))
        elif not self._resync_due:
            self._resync_due = True
            self._mailbox.put(_Resync())

    def subscribing(self, topic: str) -> None:
        """The view wants `topic` from now on (`LiveView.subscribe`): nothing may be missed until the commit."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return  # a plain handler in its thread: the commit opens it
        self._commits.topics.open(topic, self.view._live.system.notes.subscriptions[topic])

    # The end

    async def durable(self) -> None:
        """Wait until every commit so far is in the store and its effects have left."""
        await self._commits.writer.written()
        await self._commits.effects.drained()
        await self._commits.writer.written()

    async def evict(self) -> None:
        """Put the view to rest: everything in the snapshot, nothing running. It may be restored later."""
        await self._stop_working()
        await self._rest()

    async def close(self) -> None:
        """End the view: `unmount()`, timers and subscriptions gone. The snapshot stays; changes by unmount do not."""
        await self._stop_working()
        hook = self.view.__livets__.hooks["unmount"]
        if hook is not None and not self._gone:
            try:
                await call(self.view.unmount, dev=self._dev)
            except Exception as error:
                report(error, what=f"{self.view.__livets__.name}.unmount", dev=self._dev)
            self.view._live.roll_back(self.view)
        await self._rest()

    async def _stop_working(self) -> None:
        await self._mailbox.finish(CLOSE_GRACE_S)
        self._commits.timers.stop()
        self._commits.topics.close()

    async def _rest(self) -> None:
        commits = self._commits
        if not self._gone:
            if not self._store.durable:
                system = self.view._live.system.encode()
                change = Change(fields=everything(self.view), ref=self.last_ref, system=system)
                commits.writer.submit(change, self.last_ref, urgent=True)
            await self.durable()
        self._lose()
        commits.display.outbox = None

    def _lose(self) -> None:
        """The view is somebody else's now, or nobody's."""
        self._gone = True
        self._mailbox.halt()
        self._commits.timers.stop()
        self._commits.topics.close()
        self._commits.effects.stop()
        self._commits.writer.stop()
        self._wake(None)

    # Units of work

    async def _handle(self, item: Any) -> None:
        if isinstance(item, Event):
            await self._on_event(item)
        elif isinstance(item, _Delivery):
            await self._on_message(item.name, item.message)
        elif isinstance(item, _Tick):
            await self._on_tick(item.timer)
        elif isinstance(item, _Resync):
            self._resync_due = False
            await self._hook("resync")
        elif isinstance(item, _Heal):
            self._guarded(lambda: self._on_heal(item.address))
        elif isinstance(item, _Flush):
            self._guarded(self._commits.flush)
        elif isinstance(item, _Update):
            self._commit_strays()
            if not item.done.done():
                item.done.set_result(None)

    async def _on_event(self, event: Event) -> None:
        commits = self._commits
        while self._store.durable and commits.last_ref - commits.durable_ref > limits.OUTBOX_WINDOW and not self._gone:
            await commits.writer.progress()
        telemetry.mark("event.dispatched", self.view_id, event.ref)
        self.view._live.event = CurrentEvent(f"{self.view_id}:{event.ref}", event.handler)

        async def work() -> Collection[str]:
            prepared = dispatch.prepare(self.view, event, self.rendering.template)
            for name, value in prepared.fields.items():
                setattr(self.view, name, value)
            if prepared.function is not None:
                await call(prepared.function, prepared.args, prepared.named, dev=self._dev)
            return dispatch.corrected(self.view, prepared.fields)

        await self._run(event.handler or "field update", work, event.ref)
        self.view._live.event = None
        self._wake(commits.last_ref)

    async def _on_message(self, name: str, message: Message) -> None:
        self._waiting_messages -= 1
        topics, notes = self._commits.topics, self.view._live.system
        subscription = notes.notes.subscriptions.get(message.topic)
        if subscription is None:
            return
        if message.gap and (not message.data or self.view.__livets__.hooks["resync"] is not None):
            # What resync() loads contains what this message tells, if it tells anything.
            await self._hook("resync")
            return
        if not topics.is_new(message):
            return
        notes.note()
        subscription.positions[message.epoch] = message.seq

        async def work() -> None:
            convert = self.view.__livets__.message(type(self.view), name)
            args = [] if convert is None else [convert(msgspec.msgpack.decode(message.data))]
            await call(getattr(self.view, name), args, dev=self._dev)

        await self._run(f"{name} (message on {message.topic!r})", work)

    async def _on_tick(self, number: int) -> None:
        notes = self.view._live.system.notes
        self._commits.timers.handled(number)
        timer = notes.timers.get(number)
        if timer is None:
            return
        self.view._live.system.note()
        if not advance(timer, time.time()):
            del notes.timers[number]

        async def work() -> None:
            await call(getattr(self.view, timer.handler), dev=self._dev)

        await self._run(f"{timer.handler} (timer)", work)

    def _on_heal(self, address: list[Any]) -> None:
        display = self._commits.display
        self._commits.flush()
        if display.ready and display.outbox is not None:
            try:
                diff = display.block(address)
            except LookupError:
                return  # gone meanwhile; the patch that removed it is on its way
            display.outbox.patch(diff, self.last_ref)

    def _due(self, number: int) -> None:
        self._mailbox.put(_Tick(number))

    async def _hook(self, name: str) -> None:
        if self.view.__livets__.hooks[name] is None:
            return

        async def work() -> None:
            await call(getattr(self.view, name), dev=self._dev)

        await self._run(name, work)

    async def _run(self, what: str, work: _Work, ref: int = 0) -> None:
        """One unit: `work`, then commit; or, whatever goes wrong, as if it had never begun."""
        self._commit_strays()
        unit = self._open = _Unit(self, ref)
        token = _unit.set(unit)
        commits, name = self._commits, f"{self.view.__livets__.name}.{what}"
        try:
            forced = await work() or ()
            await self._updated()
            commits.commit(ref, forced)
        except EventRefused as error:
            commits.abandon(ref, error.code, str(error))
        except RenderFailed as error:
            message = report(error.__cause__ or error, what=f"rendering after {name}", dev=self._dev)
            commits.abandon(ref, codes.RENDER_FAILED, message)
        except asyncio.CancelledError:
            self.view._live.roll_back(self.view)
            raise
        except Exception as error:
            commits.abandon(ref, codes.HANDLER_FAILED, report(error, what=name, dev=self._dev))
        finally:
            unit.open, self._open = False, None
            _unit.reset(token)

    async def _updated(self) -> None:
        if self.view.__livets__.hooks["updated"] is not None and self.view._live.tracker.changed(self.view):
            await call(self.view.updated, dev=self._dev)

    def _commit_strays(self) -> None:
        """What tasks of the application changed while no handler was at work is a commit of its own."""
        if not self.view._live.tracker.clean(self.view):
            self._guarded(self._commits.commit)

    def _guarded(self, action: Callable[[], None]) -> None:
        """Do something that may render, outside of any handler."""
        try:
            action()
        except Exception as error:
            report(error.__cause__ or error, what=f"{self.view.__livets__.name}: showing changes", dev=self._dev)
            self.view._live.roll_back(self.view)

    async def commit_point(self) -> None:
        """`LiveView.update()`: inside a handler commit what it has done so far, outside as a unit of its own."""
        unit = _unit.get()
        if unit is not None and unit.open and unit.runner is self:
            await self._updated()
            self._commits.commit(unit.ref, partial=True)
        elif not self._gone and self.generation:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._mailbox.put(_Update(done))
            await done

    def _tell_interrupted(self, outbox: Outbox) -> None:
        message = (
            "The server was restarted while this was being done. What was shown so far is kept; try the rest again."
        )
        outbox.error(codes.INTERRUPTED, message, self._interrupted)
        self._interrupted = 0

    def _wake(self, ref: int | None) -> None:
        if self._waiters:
            waiting, self._waiters = self._waiters, None
            for wanted, waiter in waiting:
                if ref is None or wanted <= ref:
                    if not waiter.done():
                        waiter.set_result(None)
                else:
                    self._waiters = [*(self._waiters or ()), (wanted, waiter)]
