"""Values: what is one, what it becomes, and that it comes back the same from each written form."""

from __future__ import annotations

import asyncio
import contextlib
import math
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from livets.engine.coercion import TABLE, coerce, coercion
from livets.engine.encoding import canonical, content_hash, from_json, from_plain, pack, to_json, to_plain, unpack
from livets.engine.errors import ValueFault
from livets.engine.stream import Stream, StreamClosed
from livets.engine.values import Blob, Json, Kind, check, kind_of, to_value

plain_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
blobs = st.builds(lambda b, n: Blob(b.hex(), n), st.binary(min_size=32, max_size=32), st.integers(0, 2**40))
keys = st.text(max_size=6) | st.sampled_from(["$bytes", "$object", "$json", "$number", "$blob", "type", "value"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | blobs
values = st.recursive(
    scalars | plain_json.map(Json),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=15,
)


def alike(a: Any, b: Any) -> bool:
    """Equal in value and kind, all the way down; nan equals nan, -0.0 is not 0.0, 1 is not 1.0 is not True."""
    if type(a) is not type(b):
        return False
    if type(a) is float:
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if type(a) is list:
        return len(a) == len(b) and all(map(alike, a, b))
    if type(a) is dict:
        return list(a) == list(b) and all(alike(a[k], b[k]) for k in a)
    if type(a) is Json:
        return alike(a.data, b.data)
    return bool(a == b)


@given(values)
def test_json_form_loses_nothing(value: Any) -> None:
    assert alike(from_json(to_json(value)), value)


@given(values)
def test_msgpack_form_loses_nothing(value: Any) -> None:
    assert alike(unpack(pack(value)), value)


def shuffled(value: Any) -> Any:
    if type(value) is dict:
        return {key: shuffled(value[key]) for key in reversed(value)}
    return [shuffled(x) for x in value] if type(value) is list else value


@given(values)
def test_the_hash_does_not_depend_on_the_order_of_keys(value: Any) -> None:
    assert content_hash(shuffled(value)) == content_hash(value)
    assert content_hash(unpack(pack(value))) == content_hash(value)


@given(values, values)
def test_different_values_have_different_canonical_forms(a: Any, b: Any) -> None:
    def sort(value: Any) -> Any:
        if type(value) is dict:
            return {key: sort(value[key]) for key in sorted(value)}
        if type(value) is Json:
            return Json(sort(value.data))
        return [sort(x) for x in value] if type(value) is list else value

    assert (canonical(a) == canonical(b)) == alike(sort(a), sort(b))


def test_bytes_and_their_reference_have_one_hash() -> None:
    import hashlib

    data = b"x" * 100_000
    assert content_hash([data]) == content_hash([Blob(hashlib.sha256(data).hexdigest(), len(data))])


def test_an_object_that_looks_like_a_tagged_value_stays_an_object() -> None:
    # The document's own implementation reads any two-key object with a "type" as a tagged value, and fails.
    for odd in ({"type": "String", "value": "x"}, {"type": "x", "n": 1}, {"$bytes": "no"}, {"$object": {"$json": 1}}):
        assert from_json(to_json(odd)) == odd


def test_whole_numbers_above_2_to_the_53_survive() -> None:
    for number in (2**53 + 1, -(2**63) - 1, 2**64, 10**40):
        assert from_json(to_json([number])) == [number] == unpack(pack([number]))


@dataclass
class Point:
    x: int


class Size(msgspec.Struct):
    width: float


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ((1,), "$"),
        ({"a": [0, {1}]}, "$.a[1]"),
        ([object()], "$[0]"),
        ({1: 2}, "$"),
        ([Point(1)], "$[0]"),
        ({"s": Size(1)}, "$.s"),
    ],
)
def test_what_is_no_value_is_named_with_its_place(value: Any, place: str) -> None:
    for function in (check, to_json, pack, canonical):
        with pytest.raises(ValueFault) as caught:
            function(value)
        assert caught.value.path == place


def test_what_cannot_be_written_down_is_refused_before() -> None:
    loop: list[Any] = []
    loop.append(loop)
    deep: Any = 0
    for _ in range(5000):
        deep = [deep]
    for value in (loop, deep, "\ud800", {"\ud800": 1}, Json(math.nan), Json(b"x"), Json((1,)), Json(loop)):
        with pytest.raises(ValueFault):
            check(value)


