"""The tool that makes messages come twice, however the network cuts them: a proof is worth what its tools are worth."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from tests.support.duplicates import RedisCommands, WebSocketFrames

HANDSHAKE = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"
Cuts = st.lists(st.integers(1, 40), max_size=40)


def in_parts(feed: Callable[[bytes], bytes], data: bytes, cuts: list[int]) -> bytes:
    out = b""
    for size in cuts:
        out, data = out + feed(data[:size]), data[size:]
    return out + feed(data)


@given(st.lists(st.binary(max_size=300), max_size=6), Cuts, st.booleans())
def test_frames_but_the_first_go_on_twice(payloads: list[bytes], cuts: list[int], masked: bool) -> None:
    frames = [Frame(Opcode.BINARY, payload).serialize(mask=masked) for payload in payloads]
    ping = Frame(Opcode.PING, b"x").serialize(mask=masked)
    frames_up = HANDSHAKE + ping + b"".join(frames)
    wanted = HANDSHAKE + ping + b"".join(frame * (1 + (number > 0)) for number, frame in enumerate(frames))
    repeats = WebSocketFrames()
    assert in_parts(repeats.up, frames_up, cuts) == wanted
    assert repeats.repeated == max(0, len(frames) - 1)


@given(Cuts)
def test_what_is_no_websocket_goes_on_as_it_is(cuts: list[int]) -> None:
    data = b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"
    assert in_parts(WebSocketFrames().up, data, cuts) == data


def command(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


@given(Cuts, Cuts)
def test_commands_that_change_something_are_sent_twice_and_answered_once(cuts: list[int], others: list[int]) -> None:
    repeats, get, put = RedisCommands(), command(b"GET", b"a"), command(b"SET", b"a", b"\r\n$1")
    assert in_parts(repeats.up, get + put + get, cuts) == get + 2 * put + get
    said = b"$1\r\nx\r\n" + b"+OK\r\n" + b"$-1\r\n" + b"*2\r\n:1\r\n*1\r\n$2\r\n\r\n\r\n"
    assert in_parts(repeats.down, said, others) == b"$1\r\nx\r\n" + b"$-1\r\n" + b"*2\r\n:1\r\n*1\r\n$2\r\n\r\n\r\n"
    assert repeats.repeated == 1


@given(Cuts)
def test_published_messages_arrive_twice(cuts: list[int]) -> None:
    repeats = RedisCommands()
    repeats.up(command(b"SUBSCRIBE", b"t"))
    confirmed = b"*3\r\n$9\r\nsubscribe\r\n$1\r\nt\r\n:1\r\n"
    message = command(b"message", b"t", b"hi")
    assert in_parts(repeats.down, confirmed + message, cuts) == confirmed + 2 * message
