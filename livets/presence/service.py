"""Presence of one worker: what its views say, what other workers tell, and who has not been heard of.

Owns the replica of every topic that a view here follows, and the deltas that leave together. A worker
that dies, freezes or drains leaves its people behind: they stay until their pages have come back at another worker or
its heartbeat has run out, so nobody seems to leave during a deploy. Never waits in what views call. Called by `live`
through its `Presences`, and by `transport.worker` with messages of the bus.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec

from livets.presence.heartbeat import Heartbeat
from livets.presence.outage import Outage
from livets.presence.people import Delta, Entry, PresenceChange
from livets.presence.store import PeopleStore
from livets.presence.topic import Topic
from livets.pubsub import Bus, BusError
from livets.pubsub.stopping import stop
from livets.state import StoreUnavailable

PREFIX = "livets:presence:"
"""Of the topics on which workers tell each other."""
LISTENER = ""
"""Stands where a view's id would."""

_TOGETHER_S = 0.03
"""What is said within this time leaves as one message."""
_MOST = 500
"""Entries in one message."""
_RELOAD_S = 0.5
_AGAIN_S = 1.0
_MOST_BUFFERED = 1_000

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Delta).decode
_log = logging.getLogger("livets.presence")

Deliver = Callable[[str, str, str, PresenceChange], None]
"""deliver(view id, handler, topic, change)"""


