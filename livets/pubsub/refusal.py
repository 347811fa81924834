"""How publishing fails: for now (try again) or for good (never try again)."""

from __future__ import annotations

from livets.errors import LivetsError

MAX_DATA_BYTES = 1024 * 1024
"""Largest data of one message, on every bus."""
MAX_TOPIC_BYTES = 8 * 1024
OWN_TOPICS = "livets:"
"""How topics begin on which workers talk of visitors, revocations for one."""


class BusError(LivetsError):
    """A message was delivered on this worker, but Redis did not take it: publish again with the same effect id."""


class MessageRefused(LivetsError):
    """No bus will ever carry this message; nobody has heard it, and publishing it again is no use."""


def check_topic(topic: str) -> None:
    """Raise MessageRefused for a topic that is livets' own: what is said there is not for applications."""
    if topic.startswith(OWN_TOPICS):
        raise MessageRefused(f"the topic {topic!r:.80}: names that begin with {OWN_TOPICS!r} are livets' own")


def check_message(topic: str, data: bytes) -> None:
    """Raise MessageRefused for data or a topic that is too large, or a topic that is no valid Unicode."""
    if len(data) > MAX_DATA_BYTES:
        raise MessageRefused(
            f"a message of {len(data)} bytes on topic {topic!r:.80}; the limit is {MAX_DATA_BYTES}. "
            "Send a key and let the receivers load the rest"
        )
    try:
        size = len(topic.encode())
    except UnicodeEncodeError as error:
        raise MessageRefused(f"the topic {topic!r:.80} is not valid Unicode: {error}") from None
    if size > MAX_TOPIC_BYTES:
        raise MessageRefused(f"a topic of {size} bytes; the limit is {MAX_TOPIC_BYTES}: {topic!r:.80}…")
