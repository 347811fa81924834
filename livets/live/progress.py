"""How far a view has come with the events of its browser, and telling the browser of it.

It owns the watermarks: done (the result was shown, or a parallel handler has begun), ended, shown, and durable (a crash
cannot undo it), and who waits for them. It never commits: `commit` moves the marks. Asked by `units`, which waits while
the store lags behind.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from livets.live.display import Display
from livets.live.waiters import Waiters
from livets.live.watermark import Watermark
from livets.live.writer import Writer
from livets.wire import limits


class Progress:
    """The progress of one view."""

    __slots__ = ("_display", "_shown_ref", "_waiters", "_writer", "done", "durable_ref", "ended")

    def __init__(self, display: Display, writer: Writer) -> None:
        self._display = display
        self._writer = writer
        self._shown_ref = 0
        self.done = Watermark()
        self.ended = Watermark()
        self.durable_ref = 0
        self._waiters: Waiters | None = None

    @property
    def last_ref(self) -> int:
        """The last event whose result the browser may show: handled, refused, or begun beside others."""
        return self.done.at

    @property
    def has_room(self) -> bool:
        """Whether fewer than a window of handled events wait for the store."""
        return self.ended.at - self.durable_ref < limits.OUTBOX_WINDOW or self._writer.stopped

    async def room(self) -> None:
        """Wait for that."""
        while not self.has_room:
            await self._writer.progress()

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits until events have been told done."""
        return self._waiters is not None

    async def reach(self, ref: int) -> None:
        """Wait until event `ref`, accepted or still to come, has been told done."""
        if ref > self.last_ref:
            if self._waiters is None:
                self._waiters = Waiters()
            await self._waiters.reach(ref)

    def wake(self) -> None:
        """Who waits for no more than what is done need wait no longer."""
        if self._waiters is not None:
            self._wake(self._waiters, self.done.at)

    def wake_all(self) -> None:
        """Nobody need wait any longer: nothing more will be done."""
        if self._waiters is not None:
            self._wake(self._waiters, None)

    def _wake(self, waiters: Waiters, ref: int | None) -> None:
        waiters.wake(ref)
        if not waiters.any:
            self._waiters = None

    def start(self, ref: int, ended: Set[int]) -> None:
        """Go on where a snapshot ends: these events are not to run again."""
        self.done.start(ref, ended)
        self.ended.start(ref, ended)
        self.durable_ref = self.ended.at

    def begun(self, ref: int) -> None:
        """A parallel handler is at work: later events may be told done before it has ended."""
        self.done.passed(ref)
        self.tell()
        self.wake()

    def written(self, ref: int) -> None:
        """The store has what events up to `ref` did."""
        if ref > self.durable_ref:
            self.durable_ref = ref
            self.done.reached(ref)
            self.tell()
            self.wake()

    def tell(self, diff: list[Any] | bytes = b"") -> None:
        """Send a patch with the marks, or acknowledge (again) what is done and what is durable."""
        outbox = self._display.outbox
        if outbox is None:
            return
        if not self._display.behind:
            self._shown_ref = self.done.at
        if diff:
            outbox.patch(diff, self._shown_ref, self.durable_ref)
        else:
            outbox.ack(self._shown_ref, self.durable_ref)
