"""The bus on a real Redis Cluster: each topic at its node, in order; what moves or dies is told as a gap (ADR 0010)."""

from __future__ import annotations

import asyncio
import re

import pytest

from livets.pubsub import BusError
from livets.pubsub.shards import Shards
from tests.integration.pubsub.worker import MakeWorker, Worker
from tests.support.redis_cluster import PRIMARIES, RedisCluster
from tests.support.redis_server import RedisServer
from tests.support.wait import until


def channel(topic: str) -> str:
    return f"livets:topic{{:{topic}}}"


def topics_of_all_nodes(cluster: RedisCluster) -> list[str]:
    """One topic for each primary, in their order."""
    found: dict[int, str] = {}
    for number in range(1000):
        found.setdefault(cluster.owner(channel(f"t{number}")).port, f"t{number}")
        if len(found) == PRIMARIES:
            break
    return [found[node.port] for node in cluster.nodes[:PRIMARIES]]


def sharded(node: RedisServer) -> int:
    """How many sharded channels somebody hears at this node."""
    return len(re.findall(rb"livets:topic", node.command("PUBSUB", "SHARDCHANNELS")))


async def listening(worker: Worker, *topics: str) -> None:
    """Until all is confirmed; what was told on the way is forgotten."""
    shards = worker.bus._incoming
    assert isinstance(shards, Shards)
    wanted = {channel(topic).encode() for topic in topics}

    def is_done() -> bool:
        at = [(one, shards._nodes[shards._at[one]]) for one in wanted if one in shards._at]
        confirmed = all(one in node._asked and not node._unconfirmed for one, node in at)
        return len(at) == len(wanted) and confirmed and not worker.bus._since and worker.bus._check is None

    await until(is_done, f"{topics[:5]} to be heard", timeout_s=15)
    worker.heard.clear()


async def published(worker: Worker, topic: str, data: bytes) -> None:
    """As the effects of a view are: again and again with the same id until Redis has it."""
    for _ in range(60):
        try:
            return await worker.bus.publish(topic, data, f"{topic}:{data!r}")
        except BusError:
            await asyncio.sleep(0.1)
    raise AssertionError(f"{data!r} was never taken")


async def test_topics_are_spread_over_the_nodes_and_in_order(
    make_worker: MakeWorker, redis_cluster: RedisCluster
) -> None:
    here, there = make_worker(redis_cluster.url), make_worker(redis_cluster.url)
    topics = topics_of_all_nodes(redis_cluster)
    for topic in topics:
        there.bus.subscribe(topic, "v", "n")
    await listening(there, *topics)
    assert [sharded(node) for node in redis_cluster.nodes[:PRIMARIES]] == [1, 1, 1]
    await asyncio.gather(*(here.bus.publish(topic, b"%d" % n, f"{topic}{n}") for n in range(100) for topic in topics))
    await until(lambda: len(there.data) == 300)
    for topic in topics:
        assert [m.data for _, _, m in there.heard if m.topic == topic] == [b"%d" % n for n in range(100)]
    assert there.gaps == 0
    there.bus.unsubscribe(topics[0], "v")
    await until(lambda: sharded(redis_cluster.nodes[0]) == 0)
    await here.bus.publish(topics[0], b"unheard", "e")
    await here.bus.publish(topics[1], b"heard", "e")
    await until(lambda: there.data[-1] == b"heard")
    assert len(there.data) == 301


async def test_many_topics_of_one_worker(make_worker: MakeWorker, redis_cluster: RedisCluster) -> None:
    here, there = make_worker(redis_cluster.url), make_worker(redis_cluster.url)
    topics = [f"room {n} {{odd}} }}" for n in range(1200)]
    for topic in topics:
        there.bus.subscribe(topic, "v", "n")
    await listening(there, *topics)
    for topic in topics[::100]:
        await here.bus.publish(topic, topic.encode(), topic)
    await until(lambda: [data.decode() for data in there.data] == topics[::100])


