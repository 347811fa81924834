"""Who waits until the events up to a number have been handled.

It owns the futures of those who wait, and no more than that: `units` knows what has been handled, and wakes them.
"""

from __future__ import annotations

import asyncio


class Waiters:
    """Those who wait for events of one view."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[tuple[int, asyncio.Future[None]]] | None = None

    @property
    def any(self) -> bool:
        """Whether somebody waits."""
        return bool(self._waiting)

    async def reach(self, ref: int) -> None:
        """Wait until `wake` is called with `ref` or more."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = [*(self._waiting or ()), (ref, waiter)]
        await waiter

    def wake(self, ref: int | None) -> None:
        """Events up to `ref` have been handled; None: nobody need wait any longer."""
        if self._waiting:
            waiting, self._waiting = self._waiting, None
            for wanted, waiter in waiting:
                if ref is not None and wanted > ref:
                    self._waiting = [*(self._waiting or ()), (wanted, waiter)]
                elif not waiter.done():
                    waiter.set_result(None)
