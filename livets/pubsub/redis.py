"""The bus of many workers: local delivery at once, the others through Redis Pub/Sub.

What it promises: messages of one publisher on one topic arrive in order, each at most once; what may have been
missed is told, never kept quiet: the subscribers get a message with `gap` set, and their views `resync()`. The
occasions for that are
- a number is missing in what a publisher sent (one of its messages never reached Redis);
- the connection to Redis was lost, for whatever reason, and is subscribed again (that message is empty, `seq` 0);
- `subscribe` returned, but Redis had not confirmed yet, when somebody published (empty, too). Each PUBLISH leaves a key
  that lives for ten seconds, and a fresh subscriber asks for its age; older than the subscription: nothing was missed.
When Redis is down, subscribers on this worker go on as before, and `publish` raises BusError after it has delivered
to them. Publish again with the same effect id: those who have it drop the repeat.
In a Redis Cluster each topic lives on one node, by sharded pub/sub where the cluster has it (ADR 0010); a topic that
moves to another node is told as a gap.
Must run on the event loop. Redis itself is imported when a RedisBus is made, not with this module.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from livets.pubsub.bus import Message
from livets.pubsub.envelope import Envelope, Envelopes
from livets.pubsub.incoming import Incoming
from livets.pubsub.local import LocalBus
from livets.pubsub.outgoing import RECENT_MS, Outgoing
from livets.pubsub.refusal import check_message
from livets.pubsub.shards import Shards
from livets.pubsub.stopping import stop
from livets.pubsub.topics import Deliver
from livets.pubsub.topology import Topology
from livets.redis_client import connect, failures, is_cluster

_MAX_CONNECTIONS = 4
"""For commands: one task publishes, one asks what was published."""

_logger = logging.getLogger("livets.pubsub")


class RedisBus(LocalBus):
    """`Bus` between workers that share a Redis and a key."""

    def __init__(
        self,
        url: str,
        key: bytes | Sequence[bytes],
        deliver: Deliver | None = None,
        *,
        prefix: str = "livets:",
        timeout_s: float = 5.0,
        ping_s: float = 5.0,
    ) -> None:
        """`key` authenticates what comes from Redis; of several, the first one signs and all are accepted.

        `timeout_s` bounds each command; a Redis that has been silent for twice `ping_s` counts as lost.
        Raises ConfigError for a URL or a key that can't be used.
        """
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
        from redis.exceptions import ConnectionError as RedisConnectionError

        self._envelopes = Envelopes([key] if isinstance(key, bytes) else key)
        once = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
        self._client = client = connect(url, timeout_s=timeout_s, max_connections=_MAX_CONNECTIONS, retry=once)
        self._failures = failures()
        super().__init__(deliver)
        self._incoming: Incoming | Shards
        if is_cluster(url):
            topology = Topology(client)
            self._outgoing = Outgoing(client, topology)
            self._incoming = Shards(topology, receive=self._receive, subscribed=self._subscribed, ping_s=ping_s)
            # What is between braces decides on the slot: of one topic, all is at one node.
            self._channels, self._recents, self._end = f"{prefix}topic{{:", f"{prefix}recent{{:", "}"
        else:
            make = client.connection_pool.make_connection
            self._outgoing = Outgoing(client)
            self._incoming = Incoming(make, receive=self._receive, subscribed=self._subscribed, ping_s=ping_s)
            self._channels, self._recents, self._end = f"{prefix}topic:", f"{prefix}recent:", ""
        self._since: dict[str, float] = {}
        """Topics whose subscription Redis has not confirmed (or not been asked about) yet -> when it began."""
        self._fresh: set[str] = set()
        self._check: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether messages of other workers can arrive at this moment."""
        return self._incoming.connected

    async def publish(self, topic: str, data: bytes, effect_id: str) -> None:
        """Deliver `data` on this worker, then on all others; returns when Redis has it.

        Raises BusError when Redis may not have it; subscribers of this worker have it all the same. Raises
        MessageRefused for what no bus will ever carry; nobody has it then.
        """
        check_message(topic, data)
        epoch, seq = self._numbering.next(topic)
        sealed = self._envelopes.seal(Envelope(topic, epoch, seq, effect_id, data))
        self._topics.accept(Message(topic, data, epoch, seq, effect_id))
        await self._outgoing.send(self._channel(topic), self._recent_key(topic), sealed)

    def subscribe(self, topic: str, view_id: str, name: str) -> None:
        """Deliver messages of `topic` to `deliver(view_id, name, message)`; a view's second name replaces the first.

        Returns at once. What others publish before Redis has confirmed is told as a gap.
        """
        channel, now = self._channel(topic), asyncio.get_running_loop().time()
        if self._topics.add(topic, view_id, name):
            self._since[topic] = now
            self._incoming.want(channel)

    def unsubscribe(self, topic: str, view_id: str) -> None:
        """End that subscription; unknown ones are ignored."""
        if self._topics.remove(topic, view_id):
            self._since.pop(topic, None)
            self._fresh.discard(topic)
            self._incoming.unwant(self._channel(topic))

    def position(self, topic: str) -> dict[str, int]:
        """Last sequence number per publisher epoch: of this worker always, of others while somebody subscribes."""
        positions = self._topics.position(topic)
        last = self._numbering.last(topic)
        return positions if last is None else positions | dict([last])

    async def close(self) -> None:
        """Drop connections, tasks and subscribers; publications that still wait fail."""
        self._topics.clear()
        await stop(self._check)
        await self._incoming.close()
        await self._outgoing.close()
        await self._client.aclose()

    def _channel(self, topic: str) -> bytes:
        return f"{self._channels}{topic}{self._end}".encode()

    def _recent_key(self, topic: str) -> bytes:
        return f"{self._recents}{topic}{self._end}".encode()

    def _receive(self, channel: bytes, sealed: bytes) -> None:
        envelope = self._envelopes.open(sealed)
        if isinstance(envelope, Envelope) and self._channel(envelope.topic) != channel:
            envelope = "forged"
        if isinstance(envelope, str):
            self.dropped[envelope] += 1
            count = self.dropped[envelope]
            if count & (count - 1) == 0:  # the 1st, 2nd, 4th, 8th, …: a flood can't fill the log
                _logger.warning("dropped a %s message on %r (%d so far)", envelope, channel, count)
        elif not self._numbering.owns(envelope.epoch):
            message = Message(envelope.topic, envelope.data, envelope.epoch, envelope.seq, envelope.effect_id)
            self._topics.accept(message)

    def _subscribed(self, channel: bytes, lost: bool) -> None:
        topic = channel.decode().removeprefix(self._channels).removesuffix(self._end)
        if lost:
            self._since.pop(topic, None)
            self._topics.miss(topic)
        elif topic in self._since:
            self._fresh.add(topic)
            if self._check is None:
                self._check = asyncio.create_task(self._check_fresh(), name="livets-bus-check")

    async def _check_fresh(self) -> None:
        """Ask whether anything was published between `subscribe` and its confirmation."""
        loop = asyncio.get_running_loop()
        try:
            while self._fresh:
                topics = [(topic, self._since.pop(topic)) for topic in self._fresh]
                self._fresh.clear()
                try:
                    async with self._client.pipeline(transaction=False) as pipeline:
                        for topic, _ in topics:
                            pipeline.pttl(self._recent_key(topic))
                        lives_ms = await pipeline.execute(raise_on_error=False)
                except self._failures:
                    lives_ms = [RECENT_MS] * len(topics)
                for (topic, since), life_ms in zip(topics, lives_ms, strict=True):
                    window_ms = (loop.time() - since) * 1000
                    if not _published_before(life_ms, window_ms):
                        self._topics.miss(topic)
        finally:
            self._check = None


def _published_before(life_ms: object, window_ms: float) -> bool:
    """Whether the last publication, judged by what its key has left to live, is older than `window_ms`."""
    if not isinstance(life_ms, int) or window_ms >= RECENT_MS:
        return False
    return life_ms == -2 or (life_ms >= 0 and RECENT_MS - life_ms > window_ms + 1)
