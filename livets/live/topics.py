"""A view's subscriptions on the bus: which are open, what was missed, which messages are repeats (D9, D12).

It owns the connection between `System.notes.subscriptions` (what the view wants) and the bus (what it gets). It
never runs a handler. Made and called by `world`.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from livets.live.system import Subscription
from livets.pubsub import Bus, Message

_REMEMBERED: Final = 64
"""Ids of handled messages kept to recognise one that is sent again after a crash of its sender."""


class Topics:
    """The open subscriptions of one view."""

    __slots__ = ("_bus", "_open", "_recent", "_view_id", "missed")

    def __init__(self, view_id: str, bus: Bus) -> None:
        self._view_id = view_id
        self._bus = bus
        self._open: dict[str, str] | None = None
        self._recent: OrderedDict[str, None] | None = None
        self.missed = False
        """Messages came before the join: they are handled only from there on."""

    def open(self, topic: str, subscription: Subscription) -> None:
        """Make the bus deliver `topic`; a new subscription starts at the topic's present position."""
        if self._open is None:
            self._open = {}
        if self._open.get(topic) != subscription.handler:
            self._bus.subscribe(topic, self._view_id, subscription.handler)
            self._open[topic] = subscription.handler
            if not subscription.positions:
                subscription.positions = dict(self._bus.position(topic))

    def follow(self, wanted: dict[str, Subscription]) -> None:
        """Make what is open equal to what is wanted."""
        if not (wanted or self._open):
            return
        for topic in [topic for topic in self._open or () if topic not in wanted]:
            self._bus.unsubscribe(topic, self._view_id)
            if self._open is not None:
                del self._open[topic]
        for topic, subscription in wanted.items():
            self.open(topic, subscription)

    def start(self, wanted: dict[str, Subscription]) -> bool:
        """Messages are handled from here on; True if any were missed since the subscriptions began."""
        missed = self.missed
        for topic, subscription in wanted.items():
            position = dict(self._bus.position(topic))
            missed = missed or position != subscription.positions
            subscription.positions = position
        self.missed = False
        return missed

    def is_new(self, message: Message) -> bool:
        """False for an effect that was handled already."""
        if self._recent is None:
            self._recent = OrderedDict()
        if message.effect_id in self._recent:
            return False
        self._recent[message.effect_id] = None
        if len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
        return True

    def close(self) -> None:
        """End all subscriptions on the bus; the notes keep them for a restore."""
        self.follow({})
