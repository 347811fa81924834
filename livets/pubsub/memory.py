"""The bus of a single process: publishing is delivering. Nothing is lost, nothing waits, nothing fails for now."""

from __future__ import annotations

from livets.pubsub.bus import Message
from livets.pubsub.local import LocalBus
from livets.pubsub.refusal import check_message


class MemoryBus(LocalBus):
    """`Bus` within one process.

    >>> import asyncio
    >>> heard = []
    >>> bus = MemoryBus(lambda view_id, name, message: heard.append((view_id, name, message.data)))
    >>> bus.subscribe("todos", "view-1", "changed")
    >>> asyncio.run(bus.publish("todos", b"milk", "effect-1"))
    >>> heard
    [('view-1', 'changed', b'milk')]
    """

    async def publish(self, topic: str, data: bytes, effect_id: str) -> None:
        """Deliver `data` to every subscriber of `topic`; a repeat of `effect_id` is dropped. Raises MessageRefused."""
        check_message(topic, data)
        epoch, seq = self._numbering.next(topic)
        self._topics.accept(Message(topic, data, epoch, seq, effect_id))

    def subscribe(self, topic: str, view_id: str, name: str) -> None:
        """Deliver messages of `topic` to `deliver(view_id, name, message)`; a view's second name replaces the first."""
        self._topics.add(topic, view_id, name)

    def unsubscribe(self, topic: str, view_id: str) -> None:
        """End that subscription; unknown ones are ignored."""
        self._topics.remove(topic, view_id)

    def position(self, topic: str) -> dict[str, int]:
        """Last number of this topic, subscribed or not: two calls differ when something was published between them."""
        last = self._numbering.last(topic)
        return dict([last]) if last is not None else {}

    async def close(self) -> None:
        """Forget every subscriber."""
        self._topics.clear()
