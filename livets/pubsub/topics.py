"""Who on this worker listens to which topic, and what each topic has shown so far.

Owns the local half of every bus: delivery to (view id, name) pairs, gaps and repeats. Knows nothing of Redis and
never waits. What it keeps of a topic dies with the topic's last subscriber.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable

from livets.errors import ConfigError
from livets.pubsub.bus import Message

Deliver = Callable[[str, str, Message], None]
"""deliver(view_id, name, message): hands a message to a view of this worker; must not wait."""

MAX_REPEATS = 4096
"""Effect ids remembered per topic, the latest ones."""
MAX_EPOCHS = 256
"""Publisher epochs remembered per topic, those heard of last."""

_logger = logging.getLogger("livets.pubsub")


class _Topic:
    __slots__ = ("effects", "positions", "subscribers")

    def __init__(self) -> None:
        self.subscribers: dict[str, str] = {}
        self.positions: dict[str, int] = {}
        self.effects: dict[str, None] = {}


class Topics:
    """The subscribers of one worker."""

    def __init__(self, deliver: Deliver | None = None) -> None:
        self.deliver = deliver
        self.dropped: Counter[str] = Counter()
        """Messages not delivered, by reason: `repeat`, `late`."""
        self._topics: dict[str, _Topic] = {}

    def __contains__(self, topic: str) -> bool:
        return topic in self._topics

    def __len__(self) -> int:
        return len(self._topics)

    def add(self, topic: str, view_id: str, name: str) -> bool:
        """Subscribe; a view has one name per topic, the latest. True for the topic's first subscriber."""
        if self.deliver is None:
            raise ConfigError("the bus has nobody to deliver to: set its `deliver` before views subscribe")
        entry = self._topics.get(topic)
        first = entry is None
        if entry is None:
            entry = self._topics[topic] = _Topic()
        entry.subscribers[view_id] = name
        return first

    def remove(self, topic: str, view_id: str) -> bool:
        """Unsubscribe; unknown ones are ignored. True when it was the topic's last subscriber."""
        entry = self._topics.get(topic)
        if entry is None or entry.subscribers.pop(view_id, None) is None or entry.subscribers:
            return False
        del self._topics[topic]
        return True

    def accept(self, message: Message) -> None:
        """Deliver a message to the topic's subscribers, unless it is late or a repeat; notice what is missing."""
        entry = self._topics.get(message.topic)
        if entry is None:
            return
        last = entry.positions.pop(message.epoch, None)
        if last is not None and message.seq <= last:
            entry.positions[message.epoch] = last
            self.dropped["late"] += 1
            return
        entry.positions[message.epoch] = message.seq
        _forget_oldest(entry.positions, MAX_EPOCHS)
        gap = last is not None and message.seq != last + 1
        if message.effect_id:
            if message.effect_id in entry.effects:
                self.dropped["repeat"] += 1
                if gap:
                    self._send(entry, _only_gap(message.topic))
                return
            entry.effects[message.effect_id] = None
            _forget_oldest(entry.effects, MAX_REPEATS)
        if gap:
            message = Message(message.topic, message.data, message.epoch, message.seq, message.effect_id, gap=True)
        self._send(entry, message)

    def miss(self, topic: str) -> None:
        """Tell every subscriber of `topic` that messages may have been lost; positions start anew."""
        entry = self._topics.get(topic)
        if entry is not None:
            entry.positions.clear()
            self._send(entry, _only_gap(topic))

    def position(self, topic: str) -> dict[str, int]:
        """Last sequence number per publisher epoch; empty without subscribers."""
        entry = self._topics.get(topic)
        return dict(entry.positions) if entry is not None else {}

    def clear(self) -> None:
        """Forget everybody."""
        self._topics.clear()

    def _send(self, entry: _Topic, message: Message) -> None:
        assert self.deliver is not None
        for view_id, name in list(entry.subscribers.items()):
            try:
                self.deliver(view_id, name, message)
            except Exception:  # one view's failure stays its own
                _logger.exception("delivery of topic %r to %s of view %s failed", message.topic, name, view_id)


def _only_gap(topic: str) -> Message:
    return Message(topic, b"", epoch="", seq=0, effect_id="", gap=True)


def _forget_oldest(entries: dict[str, int] | dict[str, None], most: int) -> None:
    if len(entries) > most:
        del entries[next(iter(entries))]
