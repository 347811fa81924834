"""What travels through Redis: a typed, authenticated envelope around each message.

Anybody who can write to a shared Redis can publish there; without a key of ours he can't make a view react.
Opening never builds anything but an `Envelope`: garbage and forgeries end as None and a reason.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Annotated

import msgspec

from livets.errors import ConfigError
from livets.pubsub.refusal import MAX_DATA_BYTES

MAX_BYTES = MAX_DATA_BYTES + 64 * 1024
"""Largest envelope; topics and ids are short."""
MIN_KEY_BYTES = 16
_MAC_BYTES = 32
_DOMAIN = b"livets.pubsub.1\0"


class Envelope(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True, gc=False):
    """One message on its way between workers; the topic is inside, so that it can't be moved to another channel."""

    topic: str
    epoch: str
    seq: Annotated[int, msgspec.Meta(ge=1)]
    effect_id: str
    data: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Envelope).decode


class Envelopes:
    """Seals with the first key, opens with any of them (key rotation)."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) < MIN_KEY_BYTES for key in keys):
            raise ConfigError(
                f"the Redis bus needs a key of {MIN_KEY_BYTES} bytes or more, the same on every worker: "
                "set LIVETS_SECRET_KEY"
            )
        self._keys = tuple(keys)

    def seal(self, envelope: Envelope) -> bytes:
        """MAC and message."""
        body = _encode(envelope)
        return self._mac(self._keys[0], body) + body

    def open(self, sealed: bytes) -> Envelope | str:
        """The envelope, or why it isn't one: `garbage` or `forged`."""
        if not _MAC_BYTES < len(sealed) <= MAX_BYTES:
            return "garbage"
        mac, body = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
        if not any(hmac.compare_digest(mac, self._mac(key, body)) for key in self._keys):
            return "forged"
        try:
            return _decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return "garbage"

    @staticmethod
    def _mac(key: bytes, body: bytes) -> bytes:
        return hmac.digest(key, _DOMAIN + body, "sha256")
