"""How often changes are shown that no browser waits for: those of broadcasts and timers, about once a screen frame.

It owns the clock. The first change after a pause is shown at once, those that follow closely are held and shown
together; an event of the browser shows everything. Called by `transaction` before each commit of a message or a tick.
"""

from __future__ import annotations

import asyncio
from typing import Final

from livets.live.mailbox import Mailbox
from livets.live.work import Flush

FRAME_S: Final = 1 / 60


class Pace:
    """The pace of one view."""

    __slots__ = ("_mailbox", "_next_s", "_timer")

    def __init__(self, mailbox: Mailbox) -> None:
        """`mailbox` gets a Flush when something held is due."""
        self._mailbox = mailbox
        self._next_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_holding(self) -> bool:
        """Whether something held is still to be shown."""
        return self._timer is not None

    def holds(self) -> bool:
        """Whether a change of now has to wait for the next frame."""
        if self._timer is not None:
            return True
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        if now_s >= self._next_s:
            self._next_s = now_s + FRAME_S
            return False
        self._timer = loop.call_at(self._next_s, self.release)
        return True

    def release(self) -> None:
        """Show now what is held."""
        if self._timer is not None:
            self.stop()
            self._next_s = asyncio.get_running_loop().time() + FRAME_S
            self._mailbox.put(Flush())

    def stop(self) -> None:
        """Show nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
