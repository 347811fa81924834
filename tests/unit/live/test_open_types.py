"""Fields that say "anything" (`list`, `dict[str, Any]`): plain data is kept, anything else is told."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import enum
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from livets import KeyedList, LiveView, event
from livets.errors import FieldError
from livets.live import codec
from tests.unit.live.fakes import DurableStore, Stage, send


class Colour(enum.StrEnum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int = 0


class Open(LiveView):
    things: list = []  # type: ignore[type-arg]  # as newcomers write it
    options: dict[str, Any] = {}
    anything: Any = None
    rows: KeyedList[dict[str, Any]] = KeyedList()
    numbers: list[int] = []
    template = "{{ things }}{{ options }}{{ anything }}{{ rows|length }}"

    @event
    async def put(self, value: Any) -> None:
        self.things.append({"name": value, "tags": ["a", 1, None, 2.5, True]})
        self.options["last"] = value
        self.anything = [value]
        self.rows.append({"id": len(self.rows), "value": value})

    @event
    async def odd(self, kind: str) -> None:
        self.options["fine"] = 1
        value = ODD[kind]
        if kind == "lock":
            self.numbers.append(value)  # type: ignore[arg-type]
        self.things.append({"deep": [1, value]})

    @event
    async def odd_row(self) -> None:
        self.rows.append({"id": 100, "when": (1, 2)})

    @event
    async def fail(self) -> None:
        self.things.append(threading.Lock())
        self.numbers.append(threading.Lock())  # type: ignore[arg-type]
        raise ValueError("no")


ODD: dict[str, Any] = {
    "tuple": (1, 2), "set": {1}, "day": datetime.date(2026, 1, 2), "enum": Colour.RED, "point": Point(),
    "lock": threading.Lock(), "markup": Markup("<b>"),
}  # fmt: skip

texts = st.text(st.characters(codec="utf-8"))
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(st.characters(codec="utf-8"))
    | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts | st.integers(0, 99), inner),
    max_leaves=10,
)


@given(plain)
def test_plain_data_comes_back_as_it_was(value: Any) -> None:
    kind = codec.build(Any)
    encoded = kind.encode(value)
    codec.check_round_trip(kind, value, encoded)
    assert repr(kind.decode(encoded)) == repr(value)


async def test_another_worker_has_the_same_plain_data() -> None:
    stage = Stage(DurableStore())
    first, _ = await stage.show(Open, dev=False)
    for value in ("milk", 7, {"a": [1]}):
        await send(first, "put", value)
    await first.durable()
    second, _ = await stage.restore(Open, dev=False)
    assert dict(second.view.state) == dict(first.view.state)
    assert second.view.things[2] == {"name": {"a": [1]}, "tags": ["a", 1, None, 2.5, True]}


@pytest.mark.parametrize("dev", [True, False])
@pytest.mark.parametrize("kind", ODD)
async def test_what_would_come_back_as_something_else_is_told_with_its_place(kind: str, dev: bool) -> None:
    stage = Stage(DurableStore())
    runner, outbox = await stage.show(Open, dev=dev)
    await send(runner, "put", "milk")
    before = copy.deepcopy(dict(runner.view.state))
    await send(runner, "odd", kind)
    assert dict(runner.view.state) == before
    assert [code for code, _, _ in outbox.errors] == ["handler_failed"]
    if dev and kind not in ("lock", "markup"):  # those have no bytes at all
        assert "Open.things cannot be kept" in outbox.errors[0][1]
        assert "[1]['deep'][1]: " in outbox.errors[0][1]
    await send(runner, "put", "eggs")
    assert len(runner.view.things) == 2


async def test_items_of_a_keyed_list_are_looked_at_too() -> None:
    stage = Stage(DurableStore())
    runner, outbox = await stage.show(Open, dev=False)
    await send(runner, "put", "milk")
    await send(runner, "odd_row")
    assert [row["id"] for row in runner.view.rows] == [0]
    assert [code for code, _, _ in outbox.errors] == ["handler_failed"]


async def test_what_cannot_be_encoded_at_all_is_taken_back_with_the_handler_that_failed() -> None:
    stage = Stage(DurableStore())
    runner, _ = await stage.show(Open, dev=False)
    await send(runner, "put", "milk")
    await send(runner, "fail")
    assert len(runner.view.things) == 1
    assert runner.view.numbers == []


async def test_mount_is_looked_at_too() -> None:
    class Mounted(LiveView):
        things: dict[str, Any] = {}
        template = "{{ things }}"

        def mount(self) -> None:
            self.things = {"day": datetime.date(2026, 1, 2)}

    runner = Stage(DurableStore()).runner(Mounted, dev=False)
    with pytest.raises(
        FieldError,
        match=r"Mounted\.things .*\['day'\]: datetime\.date\(2026, 1, 2\) \(date\) would come back as '2026-01-02'",
    ):
        await runner.mount()
