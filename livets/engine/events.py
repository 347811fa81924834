"""The envelope that every engine's events travel in, and the bus that carries them to listeners.

The bus never waits for a listener and never grows without bound: each subscriber has a ring of its own; when it is
full the oldest events go, and what is read next is a Gap saying how many. The lossless way is the event log.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec


class Event(msgspec.Struct, gc=False, omit_defaults=True):
    """One thing that happened. `seq` counts from 1 within `stream`; `id` is unique and made of these two.

    `ts` is Unix seconds, `type` like "flow.node.completed", `v` the version of `data`'s form, `actor` who did it,
    `corr` what larger thing it belongs to, `cause` the id of the event that led to it.
    """

    seq: int
    stream: str
    type: str
    ts: float
    data: dict[str, Any]
    v: int = 1
    actor: str = ""
    corr: str = ""
    cause: str = ""

    @property
    def id(self) -> str:
        """Unique name of the event."""
        return f"{self.stream}:{self.seq}"

    def envelope(self) -> dict[str, Any]:
        """Return all ten fields of the envelope as a dict, for APIs and files.

        >>> Event(1, "flow/r1", "flow.run.started", 0.0, {}).envelope()["id"]
        'flow/r1:1'
        """
        return {
            "seq": self.seq,
            "stream": self.stream,
            "id": self.id,
            "ts": self.ts,
            "type": self.type,
            "v": self.v,
            "actor": self.actor,
            "corr": self.corr,
            "cause": self.cause,
            "data": self.data,
        }


class NewEvent(msgspec.Struct, gc=False, omit_defaults=True):
    """An event before the log has given it its place; `ts` of 0 means now."""

    type: str
    data: dict[str, Any]
    ts: float = 0.0
    v: int = 1
    actor: str = ""
    corr: str = ""
    cause: str = ""

    def at(self, stream: str, seq: int) -> Event:
        """Return the event that this becomes at that place."""
        when = self.ts or time.time()
        return Event(seq, stream, self.type, when, self.data, self.v, self.actor, self.corr, self.cause)


class Gap(msgspec.Struct, frozen=True):
    """Stands where `dropped` events are missing: the subscriber was too slow."""

    dropped: int


class Subscription:
    """One listener's ring. Iterate it, or take all that waits with `read`; `close` ends it."""

    __slots__ = ("_bus", "_capacity", "_closed", "_dropped", "_keep", "_ring", "_waiter")

    def __init__(self, bus: Bus, capacity: int, keep: Callable[[Event], bool] | None) -> None:
        self._bus = bus
        self._capacity = capacity
        self._keep = keep
        self._ring: deque[Event] = deque(maxlen=capacity)
        self._dropped = 0
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False

    def take(self) -> list[Event | Gap]:
        """Return what waits, without waiting: a Gap first when events were dropped."""
        got: list[Event | Gap] = list(self._ring)
        self._ring.clear()
        if self._dropped:
            got.insert(0, Gap(self._dropped))
            self._dropped = 0
        return got

    async def read(self) -> list[Event | Gap]:
        """Wait for something, then return all that waits; an empty list means closed."""
        while not self._ring and not self._closed:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self.take()

    def close(self) -> None:
        """Get no more events; a reader that waits gets what is there."""
        self._closed = True
        self._bus._drop(self)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        self._waiter = None

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> list[Event | Gap]:
        batch = await self.read()
        if not batch:
            raise StopAsyncIteration
        return batch

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Bus:
    """Carries events to any number of subscribers within one event loop; emitting costs the same however slow they are.

    >>> bus = Bus()
    >>> with bus.subscribe(capacity=2) as listener:
    ...     for seq in (1, 2, 3):
    ...         bus.emit(Event(seq, "s", "tick", 0.0, {}))
    ...     [getattr(got, "seq", got) for got in listener.take()]
    [Gap(dropped=1), 2, 3]
    """

    __slots__ = ("_subscribers",)

    def __init__(self) -> None:
        self._subscribers: tuple[Subscription, ...] = ()

    def subscribe(self, capacity: int = 4096, keep: Callable[[Event], bool] | None = None) -> Subscription:
        """Return a new subscription that holds up to `capacity` events; `keep` chooses which it wants."""
        if capacity < 1:
            raise ValueError("a subscription needs room for at least one event")
        subscription = Subscription(self, capacity, keep)
        self._subscribers = (*self._subscribers, subscription)
        return subscription

    def __bool__(self) -> bool:
        """True when someone listens."""
        return bool(self._subscribers)

    def emit(self, event: Event) -> None:
        """Hand `event` to every subscriber; never waits, never raises because of one of them."""
        for subscriber in self._subscribers:
            if subscriber._keep is not None and not subscriber._keep(event):
                continue
            ring = subscriber._ring
            if len(ring) == subscriber._capacity:
                subscriber._dropped += 1
            ring.append(event)
            if subscriber._waiter is not None:
                subscriber._wake()

    def _drop(self, subscription: Subscription) -> None:
        self._subscribers = tuple(one for one in self._subscribers if one is not subscription)
