"""The heartbeat of a worker: it says that it lives, and buries the people of workers that do not.

It owns who is suspected. One missing beat is no death: only who was silent at two looks in a row is buried. Run by
`service`, as one task for all topics.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from livets.presence.outage import Outage
from livets.presence.people import Delta
from livets.presence.store import PeopleStore
from livets.presence.topic import Topic
from livets.state import StoreUnavailable


class Heartbeat:
    """The heartbeat of one worker."""

    __slots__ = ("_apply", "_forgotten", "_outage", "_owner", "_store", "_suspects", "_topics", "_ttl_s")

    def __init__(
        self,
        owner: str,
        store: PeopleStore,
        topics: Mapping[str, Topic],
        outage: Outage,
        *,
        ttl_s: float,
        apply: Callable[[str, Topic, Delta], None],
        forgotten: Callable[[], None],
    ) -> None:
        """`apply` takes what has changed on a topic; `forgotten` is called when the store does not know us any more."""
        self._owner = owner
        self._store = store
        self._topics = topics
        self._outage = outage
        self._ttl_s = ttl_s
        self._apply = apply
        self._forgotten = forgotten
        self._suspects: set[str] = set()
        """Workers whose heartbeat was missing at the last look."""

    async def run(self) -> None:
        """Say that we live, and look who does not, for ever."""
        while True:
            try:
                was_known = await self._store.beat(self._owner, self._ttl_s * 0.45)
                if was_known:
                    await self._bury()
                else:
                    self._forgotten()
                self._outage.over()
            except StoreUnavailable as error:
                self._outage.seen(error)
            await asyncio.sleep(self._ttl_s / 5)

    async def _bury(self) -> None:
        """People of workers that were silent at two looks in a row have left."""
        owners = {entry.owner for known in self._topics.values() for entry in known.people} - {self._owner}
        silent = owners - await self._store.alive(owners)
        dead, self._suspects = silent & self._suspects, silent
        for owner in dead:
            for topic, known in list(self._topics.items()):
                if went := known.people.owned(owner):
                    self._apply(topic, known, Delta(owner, [], went))
                    await self._store.remove(topic, owner, went)
