"""Numbering, ring, acknowledgements and coalescing, against a channel that writes into a list."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import msgspec
import pytest

from livets import telemetry
from livets.errors import ProtocolError
from livets.transport.channel import Channel
from livets.transport.outbox import ViewOutbox
from livets.wire import Frame, encode_body, limits


class Wire:
    """The far end: frames as [head, body], and a tap that can be closed."""

    def __init__(self) -> None:
        self.frames: list[Any] = []
        self.closed: list[int] = []
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        await self.open.wait()
        if message["type"] == "websocket.close":
            self.closed.append(message["code"])
            return
        self.frames.append(parts(message["bytes"]))


def parts(data: bytes) -> list[Any]:
    """The msgpack values of one WebSocket message."""
    for cut in range(1, len(data)):
        try:
            return [msgspec.msgpack.decode(data[:cut]), msgspec.msgpack.decode(data[cut:])]
        except msgspec.DecodeError:
            continue
    return [msgspec.msgpack.decode(data)]


async def turns(count: int = 6) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def channel(wire: Wire) -> Channel:
    return Channel(wire.send, json=False)


@pytest.fixture
def outbox() -> ViewOutbox:
    return ViewOutbox("v", lambda code, reason: None)


def join(outbox: ViewOutbox, channel: Channel, seen: int = 0, done: int = 0, *, replay: bool = False) -> int:
    return outbox.joined(channel, ["id"], seen=seen, done=done, replay=replay)


async def test_an_ack_of_the_same_turn_rides_on_the_patch(outbox: ViewOutbox, channel: Channel, wire: Wire) -> None:
    join(outbox, channel)
    await turns()
    outbox.patch([0, "a"], 1)
    outbox.ack(1, 1)
    await turns()
    assert wire.frames == [[[1, 1, 0], ["id"]], [[0, 2, 1], [0, "a"]]]


async def test_a_later_ack_comes_alone_and_only_the_last_one(outbox: ViewOutbox, channel: Channel, wire: Wire) -> None:
    join(outbox, channel)
    outbox.patch(encode_body([0, "a"]), 1)
    await turns()
    for ref in (1, 2, 3):
        outbox.ack(ref, ref)
    await turns()
    outbox.ack(3, 3)
    await turns()
    assert wire.frames[1:] == [[[0, 2, 1, 0], [0, "a"]], [[2, 2, 3]]]


async def test_durable_behind_done_is_told(outbox: ViewOutbox, channel: Channel, wire: Wire) -> None:
    join(outbox, channel)
    outbox.ack(2, 0)
    await turns()
    outbox.ack(2, 2)
    await turns()
    assert wire.frames[1:] == [[[2, 1, 2, 0]], [[2, 1, 2]]]


async def test_replay_numbers_the_missed_frames_behind_joined(outbox: ViewOutbox, wire: Wire) -> None:
    first = Channel(wire.send, json=False)
    join(outbox, first)
    for ref in (1, 2, 3):
        outbox.patch([0, str(ref)], ref)
    outbox.seen(2)
    outbox.detach()
    assert not outbox.ready()
    assert [outbox.can_replay(seen) for seen in range(1, 6)] == [False, True, True, True, False]
    second = Wire()
    assert join(outbox, Channel(second.send, json=False), seen=3, done=2, replay=True) == 4
    outbox.patch([0, "4"], 4)
    await turns()
    assert [frame[0][:3] for frame in second.frames] == [[1, 4, 2], [0, 5, 3], [0, 6, 4]]
    assert second.frames[1][1] == [0, "3"]
    assert outbox.can_replay(3)
    outbox.seen(6)
    assert outbox.ring_bytes == 0


async def test_a_fill_ends_what_can_be_replayed(outbox: ViewOutbox, channel: Channel) -> None:
    join(outbox, channel)
    outbox.patch([0, "1"], 1)
    outbox.detach()
    join(outbox, channel, seen=1)
    assert not outbox.can_replay(1)
    assert outbox.can_replay(2)


async def test_before_the_first_join_there_is_nothing_to_replay(outbox: ViewOutbox) -> None:
    assert not outbox.can_replay(0)


async def test_frames_that_were_not_sent_cannot_be_seen(outbox: ViewOutbox, channel: Channel) -> None:
    join(outbox, channel)
    outbox.seen(0)
    outbox.seen(1)
    with pytest.raises(ProtocolError):
        outbox.seen(2)


async def test_the_ring_is_bounded(outbox: ViewOutbox, channel: Channel) -> None:
    join(outbox, channel)
    for ref in range(limits.RING_MAX_FRAMES + 10):
        outbox.patch([0, "x"], ref)
    assert not outbox.can_replay(10)
    assert outbox.can_replay(12)
    outbox.patch(encode_body("x" * (limits.RING_MAX_BYTES - 10)), 1000)
    assert outbox.ring_bytes <= limits.RING_MAX_BYTES
    outbox.patch(encode_body("x" * limits.RING_MAX_BYTES), 1001)
    assert outbox.ring_bytes == 0


async def test_errors_of_a_detached_view_wait_for_the_next_join(
    outbox: ViewOutbox, wire: Wire, channel: Channel
) -> None:
    outbox.error("bad", "words", 3)
    join(outbox, channel)
    await turns()
    assert wire.frames[1] == [[3, 1, 0], ["bad", "words", 3]]


async def test_a_full_channel_stops_rendering_until_half_is_sent(
    outbox: ViewOutbox, channel: Channel, wire: Wire
) -> None:
    rooms: list[bool] = []
    channel.on_room = lambda: rooms.append(outbox.ready())
    wire.open.clear()
    join(outbox, channel)
    body = encode_body(["x" * 50_000])
    count = 0
    while outbox.ready():
        outbox.patch(body, 0)
        count += 1
    assert count == 6
    await turns()
    assert rooms == []
    assert channel.has_stalled(asyncio.get_running_loop().time() + limits.WRITE_STALL_S + 60)
    assert not channel.has_stalled(asyncio.get_running_loop().time())
    wire.open.set()
    await channel.drained()
    await turns(20)
    assert rooms == [True]
    assert channel.unsent_bytes == 0
    assert len(wire.frames) == 7


async def test_close_sends_what_waits_first_unless_now(outbox: ViewOutbox, wire: Wire) -> None:
    polite, rude = Channel(wire.send, json=False), Channel(wire.send, json=False)
    join(outbox, polite)
    polite.close(4409, "moved")
    await turns()
    assert (len(wire.frames), wire.closed) == (1, [4409])
    join(outbox, rude)
    rude.close(4400, now=True)
    await turns()
    assert (len(wire.frames), wire.closed) == (1, [4409, 4400])
    assert not outbox.ready()


async def test_milestones(outbox: ViewOutbox, channel: Channel) -> None:
    seen: list[tuple[str, str, int]] = []
    stop = telemetry.listen(lambda *mark: seen.append(mark))
    try:
        join(outbox, channel)
        await turns()
        seen.clear()
        outbox.patch([0, "a"], 1)
        outbox.ack(1, 1)
        await turns()
    finally:
        stop()
    assert [name for name, _, _ in seen] == ["patch.encoded", "ack.sending", "patch.sent", "ack.sent"]
    assert {(view, ref) for _, view, ref in seen} == {("v", 1)}


async def test_a_socket_that_fails_ends_quietly(outbox: ViewOutbox) -> None:
    async def broken(message: MutableMapping[str, Any]) -> None:
        raise ConnectionResetError

    channel = Channel(broken, json=False)
    join(outbox, channel)
    await turns()
    assert channel.has_ended
    outbox.patch([0, "a"], 1)
    await turns()
    assert not channel.is_sending


def test_the_kinds_used_here_are_the_wires() -> None:
    assert (Frame.PATCH, Frame.JOINED, Frame.ACK, Frame.ERROR) == (0, 1, 2, 3)
