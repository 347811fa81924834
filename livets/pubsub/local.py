"""The half of a bus that every bus has: the subscribers of this worker, and the numbers of what it publishes.

Owns where messages go and the count of those that did not. Never publishes: what reaches other workers, and how, is
each bus's own business. The base of `memory` and `redis`.
"""

from __future__ import annotations

from collections import Counter

from livets.pubsub.numbering import Numbering
from livets.pubsub.topics import Deliver, Topics


class LocalBus:
    """Topics and numbers of one worker."""

    def __init__(self, deliver: Deliver | None = None) -> None:
        self._topics = Topics(deliver)
        self._numbering = Numbering()

    @property
    def deliver(self) -> Deliver | None:
        """Where messages go; the app sets it once, before views subscribe."""
        return self._topics.deliver

    @deliver.setter
    def deliver(self, deliver: Deliver) -> None:
        self._topics.deliver = deliver

    @property
    def dropped(self) -> Counter[str]:
        """Messages not delivered, by reason: `repeat`, `late`; between workers also `garbage` and `forged`."""
        return self._topics.dropped
