"""Publish/subscribe between views: the message and the port that the memory and the Redis bus implement."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """What the bus delivers."""

    topic: str
    data: bytes
    epoch: str
    """Identifies one life of one publisher (D22)."""
    seq: int
    """1, 2, 3, ... within (topic, epoch)."""
    effect_id: str
    gap: bool = False
    """True when messages before this one were missed: the view's `resync()` is called."""
    values: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What receivers have made of the data, for those that come after them."""


class Bus(Protocol):
    """Publish/subscribe between views. Subscribers are (view id, name) pairs, never callables (D9)."""

    async def publish(self, topic: str, data: bytes, effect_id: str) -> None:
        """Deliver `data` to every subscriber of `topic`, on all workers; repeats of `effect_id` are dropped."""

    def subscribe(self, topic: str, view_id: str, name: str) -> None:
        """Deliver messages of `topic` to `deliver(view_id, name, message)`, which the app gave the bus."""

    def unsubscribe(self, topic: str, view_id: str) -> None:
        """End that subscription; unknown ones are ignored."""

    def position(self, topic: str) -> dict[str, int]:
        """Last sequence number seen per publisher epoch of this topic."""
