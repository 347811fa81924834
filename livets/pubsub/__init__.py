"""Publish/subscribe between views, in one process or over Redis."""

from livets.pubsub.bus import Bus, Message

__all__ = ["Bus", "Message"]
