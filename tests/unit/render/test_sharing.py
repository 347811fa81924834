"""Views share a patch exactly when each would have made the same one itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from markupsafe import Markup

from livets.render.images import LARGEST, image
from livets.render.rendering import Rendering
from tests.unit.render.shared import Frozen, Mutable, Names, Plain, View, compiled, shared_by

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