class Presence:
    """Who is here, as this worker knows it."""

    def __init__(
        self,
        bus: Bus | None = None,
        deliver: Deliver | None = None,
        store: PeopleStore | None = None,
        *,
        ttl_s: float = 20.0,
    ) -> None:
        """`store` and `bus` reach other workers; without a store this process is alone.

        `ttl_s`: people of a worker that has died are gone after this time at the latest.
        """
        self.owner = secrets.token_hex(8)
        self.deliver = deliver
        self._bus = bus
        self._store = store
        self._ttl_s = ttl_s
        self._topics: dict[str, Topic] = {}
        self._numbers = count(1)
        self._outage = Outage()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_running = False

    # What views say

    def track(self, topic: str, view_id: str, key: str, meta: dict[str, Any]) -> None:
        """A view of this worker says that `key` is here."""
        entry, known = Entry(view_id, key, meta, self.owner), self._topic(topic)
        if known.own.get((view_id, key)) == entry:
            return
        known.own[view_id, key] = entry
        self._say(topic, known, entry)

    def untrack(self, topic: str, view_id: str, key: str) -> None:
        """It says so no more."""
        known = self._topics.get(topic)
        if known is None or known.own.pop((view_id, key), None) is None:
            return
        self._unsay(topic, known, (view_id, key))

    def hand_over(self, topic: str, view_id: str, key: str) -> None:
        """The view goes on elsewhere, which will say so; if nobody does, it has left when the time is over."""
        known = self._topics.get(topic)
        if known is None or known.own.pop((view_id, key), None) is None:
            return

        def forget() -> None:
            kept = known.people.get(view_id, key)
            if (view_id, key) not in known.own and kept is not None and kept.owner == self.owner:
                self._unsay(topic, known, (view_id, key))

        asyncio.get_running_loop().call_later(self._ttl_s, forget)

    def follow(self, topic: str, view_id: str, handler: str) -> None:
        """Tell a view of changes from now on, and of everybody who is here already."""
        known = self._topic(topic)
        is_first = not known.followers
        known.followers[view_id] = handler
        if is_first and self._store is not None and self._bus is not None:
            self._bus.subscribe(PREFIX + topic, LISTENER, "presence")
            self._load_soon(topic, known, 0)
        here = known.people.said()
        if here and self.deliver is not None:
            self.deliver(view_id, handler, topic, PresenceChange({key: said[-1] for key, said in here.items()}))

    def unfollow(self, topic: str, view_id: str) -> None:
        """Tell it no more."""
        known = self._topics.get(topic)
        if known is None or known.followers.pop(view_id, None) is None or known.followers:
            return
        if self._store is not None and self._bus is not None:
            self._bus.unsubscribe(PREFIX + topic, LISTENER)
            for delta in known.people.replaced(self.owner, ()):
                known.people.apply(delta)
        self._let_go(topic, known)

    def list(self, topic: str) -> dict[str, list[dict[str, Any]]]:
        """Who is here, as far as this worker knows."""
        known = self._topics.get(topic)
        return {} if known is None else known.people.said()

    # What other workers say

    def heard(self, topic: str, data: bytes, *, gap: bool) -> None:
        """A message of another worker, or that some were missed. `topic` begins with PREFIX."""
        topic = topic.removeprefix(PREFIX)
        known = self._topics.get(topic)
        if known is None:
            return
        if data:
            delta = _decode(data)
            if delta.owner == self.owner:
                pass
            elif not known.is_loading:
                self._apply(topic, known, delta)
            elif len(known.buffered) < _MOST_BUFFERED:
                known.buffered.append(delta)
        if gap:
            self._load_soon(topic, known, random.uniform(0, _RELOAD_S))  # noqa: S311

    async def close(self) -> None:
        """Stop; our people stay until their pages are elsewhere, or the heartbeat has run out.

        An application that starts again in this process (tests do that) begins with nobody.
        """
        for task in list(self._tasks):
            await stop(task)
        self._topics.clear()
        self._is_running = False
        if self._store is not None:
            await self._store.close()

    # Inside

    def _topic(self, topic: str) -> Topic:
        known = self._topics.get(topic)
        if known is None:
            known = self._topics[topic] = Topic()
        if not self._is_running and self._store is not None:
            self._is_running = True
            self._spawn(self._tell())
            beating = Heartbeat(
                self.owner, self._store, self._topics, self._outage,
                ttl_s=self._ttl_s, apply=self._apply, forgotten=self._say_all,
            )  # fmt: skip
            self._spawn(beating.run())
        return known

    def _let_go(self, topic: str, known: Topic) -> None:
        if not (known.own or len(known.people) or known.followers or known.came or known.went):
            self._topics.pop(topic, None)

    def _say(self, topic: str, known: Topic, entry: Entry) -> None:
        at = entry.view_id, entry.key
        self._apply(topic, known, Delta(self.owner, [entry], []))
        if self._store is not None:
            known.went.pop(at, None)
            known.came[at] = entry
            self._wake.set()

    def _unsay(self, topic: str, known: Topic, at: tuple[str, str]) -> None:
        self._apply(topic, known, Delta(self.owner, [], [at]))
        if self._store is not None:
            known.came.pop(at, None)
            known.went[at] = None
            self._wake.set()
        self._let_go(topic, known)

    def _apply(self, topic: str, known: Topic, delta: Delta) -> None:
        dropped = known.people.dropped
        change = known.people.apply(delta)
        if change and self.deliver is not None:
            for view_id, handler in list(known.followers.items()):
                self.deliver(view_id, handler, topic, change)
        if dropped == 0 < known.people.dropped:
            _log.warning("more are present on %r than are kept in mind; some are left out", topic)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self) -> None:
        """Carry what our views say to Redis and to the other workers, many at a time."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(_TOGETHER_S)
            self._wake.clear()
            for topic, known in list(self._topics.items()):
                while known.came or known.went:
                    if not await self._tell_some(topic, known):
                        await asyncio.sleep(_AGAIN_S)
                self._let_go(topic, known)

    async def _tell_some(self, topic: str, known: Topic) -> bool:
        """Some of what is new about a topic; False if it has to be tried again."""
        assert self._store is not None
        assert self._bus is not None
        came = dict(list(known.came.items())[:_MOST])
        went = list(known.went)[: _MOST - len(came)]
        try:
            if came:
                await self._store.put(topic, list(came.values()))
            if went:
                await self._store.remove(topic, self.owner, went)
            delta = _encode(Delta(self.owner, list(came.values()), went))
            await self._bus.publish(PREFIX + topic, delta, f"{self.owner}:{next(self._numbers)}")
        except (StoreUnavailable, BusError) as error:
            self._outage.seen(error)
            return False
        self._outage.over()
        for at, entry in came.items():
            if known.came.get(at) is entry:
                del known.came[at]
        for at in went:
            known.went.pop(at, None)
        return True

    def _say_all(self) -> None:
        """Redis has forgotten us (or we were frozen): everything once more."""
        for known in self._topics.values():
            known.came.update(known.own)
        self._wake.set()

    def _load_soon(self, topic: str, known: Topic, wait_s: float) -> None:
        if not known.is_loading:
            known.is_loading = True
            self._spawn(self._load(topic, known, wait_s))

    async def _load(self, topic: str, known: Topic, wait_s: float) -> None:
        """What Redis holds of a topic; what is told meanwhile comes after it."""
        assert self._store is not None
        try:
            while True:
                await asyncio.sleep(wait_s)
                try:
                    entries = await self._store.load(topic)
                    alive = await self._store.alive({entry.owner for entry in entries})
                    break
                except StoreUnavailable as error:
                    self._outage.seen(error)
                    wait_s = random.uniform(0, 2 * _AGAIN_S)  # noqa: S311
        finally:
            known.is_loading = False
        if not known.followers:
            known.buffered.clear()
            return
        dead = [entry for entry in entries if not (entry.owner in alive or entry.owner == self.owner)]
        entries = [entry for entry in entries if entry not in dead or known.people.get(entry.view_id, entry.key)]
        for delta in known.people.replaced(self.owner, entries):
            self._apply(topic, known, delta)
        buffered, known.buffered = known.buffered, []
        for delta in buffered:
            self._apply(topic, known, delta)
        with contextlib.suppress(StoreUnavailable):
            for entry in dead:
                if known.people.get(entry.view_id, entry.key) is None:
                    await self._store.remove(topic, entry.owner, [(entry.view_id, entry.key)])
