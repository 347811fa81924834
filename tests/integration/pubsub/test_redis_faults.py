"""The Redis bus on a Redis that dies, freezes, or is cut off: local delivery goes on, losses are told (T64)."""

from __future__ import annotations

import asyncio
import time

import pytest

from livets.pubsub import BusError
from tests.integration.pubsub.worker import MakeWorker
from tests.support.fault_proxy import FaultProxy
from tests.support.ports import HOST
from tests.support.redis_server import RedisServer
from tests.support.wait import until


async def test_redis_restarts_local_delivery_goes_on_and_everybody_hears_of_the_gap(
    make_worker: MakeWorker, redis_server: RedisServer
) -> None:
    here, there = make_worker(), make_worker()
    here.bus.subscribe("t", "v1", "n")
    there.bus.subscribe("t", "v2", "n")
    await here.listens("t")
    await there.listens("t")
    await here.bus.publish("t", b"1", "e1")
    await until(lambda: there.data == [b"1"])

    redis_server.kill()
    with pytest.raises(BusError):
        await here.bus.publish("t", b"2", "e2")
    assert here.data == [b"1", b"2"]
    await until(lambda: not there.bus.connected)

    redis_server.start()
    await until(lambda: here.gaps == 1 and there.gaps == 1, "the gap to be told")
    await here.bus.publish("t", b"2", "e2")  # the runner's second try
    await here.bus.publish("t", b"3", "e3")
    await until(lambda: there.data == [b"1", b"2", b"3"])
    assert here.data == [b"1", b"2", b"3"]
    assert (here.gaps, there.gaps) == (1, 1)


async def test_views_may_subscribe_while_redis_is_down(make_worker: MakeWorker, redis_server: RedisServer) -> None:
    redis_server.kill()
    worker, sender = make_worker(), make_worker()
    worker.bus.subscribe("t", "v", "n")
    with pytest.raises(BusError):
        await worker.bus.publish("t", b"local", "e1")
    assert worker.data == [b"local"]
    redis_server.start()
    await until(lambda: worker.gaps == 1)
    await worker.listens("t")
    await sender.bus.publish("t", b"x", "e2")
    await until(lambda: worker.data == [b"local", b"x"])


async def test_a_short_freeze_loses_nothing(make_worker: MakeWorker, redis_server: RedisServer) -> None:
    here, there = make_worker(), make_worker(ping_s=0.15)
    there.bus.subscribe("t", "v", "n")
    await there.listens("t")
    await here.bus.publish("t", b"1", "e1")
    redis_server.pause()
    publications = [asyncio.create_task(here.bus.publish("t", b"%d" % n, f"e{n}")) for n in range(2, 12)]
    started = time.monotonic()
    await asyncio.sleep(0.05)
    assert time.monotonic() - started < 0.2  # the loop is not blocked
    redis_server.resume()
    await asyncio.gather(*publications)
    await until(lambda: len(there.data) == 11)
    assert there.data == [b"%d" % n for n in range(1, 12)]
    assert there.gaps == 0


async def test_a_long_freeze_is_noticed_and_told(make_worker: MakeWorker, redis_server: RedisServer) -> None:
    here, there = make_worker(timeout_s=0.2), make_worker(timeout_s=0.2, ping_s=0.1)
    there.bus.subscribe("t", "v", "n")
    await there.listens("t")
    redis_server.pause()
    started = time.monotonic()
    with pytest.raises(BusError):
        await here.bus.publish("t", b"1", "e1")
    assert time.monotonic() - started < 1.5
    await until(lambda: not there.bus.connected)
    redis_server.resume()
    await until(lambda: there.gaps == 1)
    await there.listens("t")
    await here.bus.publish("t", b"1", "e1")
    await here.bus.publish("t", b"2", "e2")
    await until(lambda: there.data[-1:] == [b"2"])
    assert there.data == [b"1", b"2"]


