"""A commit is the unit (D5): state, patch, effects and snapshot of one piece of work, all of it or nothing.

It owns the order of these. It never runs application code other than through rendering. What has been done, shown and
kept so far is `progress`'s to know, what leaves and what is heard `outside`'s. Called by `transaction` and `holding`
when code has ended, well or badly.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from livets import telemetry
from livets.live.display import Display
from livets.live.drawn import Drawn
from livets.live.failure import Failure, failed, state, unlike
from livets.live.outside import Outside, Owner
from livets.live.progress import Progress
from livets.live.snapshot import Growth
from livets.live.writer import Writer
from livets.pubsub import Bus
from livets.state import Change, Record, SnapshotStore
from livets.wire import codes

if TYPE_CHECKING:
    from livets.live.view import LiveView


class RenderFailed(Exception):
    """The template raised; its error is the cause."""


class Commits(Outside):
    """The state of one view between its units of work, and the only way to move it."""

    __slots__ = ("_dev", "display", "progress")

    def __init__(
        self,
        view: LiveView,
        view_id: str,
        display: Display,
        store: SnapshotStore,
        bus: Bus,
        *,
        owner: Owner,
        dev: bool,
    ) -> None:
        super().__init__(view, view_id, store, bus, Writer(view_id, store, self), owner)
        self._dev = dev
        self.display = display
        self.progress = Progress(display, self.writer)

    def check(self) -> None:
        """Development: the whole state, mounted or restored, can be kept. Raises FieldError."""
        view = self._view
        view._live.tracker.check(view, {name: None for name in view.__livets__.fields if name in view.__dict__})

    def commit(
        self,
        ref: int = 0,
        forced: Collection[str] = (),
        *,
        partial: bool = False,
        skipped: bool = False,
        shared: bool = False,
        held: bool = False,
    ) -> None:
        """End a unit of work well. `ref`: the browser's event, 0 for system events.

        `partial`: a commit point in the middle of the event's handler. `skipped`: the handler was not run, or was
        cancelled; that is told to be done when a crash cannot change it any more, so that whatever a page has seen
        done did run, and does run again after a crash. `shared`: other views are likely to show the same change.
        `held`: it is shown with the next drawing. Raises FieldError for values that cannot be
        kept and RenderFailed, both before anything has left: then the unit can still be abandoned.
        """
        view, bond = self._view, self._view._live
        changed = bond.tracker.changed(view)
        if self._dev:
            bond.tracker.check(view, changed)
        change, growth = self._kept(changed)
        if not partial:
            telemetry.mark("event.handled", self._view_id, ref)
        try:
            drawn = None if held else self.display.draw(changed, forced, shared=shared)
        except Exception as error:
            raise RenderFailed from error
        telemetry.mark("event.rendered", self._view_id, ref)
        # From here on nothing may fail.
        if drawn is None:
            self.display.postpone(changed, forced)
            bond.inputs = None
        else:
            drawn.commit()
            if self._dev:
                drawn = self._checked(drawn)
        if growth is not None:
            self.snapshot.accept(growth)
        bond.tracker.done(view)
        if bond.effects:
            change.effects = self.effects.number(bond.take_effects(), ref)
        if partial and ref and ref not in bond.system.notes.interrupted:
            bond.system.changing().interrupted |= {ref}
        self._end(
            change, 0 if partial else ref, drawn.message if drawn is not None else [], urgent=partial, skipped=skipped
        )

    def _kept(self, changed: dict[str, Any]) -> tuple[Change, Growth | None]:
        """What the store is to write. One that holds the view itself writes nothing. Raises FieldError."""
        if self.store.durable:
            return self.snapshot.change(self._view, changed)
        # In development it is made for what it refuses.
        return Change(), self.snapshot.change(self._view, changed)[1] if self._dev else None

    def abandon(self, ref: int, failure: Failure, *, is_told: bool = True) -> None:
        """End a unit of work badly: everything since the last commit point is taken back, the event counts as done."""
        bond = self._view._live
        bond.roll_back(self._view)
        self.follow()
        if is_told:
            self.refuse(ref, failure)
        self._end(Change(), ref, [])

    def refuse(self, ref: int, failure: Failure) -> None:
        """Tell the browser that its event (0: something else) has come to nothing, or not to everything."""
        if failure.extra is not None:
            failure.extra["state"] = state(self._view)
        if self.display.outbox is not None:
            self.display.outbox.error(failure.code, failure.message, ref, failure.extra)

    def finish(self, ref: int, failure: Failure | None) -> None:
        """A parallel event has ended; what it did is committed."""
        if failure is not None:
            self.refuse(ref, failure)
        self._end(Change(), ref, [])

    def flush(self) -> None:
        """Send what could not be sent before. Raises RenderFailed."""
        if self.display.behind and self.display.ready:
            try:
                drawn = self.display.draw((), shared=True)
            except Exception as error:
                raise RenderFailed from error
            if drawn is not None:
                drawn.commit()
                if self._dev and self._view._live.is_clean(self._view):
                    drawn = self._checked(drawn)
                self.progress.tell(drawn.message)

    def _checked(self, drawn: Drawn) -> Drawn:
        """Development: what was drawn and is about to be sent, or the page whole if it would be wrong by that."""
        display, what = self.display, self._view.__livets__.name
        try:
            found = display.complaint()
            if not found:
                return drawn
            self.refuse(0, unlike(found, what=what))
            drawn = display.fill(display.rendering.template.fingerprint)
            drawn.commit()
        except Exception as error:
            self.refuse(0, failed(codes.RENDER_FAILED, error, what=f"drawing {what} anew", dev=True))
        return drawn

    def record(self, meta: bytes, secret: bytes) -> Record:
        """Everything as of the last commit, for a store that has lost it. Call it between units of work."""
        fields, system = self.snapshot.whole(self._view), self._view._live.system.encode()
        return Record(meta, fields, {}, self.progress.ended.at, system, self.unsent, secret)

    @property
    def is_safe(self) -> bool:
        """Whether everything that has ended is in the store, and every effect has left."""
        progress = self.progress
        ended = progress.done.at == progress.ended.at == progress.durable_ref == progress.ended.last
        return ended and self.writer.is_idle and not self.unsent

    @property
    def stopped(self) -> bool:
        """True when the view was closed, or another worker has taken it over."""
        return self.writer.stopped

    def _end(
        self, change: Change, ref: int, diff: list[Any] | bytes, *, urgent: bool = False, skipped: bool = False
    ) -> None:
        system = self._view._live.system
        if system.touched:
            self.follow()
        if ref:
            self.progress.ended.passed(ref)
            if not (skipped and self.store.durable):
                self.progress.done.passed(ref)
            self._note_end(ref, change)
        if self.store.durable:
            self._submit(change, urgent)
        else:
            self.progress.durable_ref = self.progress.ended.at
        system.done()
        if ref or diff:
            self.progress.tell(diff)
        if change.effects and not self.store.durable:
            self.release(change.effects)

    def _note_end(self, ref: int, change: Change) -> None:
        """The snapshot has to say that this event is over."""
        system = self._view._live.system
        change.ref = self.progress.ended.at
        if system.notes.ended or self.progress.ended.at < ref:
            system.changing().ended = frozenset(self.progress.ended.beyond)
        if ref in system.notes.interrupted:
            system.changing().interrupted -= {ref}

    def _submit(self, change: Change, urgent: bool) -> None:
        system = self._view._live.system
        urgent = urgent or change.ref is not None or bool(change.effects)
        if system.changed:
            change.system = system.encode()
            change.ref = self.progress.ended.at  # what the notes say has ended is to be read together with it
        if change.ref is not None or change.fields or change.logs or change.effects or change.system is not None:
            self.writer.submit(change, self.progress.ended.at, urgent=urgent)

    # What the writer tells

    def written(self, change: Change, ref: int) -> None:
        """The store has this change, and with it what events up to `ref` did."""
        self.progress.written(ref)
        self.release(change.effects)

    async def whole(self) -> Record:
        """The whole record, when it can be told."""
        return await self._owner.record()

    def fenced(self) -> None:
        """Another worker has the view."""
        if self.display.outbox is not None:
            self.display.outbox.close(codes.CLOSE_MOVED, "another worker has taken the view over")
        self._owner.lose()