async def test_a_slot_that_moves_takes_its_topic_along_and_tells_of_a_gap(
    make_worker: MakeWorker, redis_cluster: RedisCluster
) -> None:
    here, there = make_worker(redis_cluster.url), make_worker(redis_cluster.url)
    moving, staying, _ = topics_of_all_nodes(redis_cluster)
    for topic in (moving, staying):
        there.bus.subscribe(topic, "v", "n")
    await listening(there, moving, staying)
    await here.bus.publish(moving, b"before", "e1")
    await until(lambda: there.data == [b"before"])
    redis_cluster.move(channel(moving), redis_cluster.nodes[2])
    await until(lambda: there.gaps == 1, "the gap to be told")
    await published(here, moving, b"after")
    await here.bus.publish(staying, b"other", "e3")
    await until(lambda: there.data == [b"before", b"after", b"other"])
    assert [m.topic for _, _, m in there.heard if m.gap] == [moving], "nobody else has to ask again"
    assert (sharded(redis_cluster.nodes[0]), sharded(redis_cluster.nodes[2])) == (0, 1)


async def test_a_subscription_with_old_knowledge_of_the_cluster(
    make_worker: MakeWorker, redis_cluster: RedisCluster
) -> None:
    """The slot has moved before anybody here listens: Redis says MOVED, and the connection to that node stays."""
    here, there = make_worker(redis_cluster.url), make_worker(redis_cluster.url)
    moving = topics_of_all_nodes(redis_cluster)[0]
    beside = next(f"b{n}" for n in range(9999) if redis_cluster.owner(channel(f"b{n}")) is redis_cluster.nodes[0])
    there.bus.subscribe(beside, "v", "n")
    await listening(there, beside)
    redis_cluster.move(channel(moving), redis_cluster.nodes[1])
    there.bus.subscribe(moving, "v", "n")
    await until(lambda: sharded(redis_cluster.nodes[1]) == 1)
    await listening(there, moving, beside)
    await published(here, moving, b"x")
    await published(here, beside, b"y")
    await until(lambda: there.data == [b"x", b"y"])
    assert there.gaps == 0


async def test_a_primary_dies_and_its_replica_takes_over(make_worker: MakeWorker, redis_cluster: RedisCluster) -> None:
    here, there = make_worker(redis_cluster.url), make_worker(redis_cluster.url)
    dying, staying, _ = topics_of_all_nodes(redis_cluster)
    for worker in (here, there):
        worker.bus.subscribe(dying, "v", "n")
        worker.bus.subscribe(staying, "v", "n")
    await listening(here, dying, staying)
    await listening(there, dying, staying)
    redis_cluster.nodes[0].kill()
    with pytest.raises(BusError):
        await here.bus.publish(dying, b"1", "e1")
    assert here.data == [b"1"], "local delivery goes on"
    await here.bus.publish(staying, b"2", "e2")
    await until(lambda: there.data == [b"2"], "the other nodes serve on")
    await until(lambda: sharded(redis_cluster.nodes[PRIMARIES]) == 1, "the replica to be heard", timeout_s=20)
    await until(lambda: {message.topic for _, _, message in there.heard if message.gap} == {dying}, "its gap alone")
    await published(here, dying, b"3")
    await until(lambda: there.data == [b"2", b"3"])
    assert here.data == [b"1", b"2", b"3"]


async def test_without_sharded_pubsub_any_node_will_do(make_worker: MakeWorker) -> None:
    """What a cluster of Redis 6 looks like: the commands are not there."""
    old = RedisCluster(options=["--rename-command", "SPUBLISH", "", "--rename-command", "SSUBSCRIBE", ""])
    try:
        old.start()
        here, there = make_worker(old.url), make_worker(old.url)
        topics = topics_of_all_nodes(old)
        for topic in topics:
            there.bus.subscribe(topic, "v", "n")
        await listening(there, *topics)
        rounds = 0

        async def all_heard() -> bool:
            """Nodes pass on what they get to those that they have a link to by now."""
            nonlocal rounds
            rounds += 1
            for topic in topics:
                await here.bus.publish(topic, topic.encode(), f"{topic}:{rounds}")
            await asyncio.sleep(0.1)
            return {data.decode() for data in there.data} == set(topics)

        await until(all_heard, timeout_s=20)
        await there.bus.close()
        await here.bus.close()
    finally:
        old.close()
