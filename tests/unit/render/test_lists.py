"""Lists cost what changed: which operations go out, and that a KeyedList's log gives the right page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from livets.render import KeyedList
from livets.render.environment import MappingScope
from livets.render.moves import reorder
from tests.unit.render.conftest import Bench

FLAT = (
    "<ul>{% for r in rows %}<li id='r{{ r.id }}' "
    "class=\"{{ 'on' if r.id == pick }}\">{{ r.t }} {{ who }}</li>{% endfor %}</ul>"
)
DEEP = (
    "<div>{% if show %}<ul>{% for r in rows %}<li ts-key='{{ r.id }}'>{% if r.t %}<b>{{ r.t }}</b>{% endif %}"
    ""
    "{% for c in r.t %}<i>{{ c }}{{ who }}</i>{% endfor %}</li>{% else %}<li>none</li>{% endfor %}</ul>"
    "{% endif %}</div>"
)


@dataclass(frozen=True)
class Frozen:
    id: int
    t: str


class Struct(msgspec.Struct):
    id: int
    t: str


def ops(bench: Bench, rows: Any) -> Any:
    diff = bench.change({"rows": rows})
    return diff[1] if diff else []


def test_one_cell_insert_move_delete_and_clear() -> None:
    def rows(*pairs: tuple[int, str]) -> list[dict[str, Any]]:
        return [{"id": i, "t": t} for i, t in pairs]

    bench = Bench(FLAT, {"rows": rows((1, "a"), (2, "b"), (3, "c"), (4, "d")), "pick": 0, "who": ""})
    assert ops(bench, rows((1, "a"), (2, "B"), (3, "c"), (4, "d"))) == [18, 2, "B "]
    assert ops(bench, rows((4, "d"), (1, "a"), (2, "B"), (3, "c"))) == [1, 4, None]
    assert ops(bench, rows((4, "d"), (1, "a"), (3, "c"))) == [2, 2]
    assert ops(bench, rows((4, "d"), (8, "x"), (9, "y"), (1, "a"), (3, "c"))) == [
        3, 4, [8, [8, "", "x "], 9, [9, "", "y "]],
    ]  # fmt: skip
    assert ops(bench, rows((3, "c"), (8, "x"), (9, "y"), (1, "a"), (4, "d"))) == [1, 3, None, 1, 4, 1]
    assert bench.change({"pick": 9}) == [0, [17, 9, "on"]]
    assert bench.change({"pick": 8}) == [0, [17, 8, "on", 17, 9, ""]]
    assert ops(bench, []) == [5, []]
    assert ops(bench, rows((5, "e"))) == [3, None, [5, [5, "", "e "]]]
    assert ops(bench, rows((6, "f"), (7, "g"))) == [5, [6, [6, "", "f "], 7, [7, "", "g "]]]


def test_an_iterator_is_read_once() -> None:
    bench = Bench(FLAT.replace("in rows", "in rows|reverse"), {"rows": [], "pick": 0, "who": ""})
    assert ops(bench, [{"id": 1, "t": "a"}, {"id": 2, "t": "b"}])[0] == 3
    assert ops(bench, [{"id": 2, "t": "a"}]) != []


def test_equal_keys_are_sent_as_a_whole_list_with_suffixes() -> None:
    bench = Bench(FLAT, {"rows": [{"id": 1, "t": "a"}], "pick": 0, "who": ""})
    change = ops(bench, [{"id": 1, "t": "a"}, {"id": "1", "t": "b"}])
    assert change == [5, [1, [1, "", "a "], "1~2", ["1", "", "b "]]]
    ops(bench, [{"id": 2, "t": "a"}, {"id": 1, "t": "b"}])
    ops(bench, [{"id": 2, "t": "a"}, {"id": 1, "t": "c"}])


def test_frozen_items_are_compared_by_identity() -> None:
    read = []

    class Watched(Frozen):
        def __getattribute__(self, name: str) -> Any:
            if name == "t":
                read.append(object.__getattribute__(self, "id"))
            return object.__getattribute__(self, name)

    items = [Watched(i, "x") for i in range(20)]
    bench = Bench(FLAT, {"rows": items, "pick": 0, "who": ""})
    changed = [*items[:7], Watched(7, "y"), *items[8:]]
    read.clear()
    bench.values["rows"] = changed
    assert bench.rendering.diff(bench.scope, {"rows"}).diff == [0, [18, 7, "y "]]
    assert set(read) == {7}


def test_many_rows_are_remembered_as_hashes() -> None:
    rows = [{"id": i, "t": "x"} for i in range(1500)]
    bench = Bench(FLAT, {"rows": rows, "pick": 0, "who": ""})
    changed = [dict(row) for row in rows]
    changed[700]["t"] = "y"
    assert ops(bench, changed) == [0, 700, [0, 700, 1, "", 2, "y "]]
    assert ops(bench, changed[:-1]) == [2, 1499]
    assert ops(bench, changed[10:]) != []


def test_a_keyed_list_costs_its_log_and_never_a_walk() -> None:
    class Counting(KeyedList[Any]):
        walks = 0

        def __iter__(self) -> Any:
            Counting.walks += 1
            return super().__iter__()

    rows = Counting([Struct(i, "x") for i in range(500)])
    bench = Bench(FLAT, {"rows": rows, "pick": 0, "who": ""})
    rows.pop(3)
    Counting.walks = 0

    def diff() -> Any:
        patch = bench.rendering.diff(bench.scope, {"rows"})
        patch.commit()
        rows.commit()
        return patch.diff

    assert diff() == [0, [2, 3]]
    rows.update(250, t="y")
    assert diff() == [0, [18, 250, "y "]]
    rows.insert(Struct(900, "n"), after=7)
    rows.insert(Struct(901, "n"), after=900)
    rows.remove(900)
    assert diff() == [0, [3, 7, [901, [901, "", "n "]]]]
    rows.move(0, after=499)
    assert diff() == [0, [1, 0, 499]]
    assert diff() == []
    assert Counting.walks == 0


def test_what_was_done_while_nothing_was_rendered_adds_up() -> None:
    rows: KeyedList[Any] = KeyedList([Struct(i, "x") for i in range(5)])
    bench = Bench(FLAT, {"rows": rows, "pick": 0, "who": ""})
    rows.update(1, t="a")
    mark = rows.mark()
    rows.clear()
    rows.undo(mark)
    rows.append(Struct(9, "n"))
    rows.settle()
    # what the row looked like is not known any more: all of it
    assert bench.change({"rows": rows}, {"rows"})[1] == [3, 4, [9, [9, "", "n "]], 0, 1, [0, 1, 1, "", 2, "a "]]


def test_a_row_whose_item_changed_while_it_was_out_of_the_list_is_sent_whole() -> None:
    rows: KeyedList[Any] = KeyedList([Struct(i, "x") for i in range(3)])
    bench = Bench(FLAT, {"rows": rows, "pick": 0, "who": ""})
    rows.update(1, t="y")
    item = rows.pop(1)
    item.t = "z"
    rows.append(item)
    rows.update(1, t="z")
    assert bench.change({"rows": rows}, {"rows"})[1] == [1, 1, 2, 0, 1, [0, 1, 1, "", 2, "z "]]


operations = st.lists(
    st.tuples(
        st.sampled_from(
            ["insert", "append", "prepend", "remove", "move", "swap", "update", "clear", "replace", "undo"]
        ),
        st.integers(0, 9),
        st.one_of(st.none(), st.integers(0, 9)),
        st.sampled_from(["", "a", "bc", "<"]),
    ),
    max_size=8,
)
steps = st.lists(
    st.tuples(operations, st.integers(0, 9), st.sampled_from(["", "w"]), st.booleans(), st.booleans()),
    min_size=6,
    max_size=6,
)


def perform(rows: KeyedList[Any], make: Any, kind: str, key: int, other: int | None, text: str) -> None:
    mark = rows.mark()
    if kind in ("insert", "append", "prepend") and key not in rows:
        if kind == "insert" and (other is None or other in rows):
            rows.insert(make(key, text), after=other)
        elif kind == "append":
            rows.append(make(key, text))
        elif kind == "prepend":
            rows.prepend(make(key, text))
    elif kind == "clear" and key == 0:
        rows.clear()
    elif key in rows:
        if kind == "remove":
            rows.remove(key)
        elif kind == "move" and (other is None or other in rows):
            rows.move(key, after=other)
        elif kind == "swap" and other in rows and other is not None:
            rows.swap(key, other)
        elif kind == "update":
            rows.update(key, t=text)
        elif kind == "replace":
            rows.replace(make(key, text))
        elif kind == "undo":
            rows.remove(key)
            rows.undo(mark)


def check_keyed(source: str, make: Any, start: list[int], steps: list[Any]) -> None:
    rows: KeyedList[Any] = KeyedList([make(key, "s") for key in start])
    bench = Bench(source, {"rows": rows, "pick": 0, "who": "", "show": True})
    rows.commit()
    for done, pick, who, show, renders in steps:
        note((done, pick, who, show, renders))
        for operation in done:
            perform(rows, make, *operation)
        if renders:
            dirty = {"rows"} | {n for n, v in (("pick", pick), ("who", who), ("show", show)) if bench.values[n] != v}
            bench.change({"pick": pick, "who": who, "show": show}, dirty)
            rows.commit()
        else:
            rows.settle()


keyed = settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@keyed
@given(st.lists(st.integers(0, 9), unique=True), steps)
def test_a_keyed_list_of_mutable_items_gives_the_right_page(start: list[int], steps: list[Any]) -> None:
    check_keyed(FLAT, Struct, start, steps)


@keyed
@given(st.lists(st.integers(0, 9), unique=True), steps)
def test_a_keyed_list_of_dicts_with_structure_in_rows(start: list[int], steps: list[Any]) -> None:
    check_keyed(DEEP, lambda key, text: {"id": key, "t": text}, start, steps)


@keyed
@given(st.lists(st.integers(0, 9), unique=True), steps)
def test_a_large_keyed_list_keeps_no_values(start: list[int], steps: list[Any]) -> None:
    check_keyed(FLAT, Frozen, [*start, *range(100, 160)], steps)


frozen_steps = st.lists(
    st.tuples(st.lists(st.builds(Frozen, st.integers(0, 9), st.sampled_from(["", "a", "b"])), max_size=8),
              st.integers(0, 9), st.sampled_from(["", "w"]), st.integers(0, 3)),
    min_size=6, max_size=6,
)  # fmt: skip


@keyed
@given(frozen_steps)
def test_frozen_items_give_the_right_page(steps: list[Any]) -> None:
    bench = Bench(FLAT, {"rows": [], "pick": 0, "who": ""})
    items: list[Frozen] = []
    for fresh, pick, who, kept in steps:
        own = {item.id for item in fresh}
        items = [*[item for item in items if item.id not in own][: kept * 2], *fresh]  # equal keys may stay
        if kept == 2:
            items = [replace(item) for item in items]
        bench.change({"rows": items, "pick": pick, "who": who})


@given(st.lists(st.integers(0, 12), unique=True), st.lists(st.integers(0, 12), unique=True))
def test_any_order_can_be_reached(old: list[int], new: list[int]) -> None:
    keys = list(old)
    found = reorder(old, new, lambda index: [])
    while found:
        match found:
            case [1, key, after, *found]:
                keys.remove(key)
                keys.insert(0 if after is None else keys.index(after) + 1, key)
            case [2, key, *found]:
                keys.remove(key)
            case [3, after, pairs, *found]:
                at = 0 if after is None else keys.index(after) + 1
                keys[at:at] = pairs[::2]
            case [4, *found]:
                keys = []
            case [5, pairs, *found]:
                keys = pairs[::2]
    assert keys == new


def test_scopes_are_asked_for_what_rows_read_once() -> None:
    asked = []

    class Scope(MappingScope):
        def resolve(self, name: str) -> Any:
            asked.append(name)
            return super().resolve(name)

    bench = Bench(FLAT, {"rows": [{"id": i, "t": ""} for i in range(50)], "pick": 1, "who": ""})
    bench.template.start().html(Scope(bench.values))
    assert len(asked) <= 6
