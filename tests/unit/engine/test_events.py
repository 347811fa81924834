"""The bus: nobody waits, nothing grows, and what was dropped is counted."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from livets.engine.events import Bus, Event, Gap, NewEvent


def event(seq: int) -> Event:
    return Event(seq, "s", "tick", 0.0, {})


@given(st.integers(1, 6), st.lists(st.integers(0, 9), max_size=12))
def test_every_event_is_read_or_counted_as_dropped(capacity: int, bursts: list[int]) -> None:
    bus = Bus()
    listener = bus.subscribe(capacity)
    seq = 0
    expected = 1
    for burst in bursts:
        for _ in range(burst):
            seq += 1
            bus.emit(event(seq))
        for got in listener.take():
            if isinstance(got, Gap):
                assert got.dropped == burst - capacity > 0
                expected += got.dropped
            else:
                assert got.seq == expected
                expected += 1
        assert expected == seq + 1


async def test_a_slow_listener_harms_no_other() -> None:
    bus = Bus()
    slow, quick = bus.subscribe(2), bus.subscribe(100)
    seen: list[int] = []

    async def listen() -> None:
        async for batch in quick:
            seen.extend(one.seq for one in batch if isinstance(one, Event))

    task = asyncio.create_task(listen())
    for seq in range(1, 51):
        bus.emit(event(seq))
        if seq % 10 == 0:
            await asyncio.sleep(0)
    quick.close()
    await task
    assert seen == list(range(1, 51))
    assert slow.take() == [Gap(48), event(49), event(50)]
    slow.close()
    assert not bus
    assert await slow.read() == []


async def test_a_closed_listener_still_reads_what_waited() -> None:
    bus = Bus()
    listener = bus.subscribe(keep=lambda e: e.seq % 2 == 0)
    for seq in range(5):
        bus.emit(event(seq))
    listener.close()
    bus.emit(event(6))
    assert [one.seq async for batch in listener for one in batch if isinstance(one, Event)] == [0, 2, 4]


def test_the_envelope_has_ten_fields_and_a_unique_id() -> None:
    made = NewEvent("flow.run.started", {"a": 1}, ts=5.0, actor="me", corr="c", cause="flow/0:9").at("flow/1", 3)
    assert made.envelope() == {
        "seq": 3, "stream": "flow/1", "id": "flow/1:3", "ts": 5.0, "type": "flow.run.started", "v": 1,
        "actor": "me", "corr": "c", "cause": "flow/0:9", "data": {"a": 1},
    }  # fmt: skip
    assert NewEvent("x", {}).at("s", 1).ts > 0
