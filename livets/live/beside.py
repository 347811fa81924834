"""Parallel handlers: they run beside the view's other work and hold the view only in their `commit()` blocks (D7).

It owns their tasks and what they may do outside of a block: read, with copies of what could be changed in place, and
nothing else. It never commits: blocks are `holding`'s business, and the end of such an event is `units`', in its turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from livets.errors import EventRefused, FieldError
from livets.live import dispatch
from livets.live.calling import call
from livets.live.commit import Commits, RenderFailed
from livets.live.failure import Failure, failed
from livets.live.mailbox import Mailbox
from livets.live.unit import CURRENT, Unit, current
from livets.live.work import Over, Typed
from livets.wire import Event, codes

if TYPE_CHECKING:
    from livets.live.fields import Field
    from livets.live.view import LiveView

PARALLEL_TIMEOUT_S: Final = 300.0
"""A parallel handler that runs longer is cancelled."""


class Beside:
    """The parallel handlers of one view."""

    __slots__ = ("_commits", "_copies", "_dev", "_mailbox", "_running", "_view")

    def __init__(self, view: LiveView, commits: Commits, mailbox: Mailbox, *, dev: bool) -> None:
        self._view = view
        self._commits = commits
        self._mailbox = mailbox
        self._dev = dev
        self._running: dict[int, Unit] = {}
        self._copies: dict[tuple[int, str], tuple[Any, bytes]] = {}

    @property
    def running(self) -> Iterable[Unit]:
        """The handlers at work."""
        return tuple(self._running.values())

    def start(self, event: Event, unit: Unit) -> None:
        """Begin to handle an event now, whatever else the view is doing."""
        template = self._commits.display.rendering.template
        try:
            prepared = dispatch.prepare(self._view, event, template)
        except EventRefused as refusal:
            self._mailbox.put(Over(event, Failure(refusal.code, refusal.told(dev=self._dev)), False))
            return
        typed = None
        if prepared.fields:
            typed = Typed(prepared.fields, asyncio.get_running_loop().create_future())
            self._mailbox.put(typed)
        task = unit.task = asyncio.get_running_loop().create_task(self._work(prepared, unit, typed))
        self._running[event.ref] = unit
        self._view._live.tracker.guard = self
        task.add_done_callback(lambda done: self._ended(event, unit, done))

    async def finish(self, grace_s: float) -> None:
        """What runs may go on for `grace_s` seconds, then it is cancelled; its events are not over.

        Another worker handles them again, or says that they were interrupted.
        """
        tasks = [unit.task for unit in self.running if unit.task is not None]
        if tasks and grace_s:
            await asyncio.wait(tasks, timeout=grace_s)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def halt(self) -> None:
        """Cancel everything and don't wait for it."""
        for unit in self.running:
            if unit.task is not None:
                unit.task.cancel()

    async def _work(self, prepared: dispatch.Call, unit: Unit, typed: Typed | None) -> Failure | None:
        try:
            if typed is not None and (failure := await typed.done) is not None:
                return failure
            unit.has_begun = True
            self._commits.progress.begun(unit.ref)
            CURRENT.set(unit)
            assert prepared.function is not None
            await call(
                prepared.function, prepared.args, prepared.named,
                dev=self._dev, timeout_s=PARALLEL_TIMEOUT_S, is_async=prepared.is_async,
            )  # fmt: skip
            self._check_copies(unit.ref)
        except EventRefused as refusal:
            return Failure(refusal.code, refusal.told(dev=self._dev))
        except RenderFailed as error:
            what = f"rendering in {self._view.__livets__.name}.{unit.name}"
            return failed(codes.RENDER_FAILED, error.__cause__ or error, what=what, dev=self._dev, event=unit.wire)
        except Exception as error:
            what = f"{self._view.__livets__.name}.{unit.name}"
            return failed(codes.HANDLER_FAILED, error, what=what, dev=self._dev, event=unit.wire)
        return None

    def _ended(self, event: Event, unit: Unit, task: asyncio.Task[Failure | None]) -> None:
        unit.close()
        unit.task = None
        del self._running[event.ref]
        for key in [key for key in self._copies if key[0] == event.ref]:
            del self._copies[key]
        if not self._running:
            self._view._live.tracker.guard = None
        if unit.stopped or not task.cancelled():
            failure = None if task.cancelled() else task.result()
            self._mailbox.put(Over(event, failure, unit.stopped))
        # else: the view is on its way to another worker, which handles the event again or says that it was interrupted

    # What a parallel handler may do outside of its blocks (asked by `tracking` and `bond`)

    def writing(self, what: str) -> None:
        """Raises FieldError when this is done outside of a block."""
        unit = current(self._view)
        if unit is not None and unit.beside:
            raise FieldError(
                f"{self._view.__livets__.name}.{unit.name} runs beside other handlers (policy='parallel') and must not "
                f"{what} while it does not hold the view. Write `async with self.commit():` around the lines "
                f"that change the view; what is slow stays outside of it."
            )

    def reading(self, field: Field, value: Any) -> tuple[bool, Any]:
        """Whether this is read outside of a block, and what to hand out then: a copy, which nobody may change."""
        unit = current(self._view)
        if unit is None or not unit.beside:
            return False, value
        if field.codec is None:
            return True, value
        image, key = field.codec.encode(value), (unit.ref, field.name)
        held = self._copies.get(key)
        if held is not None:
            self._check(field.name, held, field.codec.encode)
        if held is None or held[1] != image:
            held = self._copies[key] = field.codec.decode(image), image
        return True, held[0]

    def _check_copies(self, ref: int) -> None:
        for (of, name), held in self._copies.items():
            codec = self._view.__livets__.fields[name].codec
            if of == ref and codec is not None:
                self._check(name, held, codec.encode)

    def _check(self, name: str, held: tuple[Any, bytes], encode: Callable[[Any], bytes]) -> None:
        if encode(held[0]) != held[1]:
            raise FieldError(
                f"{self._view.__livets__.name}.{name} was changed in place by a parallel handler outside of "
                f"`async with self.commit():`. What it reads there is a copy; change self.{name} inside the block."
            )
