"""ViewRunner: one running view, from mount or restore to close. The surface that transport and app work with.

It owns what may be asked of a view's parts, and the end of the view's life. Which parts there are is `wiring`'s
business, how a view begins `beginning`'s, how it sleeps `sleeper`'s, how work runs `units`', what it changes
`commit`'s, what the browser shows `display`'s; what the view itself asks goes to `hosting`. It never touches a socket.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from livets.errors import EventRefused, ProtocolError
from livets.live import beginning, dispatch
from livets.live.calling import call
from livets.live.drawn import Drawn, Unchanged
from livets.live.failure import failed
from livets.live.outbox import Outbox
from livets.live.sleeper import Sleeper
from livets.live.snapshot import everything
from livets.live.view import LiveView
from livets.live.work import Flush, Heal, Resync, Typed
from livets.state import Change, Claim
from livets.wire import Event, codes

if TYPE_CHECKING:
    pass

CLOSE_GRACE_S: Final = 5.0
"""A handler that is at work when its view closes may go on for this long."""
STORE_WAIT_S: Final = 2.0
"""A join waits this long for its secret to be stored; a store that is down must not keep people out."""
_LOOK_AGAIN_S: Final = 0.02
_NOTHING: Final[Mapping[str, Any]] = {}


class ViewRunner(Sleeper):
    """A view that runs. Not for applications: `transport` makes one per page, `testing` one per test.

    Every method must be called on the event loop.
    """

    __slots__ = ()

    # Beginning

    async def mount(self) -> str:
        """Run `mount()`, render, store the first snapshot; returns the HTML.

        Raises EventRefused("bad_arguments") for a URL that does not fit, Redirected, and what the view raises.
        """
        return await beginning.mount(
            self.view, self._commits, self._commits.store, view_id=self.view_id, meta=self._meta, dev=self._dev
        )

    @classmethod
    async def restore(cls, view_class: type[LiveView], *, claim: Claim, **surroundings: Any) -> ViewRunner:
        """A runner for the view of `claim.record`, which continues where its last commit ended.

        `surroundings`: as for the constructor; `meta` comes from the record. Calls `resumed()` and sends effects that
        may not have been sent. A snapshot of an earlier release is brought up to date by `migrate(old)`.
        Raises FieldError when it does not fit the class, SnapshotNewer when a later release has written it.
        """
        record = claim.record
        assert record is not None, "a claim without a record means that the runner at hand is current: keep it"
        runner = cls(view_class, **{**surroundings, "meta": record.meta})
        runner._secret = record.secret
        restored = await beginning.restore(runner.view, runner._commits, record, claim, dev=runner._dev)
        runner._interrupted, runner._accepted = restored.interrupted, runner.last_ref
        if restored.is_migrated:
            whole = runner._commits.record(record.meta, record.secret)
            await runner._commits.store.recreate(runner.view_id, claim.generation, whole)
        await runner._units.transactions.hook("resumed")
        return runner

    # The browser's side

    def attach(self, outbox: Outbox) -> None:
        """Patches flow from here on. At the first time timers and topics start; what topics missed is resynced."""
        self._commits.display.outbox = outbox
        if self._commits.join():
            self._units.mailbox.put(Resync())
        if self._interrupted:
            self._tell_interrupted(outbox)
        self.flush()

    def detach(self) -> None:
        """Nothing can be sent any more; events, messages and timers go on, and their result waits."""
        self._commits.display.outbox = None
        if not self.gone:
            self._commits.detach()

    def accept(self, event: Event) -> None:
        """Queue an event; one that was accepted before is only acknowledged again.

        Raises ProtocolError when events before it are missing.
        """
        if event.ref <= self._accepted:
            if event.ref <= self.last_ref:
                self._commits.progress.tell()
            return
        if event.ref != self._accepted + 1:
            raise ProtocolError(f"event {event.ref} came after event {self._accepted}: the ones between are missing")
        self._accepted = event.ref
        ended = self._commits.progress.ended
        if event.ref <= ended.last:  # it came before a crash, and events ended out of order
            if ended.has(event.ref):
                return
            # What was typed before this event was written in its order, and newer values may be there.
            event = msgspec.structs.replace(event, fields={})
        self._units.accept(event)

    def will_replay(self, ref: int) -> None:
        """The page has shown the results of events up to `ref`: none of them gives way to another now."""
        self._units.acceptance.shown_ref = ref

    async def retype(self, fields: Mapping[str, Any]) -> None:
        """Write what a page still shows of what was typed before this view was there; what does not fit is left out."""
        template = self.rendering.template
        for name, value in fields.items():
            with contextlib.suppress(EventRefused):
                call = dispatch.prepare(self.view, Event(0, 0, "", [], {}, {name: value}, 0), template)
                typed = Typed(call.fields, asyncio.get_running_loop().create_future())
                self._units.mailbox.put(typed)
                await typed.done

    def heal(self, address: list[Any]) -> None:
        """Send the block at `address` again, whole."""
        self._units.mailbox.put(Heal(address))

    def flush(self) -> None:
        """The outbox is ready again: send what has changed meanwhile."""
        if self._commits.display.behind:
            self._units.mailbox.put(Flush())

    def catch_up(self) -> Drawn | Unchanged:
        """What has changed since the last committed rendering. Call its `commit()` when it is sure to be sent.

        While a handler is at work this is nothing: its commit sends everything.
        """
        if self._units.open is not None:
            return Unchanged()
        drawn = self._commits.display.draw((), join=True)
        assert drawn is not None
        return drawn

    def fill(self, fingerprint: str) -> list[Any]:
        """The diff that brings a page with nodes of template `fingerprint` to the present state, whatever it shows."""
        drawn = self._commits.display.fill(fingerprint)
        drawn.mid_event = self._units.open is not None
        drawn.commit()
        return drawn.diff

    async def settle(self, ref: int | None = None) -> None:
        """Wait until events up to `ref` (or everything queued so far) have been handled."""
        if ref is None:
            await self._units.reach()
        elif not self.gone:
            await self._commits.progress.reach(ref)

    async def write_secret(self, hashes: bytes) -> None:
        """Store the resume secrets with the snapshot; waits for it, but not for a store that is down."""
        self._secret = hashes
        await self._submitted(Change(secret=hashes))

    async def renew(self) -> None:
        """Say to the store that the view is still wanted; a record that it has lost is put back."""
        await self._submitted(Change())

    async def _submitted(self, change: Change) -> None:
        writer = self._commits.writer
        writer.submit(change, 0, urgent=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STORE_WAIT_S):
                await writer.written()

    # The end

    async def durable(self) -> None:
        """Wait until every commit so far is in the store and its effects have left."""
        await self._commits.writer.written()
        await self._commits.drained()
        await self._commits.writer.written()

    async def evict(self) -> None:
        """Put the view to rest: everything in the snapshot, nothing running. It may be restored later."""
        await self._stop_working(for_good=False)
        await self._rest()

    async def close(self) -> None:
        """End the view: `unmount()`, timers and subscriptions gone. The snapshot stays; changes by unmount do not.

        A handler gets CLOSE_GRACE_S to end, a parallel one is cancelled. A plain `def` handler cannot be stopped: its
        thread runs to its end, and what it changes after that time is kept nowhere.
        """
        await self._stop_working(for_good=True)
        if self.view.__livets__.hooks["unmount"] is not None and not self.gone:
            try:
                await call(self.view.unmount, dev=self._dev)
            except Exception as error:
                failed(codes.HANDLER_FAILED, error, what=f"{self.view.__livets__.name}.unmount", dev=self._dev)
            self.view._live.roll_back(self.view)
        await self._rest()

    async def _stop_working(self, *, for_good: bool) -> None:
        await self._units.finish(CLOSE_GRACE_S, for_good=for_good)
        self._commits.leave(for_good=for_good)

    async def _rest(self) -> None:
        commits = self._commits
        if not self.gone and self.generation:
            if not commits.store.durable:
                system = self.view._live.system.encode()
                ended = commits.progress.ended.at
                change = Change(fields=everything(self.view), ref=ended, system=system)
                commits.writer.submit(change, ended, urgent=True)
            await self.durable()
        self.lose()
        commits.display.outbox = None

    def _tell_interrupted(self, outbox: Outbox) -> None:
        message = "The server restarted while this was being done; what was shown so far is kept, the rest is not."
        for ref in self._interrupted:
            outbox.error(codes.INTERRUPTED, message, ref)
        self._interrupted = ()
