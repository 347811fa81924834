"""How a worker and Redis talk of subscriptions: plain pub/sub, or sharded (Redis 7 and a Cluster; ADR 0010).

Owns the words of both and how many channels one command may name. Called by `incoming` and `outgoing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

_CHANNELS_PER_COMMAND = 500


@dataclass(frozen=True, slots=True)
class Dialect:
    """The commands of one kind of pub/sub, and the first words of what Redis says."""

    publish: str
    subscribe: str
    unsubscribe: str
    message: bytes
    subscribed: bytes
    unsubscribed: bytes
    by_slot: bool
    """Whether all channels of a command must be of one slot."""

    def portions(self, channels: Iterable[bytes]) -> Iterator[list[bytes]]:
        """The channels, as many at a time as one command may name.

        >>> [len(portion) for portion in PLAIN.portions(b"%d" % n for n in range(600))]
        [500, 100]
        >>> list(SHARDED.portions([b"a{1}", b"b", b"c{1}"]))
        [[b'b'], [b'a{1}', b'c{1}']]
        """
        for group in self._groups(channels):
            for start in range(0, len(group), _CHANNELS_PER_COMMAND):
                yield group[start : start + _CHANNELS_PER_COMMAND]

    def _groups(self, channels: Iterable[bytes]) -> Iterable[list[bytes]]:
        if not self.by_slot:
            return [list(channels)]
        from redis.crc import key_slot

        in_order = sorted(channels, key=key_slot)
        return [list(group) for _, group in groupby(in_order, key_slot)]


PLAIN = Dialect("PUBLISH", "SUBSCRIBE", "UNSUBSCRIBE", b"message", b"subscribe", b"unsubscribe", by_slot=False)
SHARDED = Dialect("SPUBLISH", "SSUBSCRIBE", "SUNSUBSCRIBE", b"smessage", b"ssubscribe", b"sunsubscribe", by_slot=True)
