"""The bus of one process, and the local half that every bus shares."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livets.errors import ConfigError
from livets.pubsub import Bus, MemoryBus, Message, MessageRefused, RedisBus
from livets.pubsub.numbering import Numbering
from livets.pubsub.refusal import MAX_DATA_BYTES
from livets.pubsub.topics import MAX_EPOCHS, MAX_REPEATS, Topics


class Ears:
    """Takes what a bus delivers."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, Message]] = []

    def __call__(self, view_id: str, name: str, message: Message) -> None:
        self.heard.append((view_id, name, message))

    def of(self, view_id: str) -> list[bytes]:
        return [message.data for view, _, message in self.heard if view == view_id]

    @property
    def gaps(self) -> list[bool]:
        return [message.gap for _, _, message in self.heard]


@pytest.fixture
def ears() -> Ears:
    return Ears()


def message(seq: int, *, epoch: str = "e", effect_id: str = "", topic: str = "t") -> Message:
    return Message(topic, b"%d" % seq, epoch, seq, effect_id)


async def test_every_subscriber_gets_the_message_under_the_name_it_gave(ears: Ears) -> None:
    bus: Bus = MemoryBus(ears)
    bus.subscribe("todos", "v1", "changed")
    bus.subscribe("todos", "v2", "on_todos")
    bus.subscribe("other", "v3", "changed")
    await bus.publish("todos", b"milk", "v9.1.0")
    assert [(view, name, m.data) for view, name, m in ears.heard] == [
        ("v1", "changed", b"milk"),
        ("v2", "on_todos", b"milk"),
    ]
    (_, _, first), _ = ears.heard
    assert (first.topic, first.seq, first.effect_id, first.gap) == ("todos", 1, "v9.1.0", False)


async def test_publishing_delivers_before_it_returns_and_numbers_each_topic(ears: Ears) -> None:
    bus = MemoryBus(ears)
    for topic in ("a", "b"):
        bus.subscribe(topic, "v", topic)
    for n in range(3):
        await bus.publish("a", b"%d" % n, f"a{n}")
    await bus.publish("b", b"x", "b0")
    assert [(m.topic, m.seq) for _, _, m in ears.heard] == [("a", 1), ("a", 2), ("a", 3), ("b", 1)]
    assert len({m.epoch for _, _, m in ears.heard}) == 1


async def test_a_repeated_effect_is_delivered_once(ears: Ears) -> None:
    bus = MemoryBus(ears)
    bus.subscribe("t", "v", "n")
    await bus.publish("t", b"once", "v1.7.0")
    await bus.publish("t", b"once", "v1.7.0")
    await bus.publish("t", b"no id", "")
    await bus.publish("t", b"no id", "")
    assert ears.of("v") == [b"once", b"no id", b"no id"]
    assert bus.dropped == {"repeat": 1}
    assert not any(ears.gaps)


async def test_an_ended_subscription_gets_nothing_and_unknown_ones_are_ignored(ears: Ears) -> None:
    bus = MemoryBus(ears)
    bus.subscribe("t", "v1", "n")
    bus.subscribe("t", "v2", "n")
    bus.subscribe("t", "v2", "later name")
    bus.unsubscribe("t", "v1")
    bus.unsubscribe("t", "v1")
    bus.unsubscribe("nowhere", "v1")
    await bus.publish("t", b"x", "1")
    assert [(view, name) for view, name, _ in ears.heard] == [("v2", "later name")]


async def test_position_tells_whether_something_was_published_meanwhile(ears: Ears) -> None:
    bus = MemoryBus(ears)
    assert bus.position("t") == {}
    await bus.publish("t", b"nobody listens", "1")
    noted = bus.position("t")
    assert list(noted.values()) == [1]
    assert bus.position("t") == noted
    await bus.publish("t", b"nobody listens", "2")
    assert bus.position("t") != noted


async def test_a_failing_receiver_does_not_harm_the_others(ears: Ears, caplog: pytest.LogCaptureFixture) -> None:
    def deliver(view_id: str, name: str, message: Message) -> None:
        if view_id == "bad":
            raise RuntimeError("no")
        ears(view_id, name, message)

    bus = MemoryBus()
    bus.deliver = deliver
    bus.subscribe("t", "bad", "n")
    bus.subscribe("t", "good", "n")
    await bus.publish("t", b"x", "1")
    assert ears.of("good") == [b"x"]
    assert "to n of view bad failed" in caplog.text


async def test_a_receiver_may_unsubscribe_while_it_receives() -> None:
    bus = MemoryBus()
    heard: list[str] = []

    def deliver(view_id: str, name: str, message: Message) -> None:
        heard.append(view_id)
        for view in ("v1", "v2"):
            bus.unsubscribe("t", view)

    bus.deliver = deliver
    bus.subscribe("t", "v1", "n")
    bus.subscribe("t", "v2", "n")
    await bus.publish("t", b"x", "1")
    await bus.publish("t", b"y", "2")
    assert heard == ["v1", "v2"]


