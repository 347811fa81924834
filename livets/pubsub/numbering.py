"""The publisher's side of a topic's order: which epoch and number the next message gets (D22).

An epoch is one life of one publisher: a restarted worker has another one. Numbers are kept for the topics used
last; a topic that comes back after it was forgotten starts at 1 in a new epoch, so no receiver is misled.
"""

from __future__ import annotations

import secrets

MAX_TOPICS = 10_000


class Numbering:
    """Hands out (epoch, 1), (epoch, 2), … for each topic."""

    def __init__(self, max_topics: int = MAX_TOPICS) -> None:
        self._life = secrets.token_hex(8)
        self._epoch = self._life
        self._forgotten = 0
        self._max_topics = max_topics
        self._last: dict[str, tuple[str, int]] = {}

    def next(self, topic: str) -> tuple[str, int]:
        """Epoch and number of the next message on `topic`."""
        epoch, seq = self._last.pop(topic, (self._epoch, 0))
        self._last[topic] = epoch, seq + 1
        if len(self._last) > self._max_topics:
            del self._last[next(iter(self._last))]
            self._forgotten += 1
            self._epoch = f"{self._life}.{self._forgotten}"
        return epoch, seq + 1

    def last(self, topic: str) -> tuple[str, int] | None:
        """Epoch and number of the last message on `topic`, if it is remembered."""
        return self._last.get(topic)

    def owns(self, epoch: str) -> bool:
        """Whether this publisher gave out `epoch`."""
        return epoch.partition(".")[0] == self._life
