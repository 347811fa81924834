"""Handlers in templates: names and literals, read in one pass, never evaluated."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livets.wire import codec
from livets.wire.call import read_call
from livets.wire.messages import Event


@pytest.mark.parametrize(
    ("text", "name", "args"),
    [
        ("save", "save", []),
        (" save ( ) ", "save", []),
        ("add(1, -2.5, true, null)", "add", [1, -2.5, True, None]),
        (
            r"""add('it\'s', 'say "hi"', '(a, b)', 'a\\"b', "x'y")""",
            "add",
            ["it's", 'say "hi"', "(a, b)", 'a\\"b', "x'y"],
        ),
        ("""add([1, {"a": 'b'}])""", "add", [[1, {"a": "b"}]]),
    ],
)
def test_names_and_literals(text: str, name: str, args: list[object]) -> None:
    assert read_call(text) == (name, args)


@pytest.mark.parametrize("text", ["", "(1)", "a b", "add(x)", "add('", "add(1", "add(1))", "add(__import__('os'))"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no handler|no end|no JSON"):
        read_call(text)


@given(st.lists(st.text() | st.integers(-(2**53), 2**53) | st.booleans() | st.none()))
def test_whatever_json_can_say_is_read_back(args: list[object]) -> None:
    assert read_call(f"go({json.dumps(args)[1:-1]})") == ("go", args)


@pytest.mark.parametrize("text", ["x('" + "\\'" * 32_000, "x(" + "'\"" * 16_000, "x(" + "[" * 60_000 + ")"])
def test_hostile_text_costs_no_time(text: str) -> None:
    start = time.process_time()
    with pytest.raises(ValueError, match=r"no handler|no end|no JSON"):
        read_call(text)
    assert time.process_time() - start < 0.2


def test_events_arrive_with_name_and_arguments_apart() -> None:
    event = codec.decode("[1, 7, 0, \"add(1, 'x')\", [], {}, {}, 0]")
    assert isinstance(event, Event)
    assert (event.ref, event.handler, event.args) == (7, "add", [1, "x"])
    plain = codec.decode('[1, 7, 0, "add", [3], {}, {}, 0]')
    assert isinstance(plain, Event)
    assert (plain.handler, plain.args) == ("add", [3])
    broken = codec.decode('[1, 7, 0, "add(", [], {}, {}, 0]')
    assert isinstance(broken, Event)
    assert broken.handler == "add("