async def test_a_message_that_never_reached_redis_shows_as_a_gap(
    make_worker: MakeWorker, redis_server: RedisServer
) -> None:
    """Only the publisher is cut off: the others' connections never break, the missing number tells them."""
    with FaultProxy(redis_server.port) as proxy:
        here, there = make_worker(f"redis://{HOST}:{proxy.port}"), make_worker()
        there.bus.subscribe("t", "v", "n")
        await there.listens("t")
        await here.bus.publish("t", b"1", "e1")
        proxy.refuse = True
        proxy.reset()
        with pytest.raises(BusError):
            await here.bus.publish("t", b"2", "e2")
        proxy.refuse = False
        await here.bus.publish("t", b"3", "e3")
        await until(lambda: len(there.heard) == 2)
        assert [(m.data, m.gap) for _, _, m in there.heard] == [(b"1", False), (b"3", True)]


async def test_an_answer_that_was_lost_makes_no_double(make_worker: MakeWorker, redis_server: RedisServer) -> None:
    """PUBLISH arrives, its answer does not: the publisher must try again, the others must not hear it twice."""
    with FaultProxy(redis_server.port) as proxy:
        here, there = make_worker(f"redis://{HOST}:{proxy.port}", timeout_s=0.2), make_worker()
        there.bus.subscribe("t", "v", "n")
        await there.listens("t")
        await here.bus.publish("t", b"1", "e1")
        proxy.down.blackhole = True
        with pytest.raises(BusError):
            await here.bus.publish("t", b"2", "e2")
        proxy.down.blackhole = False
        proxy.reset()
        await here.bus.publish("t", b"2", "e2")
        await here.bus.publish("t", b"3", "e3")
        await until(lambda: there.data[-1:] == [b"3"])
        assert there.data == [b"1", b"2", b"3"]
        assert there.gaps == 0


async def test_a_half_open_connection_is_given_up_and_replaced(
    make_worker: MakeWorker, redis_server: RedisServer
) -> None:
    with FaultProxy(redis_server.port, latency_s=0.005) as proxy:
        here, there = make_worker(), make_worker(f"redis://{HOST}:{proxy.port}", timeout_s=0.3, ping_s=0.1)
        there.bus.subscribe("t", "v", "n")
        await there.listens("t")
        proxy.down.blackhole = True
        await here.bus.publish("t", b"lost", "e1")
        await until(lambda: not there.bus.connected)
        proxy.down.blackhole = False
        await until(lambda: there.gaps == 1)
        await here.bus.publish("t", b"heard", "e2")
        await until(lambda: there.data == [b"heard"])


async def test_an_idle_connection_is_kept(make_worker: MakeWorker, redis_server: RedisServer) -> None:
    with FaultProxy(redis_server.port) as proxy:
        here, there = make_worker(), make_worker(f"redis://{HOST}:{proxy.port}", ping_s=0.02)
        there.bus.subscribe("t", "v", "n")
        await there.listens("t")
        connections, sent = proxy.connections, proxy.up.total_bytes
        await until(lambda: proxy.up.total_bytes >= sent + 4 * len(b"*1\r\n$4\r\nPING\r\n"), "four pings")
        assert proxy.connections == connections
        await here.bus.publish("t", b"x", "e1")
        await until(lambda: there.data == [b"x"])
        assert there.gaps == 0


async def test_a_connection_lost_before_redis_confirmed(make_worker: MakeWorker, redis_server: RedisServer) -> None:
    with FaultProxy(redis_server.port) as proxy:
        here, there = make_worker(), make_worker(f"redis://{HOST}:{proxy.port}")
        there.bus.subscribe("other", "v", "n")
        await there.listens("other")
        proxy.down.blackhole = True
        there.bus.subscribe("t", "v", "n")
        await until(lambda: b"livets:topic:t" in there.bus._incoming._unconfirmed)
        proxy.down.blackhole = False
        proxy.reset()
        await until(lambda: {m.topic for _, _, m in there.heard if m.gap} == {"other", "t"})
        await there.listens("t")
        await here.bus.publish("t", b"x", "e1")
        await until(lambda: there.data == [b"x"])


