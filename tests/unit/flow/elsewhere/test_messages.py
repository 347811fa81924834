"""What travels between a run and its workers comes back as it was; what cannot travel is refused with its place."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livets.engine.errors import EngineError, NodeError
from livets.engine.node import Outputs, Suspend
from livets.engine.store import LARGE_BYTES
from livets.engine.values import Blob, Json
from livets.flow.elsewhere import messages
from livets.flow.elsewhere.messages import Told
from livets.flow.location import Given, Work

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(max_size=20)
LARGE = st.sampled_from([os.urandom(LARGE_BYTES), os.urandom(LARGE_BYTES + 1)])
VALUES = st.recursive(
    SCALARS | LARGE | st.builds(lambda: Json({"$bytes": 1})) | st.builds(lambda: Blob("ab" * 32, 3)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def work(**fields: Any) -> Work:
    return Work(
        **{"run": "r", "node": "n", "type": "t", "version": 1, "config": {}, "inputs": {}, "attempt": 2, **fields}
    )


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=3), VALUES)
def test_work_comes_back_as_it_was(inputs: dict[str, Any], state: Any) -> None:
    sent = work(
        inputs=inputs, config={"x": [1]}, state={"s": state}, reducers={"s": "add"}, carrier={"traceparent": "x"}
    )
    message, large = messages.write_work(sent, "session")
    assert messages.read_work(message, large) == (sent, "session")
    assert all(len(one) >= LARGE_BYTES for one in large.values())


@settings(max_examples=40, deadline=None)
@given(VALUES, st.lists(st.tuples(st.text(max_size=3), SCALARS).map(list), max_size=2))
def test_answers_come_back_as_they_were(value: Any, writes: list[list[Any]]) -> None:
    for result in (value, Outputs(a=value), Suspend(3.5, "go", {"prompt": "?"})):
        back = messages.read_answer(messages.write_answer(result, writes))
        assert back == Given(result, writes)
        assert type(back.result) is type(result)


def test_large_bytes_are_sent_once_and_by_reference() -> None:
    data = os.urandom(LARGE_BYTES)
    message, large = messages.write_work(work(inputs={"a": data, "b": [data, {"c": data}]}), "s")
    assert list(large.values()) == [data]
    assert len(message) < 1000


@pytest.mark.parametrize(
    "error", [NodeError("later", "busy", retryable=False, retry_after_s=2.0), ValueError("bad \udc00"), KeyError()]
)
def test_errors_come_back_with_kind_and_message(error: Exception) -> None:
    with pytest.raises(NodeError) as raised:
        messages.read_answer(messages.write_error(error))
    told = raised.value
    if isinstance(error, NodeError):
        assert (str(told), told.kind, told.retryable, told.retry_after_s) == ("later", "busy", False, 2.0)
    else:
        assert told.kind == type(error).__name__
        assert str(told).startswith(told.kind)


def test_what_is_no_value_is_refused_with_its_place() -> None:
    with pytest.raises(NodeError, match=r"cannot be sent: .*x: an object is no value") as raised:
        messages.write_work(work(inputs={"x": object()}), "s")
    assert not raised.value.retryable
    with pytest.raises(NodeError, match="cannot be sent back"):
        messages.write_answer(object(), [])


def test_reports_and_forms() -> None:
    report = messages.write_report("k", Told.EVENT, "progress", {"done": 1})
    assert messages.read_report(report) == ("k", Told.EVENT, "progress", {"done": 1})
    message, _ = messages.write_work(work(), "s")
    with pytest.raises(EngineError, match="different versions of livets"):
        messages.read_work(message.replace(b"form\x01", b"form\x63"), {})
