"""The test tools themselves: a proof is worth what its tools are worth."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.fault_proxy import FaultProxy
from tests.support.ports import HOST, free_port
from tests.support.redis_server import RedisServer
from tests.support.round_robin import RoundRobin
from tests.support.wait import TimedOut, until


@pytest_asyncio.fixture
async def echo() -> AsyncIterator[int]:
    """A server that sends back what it gets."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1000):
                writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def ask(port: int, words: bytes = b"hello") -> tuple[bytes, float]:
    started = time.monotonic()
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(words)
        answer = await reader.readexactly(len(words))
        return answer, time.monotonic() - started
    finally:
        writer.close()


async def test_the_proxy_adds_latency_each_way(echo: int) -> None:
    with FaultProxy(echo, latency_s=0.03) as proxy:
        answer, elapsed_s = await ask(proxy.port)
        assert answer == b"hello"
        assert elapsed_s >= 0.06
        proxy.up.latency_s = proxy.down.latency_s = 0
        _, elapsed_s = await ask(proxy.port)
        assert elapsed_s < 0.06


async def test_the_proxy_resets_and_refuses(echo: int) -> None:
    with FaultProxy(echo) as proxy:
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        writer.write(b"x")
        assert await reader.read(1) == b"x"
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        writer.close()
        proxy.refuse = True
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await ask(proxy.port)


async def test_the_proxy_swallows_one_direction(echo: int) -> None:
    with FaultProxy(echo) as proxy:
        proxy.down.blackhole = True
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask(proxy.port), 0.1)
        assert proxy.up.total_bytes == 5
        assert proxy.down.total_bytes == 0


async def test_the_proxy_limits_bandwidth(echo: int) -> None:
    with FaultProxy(echo) as proxy:
        proxy.up.bytes_per_s = 100_000
        _, elapsed_s = await ask(proxy.port, b"x" * 100)
        assert elapsed_s < 0.1
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        writer.write(b"x" * 10_000)
        await reader.readexactly(10_000)
        started = time.monotonic()
        writer.write(b"y")
        await reader.readexactly(1)
        assert time.monotonic() - started >= 0.05
        writer.close()


async def test_round_robin_takes_turns_and_skips_the_dead(echo: int) -> None:
    dead = free_port()
    with FaultProxy(echo) as one, FaultProxy(echo) as other:
        with RoundRobin([one.port, other.port, dead]) as balancer:
            for _ in range(6):
                assert (await ask(balancer.port))[0] == b"hello"
        assert one.connections == 3
        assert other.connections == 3


async def test_redis_restarts_on_its_port_and_forgets(redis_server: RedisServer) -> None:
    assert redis_server.command("SET", "a", "1") == b"+OK\r\n"
    redis_server.kill()
    with pytest.raises(ConnectionRefusedError):
        redis_server.command("PING")
    redis_server.start()
    assert redis_server.command("GET", "a") == b"$-1\r\n"


async def test_waiting_in_vain_says_for_what() -> None:
    with pytest.raises(TimedOut, match="the moon to fall"):
        await until(lambda: False, "the moon to fall", timeout_s=0.02)
