"""A Redis bus as a worker would hold it."""

from __future__ import annotations

from collections.abc import Callable

from livets.pubsub import Message, RedisBus
from tests.support.wait import until

KEY = b"a key that all workers share...."


class Worker:
    """A RedisBus and what it delivered."""

    def __init__(self, url: str, key: bytes = KEY, *, timeout_s: float = 1.0, ping_s: float = 5.0) -> None:
        self.heard: list[tuple[str, str, Message]] = []
        self.bus = RedisBus(url, key, self._deliver, timeout_s=timeout_s, ping_s=ping_s)

    def _deliver(self, view_id: str, name: str, message: Message) -> None:
        self.heard.append((view_id, name, message))

    @property
    def data(self) -> list[bytes]:
        """Everything heard, gap messages without data left out."""
        return [message.data for _, _, message in self.heard if message.data]

    @property
    def gaps(self) -> int:
        """How many gaps were told."""
        return sum(message.gap for _, _, message in self.heard)

    async def listens(self, topic: str) -> None:
        """Until Redis has confirmed the subscription and nothing is left to check."""
        channel = f"livets:topic:{topic}".encode()
        await until(
            lambda: (
                channel in self.bus._incoming._asked
                and not self.bus._incoming._unconfirmed
                and not self.bus._since
                and self.bus._check is None
            ),
            f"the subscription of {topic}",
        )


MakeWorker = Callable[..., Worker]
