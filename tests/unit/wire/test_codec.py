"""Whatever bytes a browser sends, decoding gives a message or ProtocolError, and nothing else."""

from __future__ import annotations

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livets.errors import ProtocolError
from livets.wire import Beat, Event, Frame, Heal, Join, Resume, decode, encode_body, encode_client, frame, limits

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
plain = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
payloads = st.dictionaries(st.text(max_size=3), plain, max_size=3)
handlers = st.from_regex(r"(@?[a-z_]\w*)?", fullmatch=True)  # their other forms: test_call.py
counts = st.integers(0, 2**40)
messages = st.one_of(
    st.builds(Join, counts, st.text(), st.text()),
    st.builds(Event, counts, counts, handlers, st.lists(plain, max_size=3), payloads, payloads, counts),
    st.builds(Beat, counts),
    st.builds(Resume, counts, st.text(), st.text(), st.text(), counts, counts, st.text()),
    st.builds(Heal, counts, st.lists(counts | st.text(max_size=5), max_size=4)),
)


@given(messages, st.booleans())
def test_what_a_browser_encodes_is_what_the_server_reads(message: object, json: bool) -> None:
    assert decode(encode_client(message, json=json)) == message


@given(st.binary(max_size=300))
def test_random_bytes_are_refused_or_read(data: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        decode(data)


@given(messages, st.data())
def test_a_flipped_byte_is_refused_or_read(message: object, data: st.DataObject) -> None:
    raw = bytearray(encode_client(message))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(ProtocolError):
        decode(bytes(raw))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x91" * 60_000,
        b"\xdd\xff\xff\xff\xff",
        b"\x98\x01" + b"\xc6\xff\xff\xff\xff",
        "[" * 60_000,
        '[1,1,0,"a",[],{},{},0,9]',
        "[9,1]",
        '[1,1,0,"a",[],{}]',
        '"\ud800"',
    ],
)
def test_hostile_messages_are_refused(raw: bytes | str) -> None:
    with pytest.raises(ProtocolError):
        decode(raw)


def test_extension_types_and_timestamps_are_refused() -> None:
    for strange in (msgspec.msgpack.Ext(5, b"x"), msgspec.msgpack.Ext(-1, b"\0\0\0\0"), b"bytes"):
        for fields in ({"a": strange}, {"a": [strange]}):
            with pytest.raises(ProtocolError):
                decode(encode_body([1, 1, 0, "h", [], {}, fields, 0]))


def test_size_and_depth_are_limited() -> None:
    with pytest.raises(ProtocolError, match="limit"):
        decode(encode_client(Event(1, 0, "x" * limits.MAX_MESSAGE_BYTES, [], {}, {})))
    deep: object = 1
    for _ in range(limits.MAX_DEPTH + 1):
        deep = [deep]
    with pytest.raises(ProtocolError, match="deeper"):
        decode(encode_client(Event(1, 0, "h", [deep], {}, {})))


def test_heads_leave_out_what_the_reader_knows() -> None:
    body = encode_body([0, 7])
    assert frame(Frame.PATCH, 5, 4, 4, body=body) == encode_body([0, 5, 4]) + body
    assert frame(Frame.PATCH, 5, 4, 3, body=body) == encode_body([0, 5, 4, 3]) + body
    assert frame(Frame.ACK, 5, 4, 4, view=2) == encode_body([2, 5, 4, 4, 2])
    assert frame(Frame.PATCH, 5, 4, 4, body=body, json=True) == "[[0,5,4],[0,7]]"
    assert frame(Frame.BEAT, 5, 4, 4, json=True) == "[[5,5,4]]"


def test_a_form_arrives_as_a_map() -> None:
    pairs = '[["a", "1"], ["b", "x"], ["b", "y"], ["file", {}]]'
    event = decode(f'[1, 1, 0, "save", [], {{"form": {pairs}}}, {{}}, 0]')
    assert isinstance(event, Event)
    assert event.payload == {"form": {"a": "1", "b": ["x", "y"], "file": ""}}
    for bad in ("[1]", '["abc"]', "[[[], 1]]"):
        with pytest.raises(ProtocolError):
            decode(f'[1, 1, 0, "save", [], {{"form": {bad}}}, {{}}, 0]')
