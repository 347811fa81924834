"""Views whose lists have changed in the same way share what is sent; random templates too."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livets.render import KeyedList
from tests.support.random_templates import Grammar, random_state
from tests.unit.render.shared import Frozen, Mutable, Plain, View, compiled

ROWS = '<ul>{% for row in rows %}<li ts-key="{{ row.id }}">{{ row.s }} {{ c }}</li>{% endfor %}</ul>'


@pytest.mark.parametrize("kind", [Mutable, Frozen, Plain, lambda id, s: {"id": id, "s": s}])
def test_lists_that_differ_share_what_changed_in_the_same_way(kind: Callable[[int, Any], Any]) -> None:
    template, alone = compiled(ROWS)
    views = [
        View(template, alone, {"rows": KeyedList([kind(1, f"own {n}"), kind(2, "b")]), "c": "."}) for n in range(3)
    ]
    for number, view in enumerate(views):
        rows = view.scope.values["rows"]
        rows.append(kind(3, "new"))
        rows.update(2, s="B")
        assert view.change({"rows"})
        assert len(template.sharing._recent) == 1, number
    for number, view in enumerate(views):
        view.scope.values["rows"].update(1, s="the same")  # it was something else in each
        assert view.change({"rows"})
        assert len(template.sharing._recent) == 2 + number


def test_a_name_that_is_read_besides_the_loop_is_not_taken_for_told() -> None:
    template, alone = compiled(ROWS + "<b>{{ (rows|first).s if on }}</b>")
    for own in ("mine", "yours"):
        view = View(template, alone, {"rows": KeyedList([Frozen(1, own)]), "c": "", "on": False})
        view.scope.values["rows"].append(Frozen(9, "z"))
        view.scope.values["on"] = True
        assert not view.change({"rows", "on"})


def test_what_is_kept_holds_no_view_s_list() -> None:
    template, alone = compiled(ROWS + "{% if on %}" + ROWS + "{{ x }}{% endif %}")
    view = View(template, alone, {"rows": KeyedList([Frozen(1, "a")]), "c": "", "on": True, "x": 1})
    view.scope.values["x"] = 2
    assert not view.change({"x"})


LISTS = compiled(ROWS)


OPERATIONS = st.tuples(
    st.sampled_from(["append", "update", "remove", "move", "touch", "clear", "set", "c"]),
    st.integers(0, 3),
    st.sampled_from(["a", "b", 1, True, 1.0]),
)


@settings(max_examples=100, deadline=None)
@given(
    steps=st.lists(st.tuples(st.sampled_from([(0,), (0, 1), (0, 1, 2)]), st.lists(OPERATIONS, max_size=3)), max_size=8),
    kind=st.sampled_from([Mutable, Frozen]),
    starts=st.lists(st.integers(0, 3), min_size=3, max_size=3),
    keyed=st.booleans(),
)
def test_random_changes_of_lists(
    steps: list[tuple[tuple[int, ...], list[tuple[str, int, Any]]]],
    kind: Callable[[int, Any], Any],
    starts: list[int],
    keyed: bool,
) -> None:
    template, alone = LISTS
    template.sharing.forget()
    views = []
    for count in starts:
        items = [kind(n, "a") for n in range(count)]
        views.append(View(template, alone, {"rows": KeyedList(items) if keyed else items, "c": "a"}))
    for whose, operations in steps:
        for number in whose:
            values = views[number].scope.values
            dirty = {"rows"}
            for operation in operations:
                if operation[0] == "c":
                    values["c"] = operation[2]
                    dirty.add("c")
                else:
                    (_keyed if keyed else _plain)(values, kind, *operation)
            views[number].change(dirty)


def _keyed(values: dict[str, Any], kind: Callable[[int, Any], Any], operation: str, key: int, value: Any) -> None:
    rows = values["rows"]
    if operation == "clear":
        rows.clear()
    elif operation == "append" and key not in rows:
        rows.append(kind(key, value))
    elif key not in rows:
        return
    elif operation in ("update", "set"):
        rows.update(key, s=value)
    elif operation == "remove":
        rows.remove(key)
    elif operation == "move":
        rows.move(key, after=None)
    elif operation == "touch" and kind is Mutable:
        rows.touch(key).s = value


def _plain(values: dict[str, Any], kind: Callable[[int, Any], Any], operation: str, key: int, value: Any) -> None:
    rows = values["rows"]
    place = next((place for place, row in enumerate(rows) if row.id == key), None)
    if operation == "clear":
        values["rows"] = []
    elif operation == "append" and place is None:
        rows.append(kind(key, value))
    elif place is None:
        return
    elif operation in ("update", "touch", "set"):
        if kind is Mutable:
            rows[place].s = value
        else:
            rows[place] = kind(key, value)
    elif operation == "remove":
        del rows[place]
    elif operation == "move":
        rows.insert(0, rows.pop(place))


# Whole templates

POOL = [random_state(Random(seed)) for seed in range(6)]


def run(seed: int, depth: int) -> int:
    """How many patches were shared."""
    random = Random(seed)
    source = Grammar(random).nodes(depth, [])
    count = 0
    try:
        template, alone = compiled(source)
        views = [View(template, alone, random.choice(POOL[:2])) for _ in range(3)]
        for _ in range(4):
            changes = random.sample(sorted(POOL[0]), 3)
            target = random.choice(POOL)
            for view in random.sample(views, 3):
                if random.random() < 0.2:
                    target = random.choice(POOL)
                view.scope.values.update({name: target[name] for name in changes})
                count += view.change(set(changes))
    except (jinja2.UndefinedError, TypeError):
        pass
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {source}") from error
    return count


def test_random_templates() -> None:
    assert sum(run(seed, 2) for seed in range(15)) > 10


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("start", range(1000, 5000, 1000))
def test_many_random_templates(start: int) -> None:
    for seed in range(start, start + 1000):
        run(seed, 2 + seed % 2)