@pytest.mark.parametrize("make", [MemoryBus, lambda ears: RedisBus("redis://127.0.0.1:1", b"k" * 32, ears)])
async def test_what_no_bus_will_carry_is_refused_before_anybody_hears_it(
    make: Callable[[Ears], MemoryBus | RedisBus], ears: Ears
) -> None:
    bus = make(ears)
    with pytest.raises(MessageRefused, match="limit"):
        await bus.publish("t", bytes(MAX_DATA_BYTES + 1), "1")
    with pytest.raises(MessageRefused, match="Unicode"):
        await bus.publish("\ud800", b"", "1")
    with pytest.raises(MessageRefused, match="topic of"):
        await bus.publish("t" * 10_000, b"", "1")
    assert ears.heard == []
    assert bus.position("t") == {}
    await bus.close()


def test_a_bus_without_a_receiver_says_so() -> None:
    with pytest.raises(ConfigError, match="deliver"):
        MemoryBus().subscribe("t", "v", "n")


def test_a_missing_number_is_a_gap_of_that_publisher_only(ears: Ears) -> None:
    topics = Topics(ears)
    topics.add("t", "v", "n")
    for seq, epoch in ((7, "e"), (8, "e"), (3, "f"), (10, "e"), (4, "f"), (11, "e")):
        topics.accept(message(seq, epoch=epoch))
    assert ears.gaps == [False, False, False, True, False, False]
    assert topics.position("t") == {"e": 11, "f": 4}


def test_late_messages_are_dropped(ears: Ears) -> None:
    topics = Topics(ears)
    topics.add("t", "v", "n")
    for seq in (5, 4, 5, 6):
        topics.accept(message(seq))
    assert ears.of("v") == [b"5", b"6"]
    assert topics.dropped == {"late": 2}


def test_a_repeat_after_a_gap_still_tells_the_gap(ears: Ears) -> None:
    topics = Topics(ears)
    topics.add("t", "v", "n")
    topics.accept(message(1, effect_id="a"))
    topics.accept(message(3, effect_id="a"))
    assert ears.of("v") == [b"1", b""]
    assert ears.gaps == [False, True]


def test_after_a_loss_everybody_hears_of_it_and_counting_starts_anew(ears: Ears) -> None:
    topics = Topics(ears)
    topics.add("t", "v1", "n")
    topics.add("t", "v2", "m")
    topics.accept(message(1))
    ears.heard.clear()
    topics.miss("t")
    topics.miss("unknown")
    assert [(view, name, m.data, m.seq, m.gap) for view, name, m in ears.heard] == [
        ("v1", "n", b"", 0, True),
        ("v2", "m", b"", 0, True),
    ]
    ears.heard.clear()
    topics.accept(message(9))
    assert ears.gaps == [False, False]


def test_memory_of_epochs_and_effects_is_bounded(ears: Ears) -> None:
    topics = Topics(ears)
    topics.add("t", "v", "n")
    for n in range(MAX_REPEATS + 500):
        topics.accept(message(1, epoch=f"e{n}", effect_id=f"x{n}"))
        topics.accept(message(2 * n, epoch="talkative"))
    assert sum(ears.gaps) == MAX_REPEATS + 499, "an epoch that is heard of again and again was forgotten"
    assert len(topics.position("t")) == MAX_EPOCHS
    assert len(topics._topics["t"].effects) == MAX_REPEATS


async def test_nothing_is_left_after_a_thousand_subscriptions(ears: Ears) -> None:
    bus = MemoryBus(ears)

    async def round_(n: int) -> None:
        bus.subscribe("t", f"v{n}", "n")
        await bus.publish("t", b"x", f"{n}")
        bus.unsubscribe("t", f"v{n}")
        ears.heard.clear()

    for n in range(100):
        await round_(n)
    tasks = len(asyncio.all_tasks())
    tracemalloc.start()
    try:
        for n in range(100, 200):
            await round_(n)
        before, _ = tracemalloc.get_traced_memory()
        for n in range(200, 1200):
            await round_(n)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 10_000
    assert len(asyncio.all_tasks()) == tasks
    assert len(bus._topics) == 0


def test_a_forgotten_topic_starts_a_new_epoch() -> None:
    numbering = Numbering(max_topics=2)
    first = numbering.next("a")
    assert numbering.next("a") == (first[0], 2)
    for topic in "bcd":
        numbering.next(topic)
    again = numbering.next("a")
    assert again[1] == 1
    assert again[0] != first[0]
    assert numbering.owns(again[0])
    assert numbering.owns(first[0])
    assert not Numbering().owns(first[0])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=60))
def test_whatever_is_lost_on_the_way_is_told_and_order_holds(script: list[tuple[str, bool]]) -> None:
    """Messages of three publishers of which any may be lost: a receiver that heard no gap has heard everything."""
    ears = Ears()
    topics = Topics(ears)
    topics.add("t", "v", "n")
    sent = dict.fromkeys("abc", 0)
    expected: list[tuple[str, int, bool]] = []
    arrived: dict[str, int] = {}
    for publisher, lost in script:
        sent[publisher] += 1
        if lost:
            continue
        gap = publisher in arrived and arrived[publisher] != sent[publisher] - 1
        arrived[publisher] = sent[publisher]
        topics.accept(message(sent[publisher], epoch=publisher, effect_id=f"{publisher}{sent[publisher]}"))
        expected.append((publisher, sent[publisher], gap))
    assert [(m.epoch, m.seq, m.gap) for _, _, m in ears.heard] == expected
