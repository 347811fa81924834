"""Views share a patch exactly when each would have made the same one itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import jinja2
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.utils import missing
from markupsafe import Markup

from livets.render import KeyedList, Templates
from livets.render.images import LARGEST, image
from livets.render.rendering import CompiledTemplate, Rendering
from tests.support.random_templates import Grammar, random_state


class Mutable(msgspec.Struct):
    id: int
    s: Any


class Frozen(msgspec.Struct, frozen=True):
    id: int
    s: Any


@dataclass
class Plain:
    id: int
    s: Any


class Names:
    """A scope that counts; values that are functions are computed properties."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)
        self.asked: list[str] = []

    def resolve(self, name: str) -> Any:
        self.asked.append(name)
        value = self.values.get(name, missing)
        return value() if callable(value) and name.startswith("p_") else value


class View:
    """A view that shares, and its twin, which never does."""

    def __init__(self, template: CompiledTemplate, alone: CompiledTemplate, values: dict[str, Any]) -> None:
        self.scope = Names(values)
        self.rendering, self.twin = template.start(), alone.start()
        assert self.rendering.html(self.scope) == self.twin.html(self.scope)

    def change(self, dirty: set[str]) -> bool:
        """Whether the patch was shared with, or kept for, others; it is the twin's in any case."""
        own = self.twin.diff(self.scope, dirty)
        patch = self.rendering.diff(self.scope, dirty, shared=True)
        assert patch.diff == own.diff
        assert repr(patch.diff) == repr(own.diff)  # 1 is not True
        assert patch.body == own.body
        patch.commit()
        own.commit()
        for value in self.scope.values.values():
            if isinstance(value, KeyedList):
                value.commit()
        return patch.shared is not None


def compiled(source: str, **options: Any) -> tuple[CompiledTemplate, CompiledTemplate]:
    """A template whose views share, and the same one for their twins."""
    return Templates(**options).from_string(source), Templates(**options).from_string(source)


def shared_by(source: str, before: list[dict[str, Any]], after: list[dict[str, Any]], **options: Any) -> list[int]:
    """For each view the number of the first one whose patch it was sent."""
    template, alone = compiled(source, **options)
    views = [View(template, alone, values) for values in before]
    found: list[Any] = []
    for view, values in zip(views, after, strict=True):
        view.scope.values.update(values)
        own = view.twin.diff(view.scope, set(values))
        patch = view.rendering.diff(view.scope, set(values), shared=True)
        assert patch.diff == own.diff
        patch.commit()
        found.append(patch.diff)
    return [next(number for number, other in enumerate(found) if other is diff) for diff in found]


# What is equal is shared, strictly.

ALIKE: list[tuple[Callable[[], Any], Callable[[], Any]]] = [
    (lambda: "news", lambda: "ne" + "ws"),
    (lambda: 10**6, lambda: 10**6),
    (lambda: {"a": [1, {"b": None}]}, lambda: {"a": [1, {"b": None}]}),
    (lambda: Mutable(1, "x"), lambda: Mutable(1, "x")),
    (lambda: Frozen(1, ("x",)), lambda: Frozen(1, ("x",))),
    (lambda: Plain(1, 2.5), lambda: Plain(1, 2.5)),
    (lambda: [f"{n}" for n in range(3)], lambda: [f"{n}" for n in range(3)]),
]
DIFFERENT: list[tuple[Any, Any]] = [
    (1, True), (1, 1.0), ("1", 1), (0.0, -0.0), (None, "None"), ([1], [True]), ([1], (1,)), ({"a": 1}, {"a": True}),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}), (Mutable(1, 1), Frozen(1, 1)), (Mutable(1, 1), Mutable(1, 1.0)),
    (Plain(1, [1]), Plain(1, (1,))), (["a", "b"], ["a"]), (object(), object()),
]  # fmt: skip


@pytest.mark.parametrize("pair", ALIKE)
def test_equal_values_share(pair: tuple[Callable[[], Any], Callable[[], Any]]) -> None:
    one, other = pair
    assert shared_by("<p>{{ x }}</p>", [{"x": 0}] * 2, [{"x": one()}, {"x": other()}]) == [0, 0]


@pytest.mark.parametrize("pair", DIFFERENT, ids=lambda pair: re.sub(" at 0x[0-9a-f]+", "", repr(pair)))
def test_values_that_may_show_something_else_do_not(pair: tuple[Any, Any]) -> None:
    assert shared_by("<p>{{ x }}</p>", [{"x": 5}] * 2, [{"x": value} for value in pair]) == [0, 1]


def test_views_that_have_shown_something_else_do_not() -> None:
    after = [{"x": 1}] * 3
    assert shared_by("<p>{{ x }}</p>", [{"x": 5}, {"x": 6}, {"x": 5}], after) == [0, 1, 0]
    assert shared_by("<p>{{ x }}</p>", [{"x": 1}, {"x": 6}], after[:2]) == [0, 1]


def test_nor_those_of_whose_names_others_are_dirty() -> None:
    source = "{% if on %}<p>{{ a }}</p><p>{{ b }}</p>{% endif %}"
    start = {"on": True, "a": 1, "b": 1}
    assert shared_by(source, [start, start], [{"a": 2}, {"b": 2}]) == [0, 1]


def test_what_was_changed_in_place_afterwards_is_not_taken_for_what_it_was() -> None:
    template, alone = compiled("<p>{{ x }}</p>{% for y in ys %}<i>{{ y }}</i>{% endfor %}")
    x, ys = {"a": 1}, [1, 2]
    first, second = (View(template, alone, {"x": 0, "ys": []}) for _ in range(2))
    first.scope.values.update(x=x, ys=ys)
    assert first.change({"x", "ys"})
    x["a"] = 2
    ys.append(3)
    second.scope.values.update(x=x, ys=ys)
    second.change({"x", "ys"})  # compares with the twin


