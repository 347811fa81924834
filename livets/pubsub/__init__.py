"""Publish/subscribe between views, in one process or over Redis."""

from livets.pubsub.bus import Bus, Message
from livets.pubsub.memory import MemoryBus
from livets.pubsub.redis import RedisBus
from livets.pubsub.refusal import BusError, MessageRefused, check_message, check_topic

__all__ = ["Bus", "BusError", "MemoryBus", "Message", "MessageRefused", "RedisBus", "check_message", "check_topic"]
