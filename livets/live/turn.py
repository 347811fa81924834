"""The turn of somebody who waits for the view: a `commit()` block of a parallel handler or of a task.

It owns the hand-over in both directions. It never runs anything: the mailbox grants the turn and stands still until
the block has been left. Made by `holding`.
"""

from __future__ import annotations

import asyncio


class Turn:
    """One block, from its request to its end."""

    __slots__ = ("_left", "granted")

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.granted: asyncio.Future[None] = loop.create_future()
        self._left: asyncio.Future[None] = loop.create_future()

    @property
    def is_lost(self) -> bool:
        """The view went away while it was held."""
        return self._left.cancelled()

    async def hold(self) -> None:
        """The mailbox's side: let the block have the view, and wait for its end."""
        if not self.granted.done():
            self.granted.set_result(None)
            await self._left

    def leave(self) -> None:
        """The block's side: somebody else may have the view."""
        if not self._left.done():
            self._left.set_result(None)

    def cancel(self) -> None:
        """It will never be granted: the view has ended."""
        self.granted.cancel()
