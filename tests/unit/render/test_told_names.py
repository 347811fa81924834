"""Attributes whose names are values: the first rendering tells them, and they come and go as slots."""

# ruff: noqa: E501 - one template, one line
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from livets.render import opaque_parts
from tests.unit.render.conftest import Bench

WHO: dict[str, Any] = {
    "attrs": {"title": "a", "data-x": 1},
    "n": "title",
    "v": "<q>\"'",
    "xs": [1, 2],
    "on": True,
    "m": Markup(' lang="x" id=q'),
}
MACRO = '{% macro a(d) %}{% for k, w in d.items() %} {{ k }}="{{ w }}"{% endfor %}{% endmacro %}'
SPLIT = [
    "<p {{ attrs|xmlattr }}>{{ v }}</p><i>{{ v }}</i>",
    "<p{{ attrs|xmlattr }}>{{ v }}</p>",
    "<p class='{{ v }}' {{ attrs|xmlattr }} id=z>{{ v }}</p>",
    '<p {% for k, w in attrs.items() %}{{ k }}="{{ w }}"{% endfor %}>{{ v }}</p>',
    "<ul>{% for x in xs %}<li {{ attrs|xmlattr }} id='{{ x }}'>{{ x }}{{ v }}</li>{% endfor %}</ul>",
    "<p {{ m }}>{{ v }}</p>",
    "<p {{ n }}='{{ v }}'>{{ v }}</p>",
    MACRO + "<p {{ a(attrs) }}><b>{{ v }}</b></p>",
    "<p {% if on %}{{ attrs|xmlattr }}{% endif %} title='x'>{{ v }}</p>",
    "<p title='x' {% if on %}{{ attrs|xmlattr }}{% endif %}>{{ v }}</p>",
    "<input {{ attrs|xmlattr }}><i>{{ v }}</i>",
    "<svg {{ attrs|xmlattr }}><g {{ attrs|xmlattr }}></g></svg>",
    "<p {{ m }} class={{ v }}>{{ v }}</p>",
]
STEPS = [
    {"attrs": {"title": "b"}},
    {"attrs": {"lang": "x & y", "title": None}},
    {"attrs": {}},
    {"n": "lang"},
    {"on": False},
    {"attrs": {"title": "z"}, "on": True},
    {"m": Markup('dir="ltr"')},
    {"m": Markup("")},
    {"xs": [3]},
]
TOO_MUCH = [
    {"n": ""},
    {"m": Markup(' title="a>b"')},
    {"attrs": {"@x": 1}},
    {"attrs": {"onclick": "x"}},
    {"attrs": {f"a{i}": i for i in range(30)}},
    {"m": "a=b", "n": "x y"},
]


@pytest.mark.parametrize("source", SPLIT)
def test_the_page_is_that_of_a_fresh_render(source: str) -> None:
    bench = Bench(source, WHO)
    bench.check_first()
    for step in STEPS:
        bench.change(step)
    assert opaque_parts(bench.rendering.template) == []
    for step in TOO_MUCH:
        bench.change(step)


@pytest.mark.parametrize(
    "source",
    [
        "<p data-{{ n }}='1'>{{ v }}</p>",
        "<p {{ m }}\" title='{{ v }}'>{{ v }}</p>",
        "<input {{ attrs|xmlattr }}/><i>{{ v }}</i>",
        "<p {% set q = attrs %}{{ q|xmlattr }}>{{ v }}</p>{{ q }}",
        MACRO + "<p{{ a(attrs) }}><b>{{ v }}</b></p>",
    ],
)
def test_what_can_not_be_told_stays_opaque(source: str) -> None:
    bench = Bench(source, WHO)
    assert opaque_parts(bench.rendering.template) != []
    bench.check_first()
    for step in STEPS:
        bench.change(step)


def test_too_many_names_are_not_told() -> None:
    bench = Bench(SPLIT[0] + "<hr>", WHO)  # what is told, is told to all who show the template
    bench.change({"attrs": {f"a{i}": i for i in range(30)}})
    assert opaque_parts(bench.rendering.template) != []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "class", "title", "hidden", "x:y"]), st.text("a<>&\"' =", max_size=4) | st.none() | st.integers(0, 9)), min_size=1, max_size=5))  # fmt: skip
def test_any_attributes(changes: list[dict[str, Any]]) -> None:
    for source in (SPLIT[2], SPLIT[3]):
        bench = Bench(source + "<hr>", {**WHO, "attrs": changes[0]})
        bench.check_first()
        for attrs in changes[1:]:
            bench.change({"attrs": attrs})
