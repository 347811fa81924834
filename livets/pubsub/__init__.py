"""Publish/subscribe between views, in one process or over Redis."""

from livets.pubsub.bus import Bus, Message
from livets.pubsub.memory import MemoryBus
from livets.pubsub.outgoing import BusError
from livets.pubsub.redis import RedisBus

__all__ = ["Bus", "BusError", "MemoryBus", "Message", "RedisBus"]
