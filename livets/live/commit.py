"""A commit is the unit (D5): state, patch, effects and snapshot of one piece of work, all of it or nothing.

It owns the order of these. It never runs application code other than through rendering. What has been done, shown and
kept so far is `progress`'s to know. Called by `transaction` and `holding` when code has ended, well or badly.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Protocol

from livets import telemetry
from livets.live.display import Display
from livets.live.drawn import Drawn
from livets.live.effects import Effects
from livets.live.failure import Failure, failed, state, unlike
from livets.live.presence import Presences
from livets.live.progress import Progress
from livets.live.snapshot import Growth, Snapshot
from livets.live.timers import Timers
from livets.live.topics import Topics
from livets.live.writer import Writer
from livets.presence import Presence
from livets.pubsub import Bus
from livets.state import Change, Record, SnapshotStore
from livets.wire import codes

if TYPE_CHECKING:
    from livets.live.view import LiveView


class RenderFailed(Exception):
    """The template raised; its error is the cause."""


class Owner(Protocol):
    """Who runs the view (`runner.ViewRunner`)."""

    def lose(self) -> None:
        """The view is somebody else's now."""

    async def record(self) -> Record:
        """The whole of it, for a store that has lost it."""

    def due(self, timer: int) -> None:
        """A timer rings."""


class Commits:
    """The state of one view between its units of work, and the only way to move it."""

    __slots__ = (
        "_dev", "_owner", "_store", "_view", "_view_id", "display", "effects", "presences", "progress", "snapshot",
        "timers", "topics", "writer",
    )  # fmt: skip

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
        presence: Presence | None = None,
    ) -> None:
        self._view = view
        self._view_id = view_id
        self._store = store
        self._dev = dev
        self._owner = owner
        self.display = display
        self.snapshot = Snapshot(store.max_view_bytes)
        self.writer = Writer(view_id, store, self)
        self.progress = Progress(display, self.writer)
        self.effects = Effects(view_id, bus, self)
        self.topics = Topics(view_id, bus)
        self.timers = Timers(owner)
        self.presences = Presences(view_id, presence)

    def claimed(self, generation: int) -> None:
        """The snapshot is this worker's: writes and effects go out under this claim on it."""
        self.writer.generation = self.effects.generation = generation

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
        if self._store.durable:
            return self.snapshot.change(self._view, changed)
        # In development it is made for what it refuses.
        return Change(), self.snapshot.change(self._view, changed)[1] if self._dev else None

    def abandon(self, ref: int, failure: Failure, *, is_told: bool = True) -> None:
        """End a unit of work badly: everything since the last commit point is taken back, the event counts as done."""
        bond = self._view._live
        bond.roll_back(self._view)
        self._follow()
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

    def leave(self, broadcasts: list[tuple[str, bytes]]) -> None:
        """Send what was broadcast outside of any unit (in mount)."""
        effects = self.effects.number(broadcasts, 0)
        if effects and self._store.durable:
            self.writer.submit(Change(effects=effects), 0, urgent=True)
        else:
            self.effects.release(effects)

    def record(self, meta: bytes, secret: bytes) -> Record:
        """Everything as of the last commit, for a store that has lost it. Call it between units of work."""
        fields, system = self.snapshot.whole(self._view), self._view._live.system.encode()
        return Record(meta, fields, {}, self.progress.ended.at, system, self.effects.unsent, secret)

    @property
    def is_safe(self) -> bool:
        """Whether everything that has ended is in the store, and every effect has left."""
        progress = self.progress
        ended = progress.done.at == progress.ended.at == progress.durable_ref == progress.ended.last
        return ended and self.writer.is_idle and not self.effects.unsent

    @property
    def stopped(self) -> bool:
        """True when the view was closed, or another worker has taken it over."""
        return self.writer.stopped

    def stop(self) -> None:
        """Nothing of this view runs, is sent or is written any more."""
        self.timers.stop()
        self.topics.close()
        self.presences.stop(leaves=False)
        self.effects.stop()
        self.writer.stop()

    def _end(
        self, change: Change, ref: int, diff: list[Any] | bytes, *, urgent: bool = False, skipped: bool = False
    ) -> None:
        system = self._view._live.system
        if system.touched:
            self._follow()
        if ref:
            self.progress.ended.passed(ref)
            if not (skipped and self._store.durable):
                self.progress.done.passed(ref)
            self._note_end(ref, change)
        if self._store.durable:
            self._submit(change, urgent)
        else:
            self.progress.durable_ref = self.progress.ended.at
        system.done()
        if ref or diff:
            self.progress.tell(diff)
        if change.effects and not self._store.durable:
            self.effects.release(change.effects)

    def _follow(self) -> None:
        """The world is to be as the notes say."""
        notes = self._view._live.system.notes
        self.topics.follow(notes.subscriptions)
        self.timers.follow(notes.timers)
        self.presences.follow(notes)

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

    # What the writer and the effects tell

    def written(self, change: Change, ref: int) -> None:
        """The store has this change, and with it what events up to `ref` did."""
        self.progress.written(ref)
        self.effects.release(change.effects)

    def sent(self, numbers: set[int]) -> None:
        """These effects have left."""
        if self._store.durable:
            self.writer.submit(Change(effects_sent=numbers), 0, urgent=False)

    async def whole(self) -> Record:
        """The whole record, when it can be told."""
        return await self._owner.record()

    def fenced(self) -> None:
        """Another worker has the view."""
        if self.display.outbox is not None:
            self.display.outbox.close(codes.CLOSE_MOVED, "another worker has taken the view over")
        self._owner.lose()