def test_nor_what_was_changed_in_a_list() -> None:
    template, alone = compiled("{% for y in ys %}<i>{{ y.s }}</i>{% endfor %}")
    row = Mutable(1, "a")
    for value in ("a", "b"):
        view = View(template, alone, {"ys": []})
        row.s = value
        view.scope.values["ys"] = [row]
        assert view.change({"ys"})


class Opaque:
    """Nobody knows what is in it."""

    def __init__(self) -> None:
        self.name = "a"

    def __str__(self) -> str:
        return self.name


def test_objects_that_may_hold_anything_are_never_shared_though_they_are_the_same() -> None:
    template, alone = compiled("<p>{{ x }}</p>")
    views = [View(template, alone, {"x": 0}) for _ in range(2)]
    thing = Opaque()
    for view in views:
        view.scope.values["x"] = thing
        assert not view.change({"x"})
        thing.name += "b"


def test_what_is_too_large_to_compare_is_not() -> None:
    large = list(range(LARGEST * 4))
    with pytest.raises(LookupError):
        image(large)
    assert shared_by("<p>{{ x.a|length }}</p>", [{"x": {"a": []}}] * 2, [{"x": {"a": [*large]}} for _ in "ab"]) == [
        0,
        1,
    ]


def test_names_of_hidden_branches_are_not_asked_for() -> None:
    def risky() -> Any:
        raise RuntimeError("not now")

    template, alone = compiled("{% if on %}{{ p_risky }}{% endif %}<p>{{ x }}</p>")
    view = View(template, alone, {"on": False, "p_risky": risky, "x": 1})
    view.scope.values["x"] = 2
    assert view.change({"x", "on", "p_risky"})


def test_a_computed_property_is_computed_once_a_view() -> None:
    template, _ = compiled("<p>{{ p_x }}</p>")
    calls: list[int] = []

    def compute() -> str:
        calls.append(1)
        return "y" * 3

    scope = Names({"p_x": lambda: "x"})
    view = template.start()
    view.html(scope)
    scope.values["p_x"] = compute
    assert view.diff(scope, {"p_x"}, shared=True).diff == [0, "yyy"]
    assert len(calls) == 1


def test_what_a_property_raises_says_where_in_the_template() -> None:
    template, _ = compiled("<p>{{ p_x }}</p>")
    scope = Names({"p_x": lambda: "x"})
    view = template.start()
    view.html(scope)

    def compute() -> str:
        raise RuntimeError("broken")

    scope.values["p_x"] = compute
    with pytest.raises(RuntimeError) as raised:
        view.diff(scope, {"p_x"}, shared=True)
    assert "line 1" in str(raised.value.__notes__)


def test_calls_that_may_answer_anything_do_not_keep_others_from_sharing_but_what_they_change_is_the_views_own() -> None:
    answers = iter(["a", "a", "a", "a", "A", "B"])
    before: list[dict[str, Any]] = [{"x": 1}, {"x": 1}]
    source = "<i>{{ who() }}</i><p>{{ x }}</p>"
    template, _ = compiled(source, globals={"who": lambda: next(answers)})
    views = [template.start() for _ in before]
    scopes = [Names(values) for values in before]
    for view, scope in zip(views, scopes, strict=True):
        view.html(scope)
    patches = []
    for number in (2, 3):
        for view, scope in zip(views, scopes, strict=True):
            scope.values["x"] = number
            patch = view.diff(scope, {"x"}, shared=True)
            patches.append(patch)
            if number == 2:
                patch.commit()
            else:
                break
    assert patches[0].diff is patches[1].diff
    assert patches[0].diff == [1, 2]
    assert patches[2].shared is None


def test_markup_and_html_slots_share() -> None:
    long = "<p>text</p>" * 40
    source = "<div>{{ x|safe }}</div>"
    before: list[dict[str, Any]] = [{"x": long}, {"x": "".join(list(long))}]
    after: list[dict[str, Any]] = [{"x": Markup(long + "<b>1</b>")}, {"x": Markup(long + "<b>1</b>")}]
    assert shared_by(source, before, after) == [0, 0]


def test_forced_controls_are_sent_whatever_others_were_sent() -> None:
    template, _ = compiled('<input ts-model="x">')
    views = [template.start() for _ in range(2)]
    scope = Names({"x": "a"})
    for view in views:
        view.html(scope)
    assert views[0].diff(scope, {"x"}, shared=True).diff == []
    assert views[1].diff(scope, {"x"}, {"x"}, shared=True).diff != []


def test_what_is_kept_is_little_and_goes() -> None:
    template, _ = compiled("<p>{{ x }}</p>")
    scope = Names({"x": ""})
    view = template.start()
    view.html(scope)
    for number in range(30):
        scope.values["x"] = f"{number}" * 20_000
        patch = view.diff(scope, {"x"}, shared=True)
        assert patch.shared is not None
        patch.commit()
        kept = template.sharing._recent
        assert len(kept) <= 8
        assert sum(len(each.body) for each in kept) <= 256 * 1024 + len(patch.body)
    view.rest()
    assert not template.sharing._recent


# KeyedList

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


def test_a_rendering_that_starts_over_is_not_kept() -> None:
    """Text that turns out to be markup makes the template another one."""
    template, _ = compiled("<p>{{ x }}</p>")
    views: list[Rendering] = [template.start() for _ in range(2)]
    scope = Names({"x": "a"})
    for view in views:
        view.html(scope)
    scope.values["x"] = Markup("<b>a</b>")
    for view in views:
        patch = view.diff(scope, {"x"}, shared=True)
        assert patch.shared is None
        patch.commit()
        assert view.template is not template
