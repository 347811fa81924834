"""The views that live on this worker, and for how long.

Owns three states of a view: *unjoined* (rendered over HTTP, its socket has not come; bounded by count, bytes and
age, D12), *joined* (on a socket; stays), *detached* (its socket was lost; kept for a resume, bounded by count and
age). Never waits: what has to go is handed to `close`, and whoever wants such a view again waits for that first.
Called by `page`, `joining`, `dialogue` and `sweeper`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from enum import Enum

from livets.config import Config
from livets.transport.resident import Resident


class Ending(Enum):
    """How this worker lets go of a view."""

    REST = 0
    """It goes on elsewhere, or later: its snapshot holds everything."""
    END = 1
    """Nobody came back: it is unmounted; its snapshot stays for who comes very late."""
    FORGET = 2
    """Nobody ever came, or nobody can: the snapshot goes, too."""


Close = Callable[[Resident, Ending], Awaitable[None]]


class Registry:
    """Views of this worker by id."""

    def __init__(self, config: Config, close: Close, clock: Callable[[], float]) -> None:
        self._config = config
        self._close = close
        self._clock = clock
        self._unjoined: OrderedDict[str, Resident] = OrderedDict()
        self._joined: dict[str, Resident] = {}
        self._detached: OrderedDict[str, Resident] = OrderedDict()
        self._closing: dict[str, asyncio.Task[None]] = {}
        self._turns: dict[str, asyncio.Future[None]] = {}
        self.unjoined_bytes = 0

    @property
    def unjoined(self) -> int:
        """How many views wait for their first socket."""
        return len(self._unjoined)

    @property
    def joined(self) -> int:
        """How many views are on a socket."""
        return len(self._joined)

    @property
    def detached(self) -> int:
        """How many views wait for a resume."""
        return len(self._detached)

    def __len__(self) -> int:
        return len(self._unjoined) + len(self._joined) + len(self._detached)

    def __iter__(self) -> Iterator[Resident]:
        yield from [*self._joined.values(), *self._detached.values(), *self._unjoined.values()]

    def get(self, view_id: str) -> Resident | None:
        """The view in whatever state."""
        return self._joined.get(view_id) or self._detached.get(view_id) or self._unjoined.get(view_id)

    def add_unjoined(self, resident: Resident) -> None:
        """A page was rendered; the oldest ones go if that is too much."""
        resident.since_s = self._clock()
        self._unjoined[resident.view_id] = resident
        self.unjoined_bytes += resident.page_bytes
        config = self._config
        while len(self._unjoined) > config.unjoined_max or self.unjoined_bytes > config.unjoined_max_bytes:
            self._evict(next(iter(self._unjoined.values())))

    def take_unjoined(self, view_id: str) -> Resident | None:
        """The view, now out of the registry: the caller joins or closes it."""
        resident = self._unjoined.pop(view_id, None)
        if resident is not None:
            self.unjoined_bytes -= resident.page_bytes
        return resident

    def take(self, view_id: str) -> Resident | None:
        """A joined or detached view, now out of the registry."""
        return self._joined.pop(view_id, None) or self._detached.pop(view_id, None)

    def put_back(self, resident: Resident) -> None:
        """A view that was taken and stays as it was."""
        self.add_joined(resident)
        if resident.page is None:
            self.detach(resident)

    def find(self, view_id: str) -> Resident | None:
        """A joined or detached view."""
        return self._joined.get(view_id) or self._detached.get(view_id)

    def on_sockets(self) -> Iterable[Resident]:
        """The joined views."""
        return self._joined.values()

    def add_joined(self, resident: Resident) -> None:
        """The view is on a socket."""
        self._detached.pop(resident.view_id, None)
        self._joined[resident.view_id] = resident

    def detach(self, resident: Resident) -> None:
        """Its socket was lost; nothing happens to a view that is not joined here any more."""
        if self._joined.get(resident.view_id) is not resident:
            return
        del self._joined[resident.view_id]
        resident.since_s = self._clock()
        self._detached[resident.view_id] = resident
        if len(self._detached) > self._config.detached_max:
            self.let_go(next(iter(self._detached.values())), Ending.END)

    def let_go(self, resident: Resident, ending: Ending = Ending.REST) -> None:
        """Close the view in the background."""
        for views in (self._joined, self._detached, self._unjoined):
            if views.get(resident.view_id) is resident:
                del views[resident.view_id]
                self.unjoined_bytes -= resident.page_bytes if views is self._unjoined else 0
        task = asyncio.ensure_future(self._close(resident, ending))
        self._closing[resident.view_id] = task
        task.add_done_callback(lambda done: self._closed(resident.view_id, done))

    async def closed(self, view_id: str) -> None:
        """Wait until a view that is being closed has written its snapshot."""
        task = self._closing.get(view_id)
        if task is not None:
            await asyncio.wait([task])

    async def all_closed(self) -> None:
        """Wait for every view that is being closed."""
        while self._closing:
            await asyncio.wait(list(self._closing.values()))

    @contextlib.asynccontextmanager
    async def turn(self, view_id: str) -> AsyncIterator[None]:
        """One resume of a view at a time: two sockets of a page must not take it from each other half-way."""
        while (other := self._turns.get(view_id)) is not None:
            await asyncio.wait([other])
        turn = self._turns[view_id] = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            del self._turns[view_id]
            turn.set_result(None)

    def expire(self) -> None:
        """Let go of the views whose time is over."""
        now_s = self._clock()
        while self._unjoined:
            oldest = next(iter(self._unjoined.values()))
            if now_s - oldest.since_s < self._config.unjoined_keep_s:
                break
            self._evict(oldest)
        while self._detached:
            oldest = next(iter(self._detached.values()))
            if now_s - oldest.since_s < self._config.detached_keep_s:
                break
            self.let_go(oldest, Ending.END)

    def _evict(self, resident: Resident) -> None:
        self.let_go(resident, Ending.FORGET)

    def _closed(self, view_id: str, task: asyncio.Task[None]) -> None:
        if self._closing.get(view_id) is task:
            del self._closing[view_id]