async def test_only_the_confirmation_of_the_last_subscription_counts(
    make_worker: MakeWorker, redis_server: RedisServer
) -> None:
    """Subscribed, ended, subscribed again within one round trip: what is published between the last two is told."""
    channel = b"livets:topic:t"
    with FaultProxy(redis_server.port) as proxy:
        here, there = make_worker(), make_worker(f"redis://{HOST}:{proxy.port}")
        there.bus.subscribe("other", "v", "n")
        await there.listens("other")
        incoming = there.bus._incoming
        proxy.down.latency_s = 0.4
        there.bus.subscribe("t", "v", "n")
        await until(lambda: redis_server.command("PUBSUB", "NUMSUB", "livets:topic:t").endswith(b":1\r\n"))
        there.bus.unsubscribe("t", "v")
        await until(lambda: redis_server.command("PUBSUB", "NUMSUB", "livets:topic:t").endswith(b":0\r\n"))
        proxy.up.latency_s = 0.8
        there.bus.subscribe("t", "v", "n")
        await until(lambda: incoming._unconfirmed[channel] == 2)
        await until(lambda: incoming._unconfirmed[channel] == 1)
        await until(lambda: there.bus._check is None)
        await here.bus.publish("t", b"missed", "e1")
        await there.listens("t")
        assert [(m.topic, m.data, m.gap) for _, _, m in there.heard] == [("t", b"", True)]


async def test_resets_in_quick_succession_lose_nothing_silently(
    make_worker: MakeWorker, redis_server: RedisServer
) -> None:
    """Between two messages that came without a gap there is none that did not come."""
    with FaultProxy(redis_server.port) as proxy:
        here, there = make_worker(), make_worker(f"redis://{HOST}:{proxy.port}")
        there.bus.subscribe("t", "v", "n")
        await there.listens("t")
        for n in range(1, 301):
            await here.bus.publish("t", b"%d" % n, f"e{n}")
            if n % 60 == 30:
                proxy.reset()
        await until(lambda: there.bus.connected)
        await there.listens("t")
        last = 301
        await here.bus.publish("t", b"%d" % last, f"e{last}")
        await until(lambda: there.data[-1:] == [b"%d" % last])
        assert there.gaps >= 1
        expected = 1
        for _, _, message in there.heard:
            if message.gap and not message.data:
                expected = 0
                continue
            assert message.gap or expected in (0, message.seq), f"{expected} was lost without a word"
            expected = message.seq + 1


async def test_a_full_queue_refuses_instead_of_growing(
    make_worker: MakeWorker, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livets.pubsub.outgoing.MAX_WAITING", 5)
    worker = make_worker(timeout_s=0.3)
    worker.bus.subscribe("t", "v", "n")
    await worker.listens("t")
    redis_server.pause()
    publications = [asyncio.create_task(worker.bus.publish("t", b"%d" % n, f"e{n}")) for n in range(20)]
    results = await asyncio.gather(*publications, return_exceptions=True)
    redis_server.resume()
    assert all(isinstance(result, BusError) for result in results)
    assert sum("wait for Redis already" in str(result) for result in results) >= 10
    assert len(worker.data) == 20  # on this worker they all arrived


async def test_what_has_left_makes_room_in_the_queue(make_worker: MakeWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livets.pubsub.outgoing.MAX_WAITING_BYTES", 2000)
    worker = make_worker()
    for n in range(10):
        await worker.bus.publish("t", bytes(1000), f"e{n}")
    with pytest.raises(BusError, match="wait for Redis already"):
        await worker.bus.publish("t", bytes(2000), "too much")


async def test_a_closed_bus_gives_up_whatever_waits(
    make_worker: MakeWorker, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livets.pubsub.outgoing.BATCH", 1)
    worker = make_worker(timeout_s=30)
    redis_server.pause()
    publications = [asyncio.create_task(worker.bus.publish("t", b"%d" % n, f"e{n}")) for n in range(3)]
    await until(lambda: len(worker.bus._outgoing._waiting) == 2)
    await worker.bus.close()
    results = await asyncio.gather(*publications, return_exceptions=True)
    assert [type(result) for result in results] == [BusError] * 3


async def test_a_refusal_by_redis_concerns_one_message_only(make_worker: MakeWorker, redis_server: RedisServer) -> None:
    assert redis_server.command("ACL", "SETUSER", "default", "resetchannels", "&livets:topic:allowed") == b"+OK\r\n"
    worker = make_worker()
    results = await asyncio.gather(
        worker.bus.publish("forbidden", b"x", "e1"), worker.bus.publish("allowed", b"x", "e2"), return_exceptions=True
    )
    assert isinstance(results[0], BusError)
    assert "forbidden" in str(results[0])
    assert results[1] is None