@pytest.mark.parametrize(
    "text",
    [
        '{"$bytes": 1}',
        '{"$bytes": "!"}',
        '{"$number": "7"}',
        '{"$blob": ["zz", 1]}',
        '{"$new": 1}',
        "{",
        '{"$object": 3}',
    ],
)
def test_malformed_forms_are_refused(text: str) -> None:
    with pytest.raises(ValueFault):
        from_json(text)


@given(st.binary(max_size=40))
@example(b'"\x80"')
def test_no_bytes_make_the_reader_do_anything_but_refuse(data: bytes) -> None:
    for read in (unpack, from_json):
        with contextlib.suppress(ValueFault):
            read(data)


def test_structs_and_tuples_become_values() -> None:
    assert to_value([Point(1), Size(2.0), (3, (4,))]) == [{"x": 1}, {"width": 2.0}, [3, [4]]]
    same = {"a": [1, {"b": 2}]}
    assert to_value(same) is same
    assert from_plain(to_plain(same)) == same


SAMPLES: dict[Kind, list[Any]] = {
    Kind.NULL: [None],
    Kind.BOOL: [True, False],
    Kind.INT: [0, 7, -(2**40)],
    Kind.NUMBER: [0.5, -3.0, math.inf],
    Kind.STRING: ["", "true", "12", "é", '{"a":1}'],
    Kind.BYTES: [b"", b"hi"],
    Kind.JSON: [Json(None), Json({"a": 1}), Json([1]), Json(3), Json(2.5), Json(True)],
    Kind.ARRAY: [[], [1, "a"]],
    Kind.OBJECT: [{}, {"a": b"x"}],
}


@pytest.mark.parametrize("source", SAMPLES)
@pytest.mark.parametrize("target", SAMPLES)
def test_a_coercion_gives_its_kind_or_refuses(source: Kind, target: Kind) -> None:
    known = source is target or (source, target) in TABLE
    assert (coercion(source, target) is not None) is known
    for value in SAMPLES[source]:
        try:
            got = coerce(value, target)
        except ValueFault:
            continue
        assert known
        assert kind_of(got) is target


@given(st.integers())
def test_ints_never_lose_digits_on_their_way(number: int) -> None:
    assert coerce(coerce(number, Kind.STRING), Kind.INT) == number
    try:
        assert coerce(coerce(number, Kind.NUMBER), Kind.INT) == number
    except ValueFault:
        assert abs(number) > 2**53


@given(st.floats(allow_nan=False))
def test_numbers_survive_as_text(number: float) -> None:
    assert coerce(coerce(number, Kind.STRING), Kind.NUMBER) == number


def test_a_coercion_that_would_lose_something_fails() -> None:
    for value, target in (
        (3.5, Kind.INT),
        (math.nan, Kind.INT),
        ("yes", Kind.BOOL),
        (b"\xff", Kind.STRING),
        ("1x", Kind.INT),
    ):
        with pytest.raises(ValueFault):
            coerce(value, target)


async def test_a_full_stream_makes_its_writer_wait() -> None:
    stream = Stream(2)
    sent: list[int] = []

    async def write() -> None:
        for n in range(5):
            await stream.send(n)
            sent.append(n)
        stream.close()

    writer = asyncio.create_task(write())
    for _ in range(10):
        await asyncio.sleep(0)
    assert sent == [0, 1]
    assert await stream.collect() == [0, 1, 2, 3, 4]
    await writer
    with pytest.raises(StreamClosed):
        await stream.send(1)
    assert kind_of(stream) is Kind.STREAM
    with pytest.raises(ValueFault, match="collect it first"):
        pack(stream)


async def test_a_failed_stream_gives_what_was_sent_then_the_error() -> None:
    stream = Stream()
    await stream.send("a")
    stream.fail(RuntimeError("broken"))
    assert await anext(stream) == "a"
    with pytest.raises(RuntimeError, match="broken"):
        await anext(stream)


async def test_tee_gives_each_reader_everything() -> None:
    stream = Stream(1)
    readers, feeding = stream.tee(3, capacity=1)

    async def write() -> None:
        for n in range(20):
            await stream.send(n)
        stream.close()

    got = await asyncio.gather(*(reader.collect() for reader in readers), write())
    assert got[:3] == [list(range(20))] * 3
    await feeding
