"""Our client of a Redis Cluster on a real one: commands reach the node of their key, whatever moves or dies."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from redis.crc import key_slot
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from livets.redis_client import connect
from livets.redis_cluster import RedisCluster as Client
from livets.redis_script import Script
from tests.support.redis_cluster import PRIMARIES, RedisCluster
from tests.support.wait import until

pytestmark = pytest.mark.redis

KEYS = [f"key{n}" for n in range(60)]


@contextlib.asynccontextmanager
async def client_of(cluster: RedisCluster, *, timeout_s: float = 5.0) -> AsyncIterator[Client]:
    client = connect(cluster.url, timeout_s=timeout_s, max_connections=4)
    try:
        yield client
    finally:
        await client.aclose()


async def set_all(client: Client, value: str) -> None:
    await asyncio.gather(*(client.set(key, value) for key in KEYS))


async def test_a_fresh_client_can_be_used_by_many_at_once(redis_cluster: RedisCluster) -> None:
    """redis-py 8.1's cluster client failed here one time out of three."""
    for round_ in range(20):
        async with client_of(redis_cluster) as client:
            script = Script(client, "return redis.call('INCR', KEYS[1])")
            assert await asyncio.gather(*(script([key], []) for key in KEYS)) == [round_ + 1] * len(KEYS)


async def test_pipelines_answer_in_their_order_from_all_nodes(redis_cluster: RedisCluster) -> None:
    assert {redis_cluster.owner(key).port for key in KEYS} == {node.port for node in redis_cluster.nodes[:PRIMARIES]}
    async with client_of(redis_cluster) as client:
        async with client.pipeline() as pipeline:
            for key in KEYS:
                pipeline.set(key, key)
                pipeline.get(key)
            answers = await pipeline.execute()
        assert answers == [answer for key in KEYS for answer in (True, key.encode())]
        async with client.pipeline() as pipeline:
            pipeline.get(KEYS[0])
            pipeline.hget(KEYS[1], "no hash")
            pipeline.get(KEYS[2])
            first, second, third = await pipeline.execute(raise_on_error=False)
            assert (first, third) == (KEYS[0].encode(), KEYS[2].encode())
            assert isinstance(second, ResponseError)
            pipeline.hget(KEYS[1], "no hash")
            with pytest.raises(ResponseError, match="WRONGTYPE"):
                await pipeline.execute()


async def test_a_slot_that_is_on_its_way(redis_cluster: RedisCluster) -> None:
    """Some keys are here, some are there already: ASK, which holds for one command of one connection."""
    keys = [f"{{moving}}{n}" for n in range(40)]
    source = redis_cluster.owner(keys[0])
    target = redis_cluster.nodes[(redis_cluster.nodes.index(source) + 1) % PRIMARIES]
    slot = str(key_slot(b"moving"))
    source_id, target_id = (node.command("CLUSTER", "MYID").split(b"\r\n")[1].decode() for node in (source, target))
    async with client_of(redis_cluster) as client:
        await asyncio.gather(*(client.set(key, key) for key in keys))
        target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", source_id)
        source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", target_id)
        source.command("MIGRATE", "127.0.0.1", str(target.port), "", "0", "5000", "KEYS", *keys[::2])
        assert await asyncio.gather(*(client.get(key) for key in keys)) == [key.encode() for key in keys]
        async with client.pipeline() as pipeline:
            for key in keys:
                pipeline.append(key, "!")
            assert await pipeline.execute() == [len(key) + 1 for key in keys]
        redis_cluster.move(keys[0], target)
        assert await asyncio.gather(*(client.get(key) for key in keys)) == [f"{key}!".encode() for key in keys]


async def test_slots_that_have_moved_and_a_primary_that_died(redis_cluster: RedisCluster) -> None:
    async with client_of(redis_cluster) as client:
        await set_all(client, "before")
        for key in KEYS[:5]:
            owner = redis_cluster.nodes.index(redis_cluster.owner(key))
            redis_cluster.move(key, redis_cluster.nodes[(owner + 1) % PRIMARIES])
        assert await asyncio.gather(*(client.get(key) for key in KEYS)) == [b"before"] * len(KEYS)

        alive = [key for key in KEYS if redis_cluster.owner(key) is not redis_cluster.nodes[0]]
        redis_cluster.nodes[0].kill()
        assert await asyncio.gather(*(client.get(key) for key in alive)) == [b"before"] * len(alive)

        async def all_written() -> bool:
            with contextlib.suppress(Exception):
                await set_all(client, "after")
                return True
            return False

        await until(all_written, "the replica to take over", timeout_s=20)
        assert await asyncio.gather(*(client.get(key) for key in KEYS)) == [b"after"] * len(KEYS)


async def test_a_frozen_node_holds_up_its_own_commands_only() -> None:
    cluster = RedisCluster(options=["--cluster-require-full-coverage", "no"])
    try:
        cluster.start()
        async with client_of(cluster, timeout_s=2.0) as client:
            await set_all(client, "x")
            frozen = cluster.nodes[1]
            there = [key for key in KEYS if cluster.owner(key) is frozen]
            elsewhere = [key for key in KEYS if key not in there]
            frozen.pause()
            held = asyncio.gather(*(client.get(key) for key in there[:3]), return_exceptions=True)
            assert await asyncio.gather(*(client.get(key) for key in elsewhere)) == [b"x"] * len(elsewhere)
            assert not held.done()
            assert all(isinstance(answer, RedisTimeoutError) for answer in await held)
            frozen.resume()
            await until(lambda: _answers(client, there[0]), timeout_s=20)
    finally:
        cluster.close()


async def _answers(client: Client, key: str) -> bool:
    with contextlib.suppress(Exception):
        return bool(await client.get(key) == b"x")
    return False
