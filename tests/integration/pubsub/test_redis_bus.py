"""The Redis bus on a healthy Redis: delivery, order, authenticity, and nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import random

import pytest

from livets.errors import ConfigError
from livets.pubsub import BusError, Message, RedisBus
from livets.pubsub.envelope import Envelope, Envelopes
from tests.integration.pubsub.worker import KEY, MakeWorker
from tests.support.fault_proxy import FaultProxy
from tests.support.ports import HOST
from tests.support.redis_server import RedisServer
from tests.support.wait import until


async def test_messages_reach_both_workers_once(make_worker: MakeWorker) -> None:
    here, there = make_worker(), make_worker()
    here.bus.subscribe("todos", "v1", "changed")
    there.bus.subscribe("todos", "v2", "changed")
    there.bus.subscribe("todos", "v3", "renamed")
    await here.listens("todos")
    await there.listens("todos")
    await here.bus.publish("todos", b"milk", "v1.1.0")
    assert [(view, m.data) for view, _, m in here.heard] == [("v1", b"milk")]  # before Redis is asked
    await until(lambda: len(there.heard) == 2)
    assert [(view, name, m.data) for view, name, m in there.heard] == [
        ("v2", "changed", b"milk"),
        ("v3", "renamed", b"milk"),
    ]
    await there.bus.publish("todos", b"bread", "v2.1.0")
    await until(lambda: len(here.heard) == 2)
    assert here.data == [b"milk", b"bread"]
    assert here.gaps == there.gaps == 0


async def test_topics_may_have_any_name(make_worker: MakeWorker) -> None:
    here, there = make_worker(), make_worker()
    topics = ["", " ", "a:b", "raum/größe 😀", "x\0y\r\n", "*", "t" * 5000]
    for topic in topics:
        there.bus.subscribe(topic, "v", "n")
    for topic in topics:
        await there.listens(topic)
        await here.bus.publish(topic, b"x", topic)
    await until(lambda: len(there.heard) == len(topics))
    assert [m.topic for _, _, m in there.heard] == topics
    with pytest.raises(UnicodeEncodeError):
        there.bus.subscribe("\ud800", "v", "n")
    assert "\ud800" not in there.bus._topics


async def test_each_publishers_order_holds_under_concurrency(make_worker: MakeWorker) -> None:
    senders, ear = [make_worker() for _ in range(3)], make_worker()
    ear.bus.subscribe("t", "v", "n")
    await ear.listens("t")
    chooser = random.Random(7)
    publications = []
    for n in range(900):
        sender = chooser.choice(senders)
        publications.append(asyncio.create_task(sender.bus.publish("t", b"%d" % n, f"effect-{n}")))
        if chooser.random() < 0.05:
            await asyncio.sleep(0)
    await asyncio.gather(*publications)
    await until(lambda: len(ear.heard) == 900)
    assert ear.gaps == 0
    by_epoch: dict[str, list[Message]] = {}
    for _, _, message in ear.heard:
        by_epoch.setdefault(message.epoch, []).append(message)
    assert len(by_epoch) == 3
    for messages in by_epoch.values():
        assert [m.seq for m in messages] == list(range(1, len(messages) + 1))
        assert [int(m.data) for m in messages] == sorted(int(m.data) for m in messages)
    assert sum(ear.bus.position("t").values()) == 900


async def test_an_effect_sent_again_by_another_worker_is_dropped(make_worker: MakeWorker) -> None:
    first, second, ear = make_worker(), make_worker(), make_worker()
    ear.bus.subscribe("t", "v", "n")
    await ear.listens("t")
    await first.bus.publish("t", b"once", "view.5.0")
    await first.bus.close()  # the worker died; the view lives on elsewhere and sends its effect again
    await second.bus.publish("t", b"once", "view.5.0")
    await second.bus.publish("t", b"next", "view.6.0")
    await until(lambda: ear.data[-1:] == [b"next"])
    assert ear.data == [b"once", b"next"]
    assert ear.bus.dropped == {"repeat": 1}


async def test_what_was_published_before_redis_confirmed_is_told_as_a_gap(
    make_worker: MakeWorker, redis_server: RedisServer
) -> None:
    with FaultProxy(redis_server.port) as proxy:
        here, there = make_worker(), make_worker(f"redis://{HOST}:{proxy.port}")
        there.bus.subscribe("other", "v", "n")
        await there.listens("other")
        proxy.up.latency_s = 0.1
        there.bus.subscribe("t", "v", "n")
        await here.bus.publish("t", b"missed", "1")
        await there.listens("t")
        assert [(m.topic, m.data, m.gap) for _, _, m in there.heard] == [("t", b"", True)]
        await here.bus.publish("t", b"heard", "2")
        await until(lambda: there.data == [b"heard"])
        assert there.gaps == 1


async def test_a_subscription_to_a_quiet_topic_needs_no_resync(
    make_worker: MakeWorker, redis_server: RedisServer
) -> None:
    here, there = make_worker(), make_worker()
    await here.bus.publish("t", b"long ago", "1")
    assert redis_server.command("PEXPIRE", "livets:recent:t", "5000") == b":1\r\n"  # as if 5 s had passed
    there.bus.subscribe("t", "v", "n")
    there.bus.subscribe("silent", "v", "n")
    await there.listens("t")
    await there.listens("silent")
    assert there.heard == []


async def test_garbage_and_forgeries_are_dropped_and_counted(
    make_worker: MakeWorker, redis_server: RedisServer, tmp_path: object, caplog: pytest.LogCaptureFixture
) -> None:
    worker, stranger = make_worker(), make_worker(key=b"somebody else's key.............")
    worker.bus.subscribe("t", "v", "n")
    worker.bus.subscribe("u", "v", "n")
    await worker.listens("t")
    await worker.listens("u")
    canary = f"{tmp_path}/canary"
    pickle_bomb = b"cos\nsystem\n(S'touch " + canary.encode() + b"'\ntR."
    yaml_bomb = b"!!python/object/apply:os.system ['touch " + canary.encode() + b"']"
    sealed_for_u = Envelopes([KEY]).seal(Envelope("u", "e", 1, "x", b"data"))
    bombs = [b"", b"x", b"\0" * 40, pickle_bomb, yaml_bomb, os.urandom(500), b"\x91" * 5000, sealed_for_u]
    for bomb in bombs:
        assert redis_server.command("PUBLISH", "livets:topic:t", bomb) == b":1\r\n"
    await stranger.bus.publish("t", b"forged", "f")
    await worker.bus.publish("t", b"good", "1")
    other = make_worker()
    await other.bus.publish("t", b"good too", "2")
    await until(lambda: worker.data == [b"good", b"good too"])
    assert sum(worker.bus.dropped.values()) == len(bombs) + 1
    assert worker.bus.dropped["garbage"] == 2
    assert worker.gaps == 0
    assert not os.path.exists(canary)
    assert len(caplog.records) < len(bombs)


async def test_a_thousand_subscriptions_leave_nothing_behind(
    make_worker: MakeWorker, redis_server: RedisServer
) -> None:
    worker, sender = make_worker(), make_worker()
    worker.bus.subscribe("always", "v", "n")
    await worker.listens("always")
    await sender.bus.publish("always", b"x", "0")
    await until(lambda: worker.data == [b"x"])
    gc.collect()
    tasks, clients = len(asyncio.all_tasks()), redis_server.command("CLIENT", "LIST").count(b"id=")
    descriptors = len(os.listdir("/proc/self/fd"))
    for n in range(1000):
        worker.bus.subscribe(f"topic-{n % 50}", f"v{n}", "n")
        if n % 10 == 0:
            await sender.bus.publish(f"topic-{n % 50}", b"x", f"e{n}")
        if n >= 20:
            worker.bus.unsubscribe(f"topic-{(n - 20) % 50}", f"v{n - 20}")
    for n in range(980, 1000):
        worker.bus.unsubscribe(f"topic-{n % 50}", f"v{n}")
    await until(
        lambda: redis_server.command("PUBSUB", "CHANNELS").startswith(b"*1\r\n"), "Redis to forget the channels"
    )
    await until(lambda: worker.bus._check is None)
    incoming = worker.bus._incoming
    assert len(worker.bus._topics) == len(incoming._wanted) == len(incoming._asked) == 1
    assert not any((incoming._changed, incoming._lost, incoming._unconfirmed, worker.bus._since, worker.bus._fresh))
    assert len(asyncio.all_tasks()) <= tasks
    assert redis_server.command("CLIENT", "LIST").count(b"id=") <= clients + 1  # the one that asks after gaps
    assert len(os.listdir("/proc/self/fd")) <= descriptors + 1


async def test_subscribing_again_at_once_keeps_the_subscription(make_worker: MakeWorker) -> None:
    worker, sender = make_worker(), make_worker()
    for _ in range(20):
        worker.bus.subscribe("t", "v", "n")
        await asyncio.sleep(0)
        worker.bus.unsubscribe("t", "v")
        await asyncio.sleep(0)
    worker.bus.subscribe("t", "v", "n")
    await worker.listens("t")
    worker.heard.clear()
    await sender.bus.publish("t", b"x", "1")
    await until(lambda: worker.data == [b"x"])


async def test_closing_ends_tasks_and_connections(make_worker: MakeWorker, redis_server: RedisServer) -> None:
    tasks = asyncio.all_tasks()
    worker = make_worker()
    worker.bus.subscribe("t", "v", "n")
    await worker.listens("t")
    await worker.bus.publish("t", b"x", "1")
    redis_server.pause()
    waiting = asyncio.create_task(worker.bus.publish("t", b"y", "2"))
    await until(lambda: worker.data == [b"x", b"y"])
    await worker.bus.close()
    await worker.bus.close()
    with pytest.raises(BusError):
        await waiting
    assert asyncio.all_tasks() == tasks
    redis_server.resume()
    await until(lambda: redis_server.command("CLIENT", "LIST").count(b"id=") == 1)  # the one that asks


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(ConfigError, match="LIVETS_SECRET_KEY"):
        RedisBus("redis://localhost", b"short")
    with pytest.raises(ConfigError, match="redis://host"):
        RedisBus("localhost:6379", KEY)


async def test_closing_at_the_moment_of_a_ping_ends_too(make_worker: MakeWorker) -> None:
    """The client library takes a cancellation that comes together with its own timeout for the timeout."""
    for number in range(100):
        worker = make_worker(ping_s=0.02)
        worker.bus.subscribe("t", "v", "n")
        await worker.listens("t")
        await asyncio.sleep(0.0185 + number % 20 * 0.0001)
        async with asyncio.timeout(5):
            await worker.bus.close()
