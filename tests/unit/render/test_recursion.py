"""Recursive loops and macros: slots for the first levels, HTML below, and always the page of a fresh render."""

# ruff: noqa: E501 - one template, one line
from __future__ import annotations

from typing import Any

import pytest

from livets.render import opaque_parts
from tests.support.opaque_share import counted
from tests.unit.render.conftest import Bench


def tree(depth: int, width: int = 2) -> list[dict[str, Any]]:
    return [{"t": f"{depth}{at}", "k": tree(depth - 1, width)} for at in range(width)] if depth else []


WHO: dict[str, Any] = {"a": "x", "b": "y", "ns": [1, 2], "on": True, "tree": [*tree(7, 1), *tree(3)]}
STATES: list[dict[str, Any]] = [
    {"tree": tree(2)}, {"on": False}, {"a": "21"}, {"tree": tree(6, 1), "on": True}, {"b": "", "tree": []}, {"tree": tree(3)},
]  # fmt: skip
SPLIT = [
    "<ul>{% for i in tree recursive %}<li>{{ i.t }}{{ loop.depth }}{{ loop.depth0 }}{% if i.k %}<ul>{{ loop(i.k) }}</ul>{% endif %}</li>{% endfor %}</ul><p>{{ a }}</p>",
    "<div>{% for i in tree if i.t != a recursive %}{% set x = i.t ~ b %}<b>{{ x }} {{ loop.index }}</b>{{ loop(i.k) }}{% else %}<i>{{ b }}</i>{% endfor %}</div>",
    "<div>{% for i in tree recursive %}<b>{% for j in ns %}{{ j }}{% endfor %}{{ loop.last }}</b><u>{{ loop(i.k) }}</u><s>{{ loop(i.k[:1]) }}</s>{% endfor %}</div>",
    "{% for i in tree recursive %}<p title='{{ loop.depth }}'>{{ i.t }}</p>{% with z = i.t %}{{ z }}{{ loop(i.k) }}{% endwith %}{% endfor %}",
    "{% macro m(k, d=0) %}{% if k %}{% set z = k|length %}{% endif %}<ul data-n='{{ z }}'>{% for n in k %}<li>{{ n.t }}:{{ d }}{{ m(n.k, d + 1) }}</li>{% endfor %}</ul>{% endmacro %}{{ m(tree) }}<i>{{ a }}</i>",
    "{% macro m(k) %}<ul>{% for n in k %}{% call box() %}{{ n.t }}{{ m(n.k) }}{% endcall %}{% endfor %}</ul>{% endmacro %}{% macro box() %}<li>{{ caller() }}</li>{% endmacro %}{{ m(tree) }}<i>{{ a }}</i>",
]
WHOLE = [
    "<div>{% for i in tree recursive %}{% if on %}{% set x = i.t ~ b %}{% endif %}<b>{{ x }}</b>{{ loop(i.k) }}{% endfor %}</div>",
    "<div>{% for i in tree recursive %}<b>{{ i.t }}</b>{{ loop(i.k)|upper }}{% endfor %}</div>",
    "<div>{% for i in tree recursive %}<b>{% for j in ns %}{{ loop.index }}{% endfor %}</b>{{ loop(i.k) }}{% endfor %}</div>",
    "<div>{% for i in tree recursive %}{% set o = loop %}<b>{{ o.depth }}</b>{{ loop(i.k) }}{% endfor %}</div>",
]


@pytest.mark.parametrize("source", SPLIT)
def test_the_first_levels_are_slots(source: str) -> None:
    bench = Bench(source, WHO)
    bench.check_first()
    for values in STATES:
        bench.change(values)
    slots, inside = counted(bench.rendering.template, bench.scope)
    assert slots > 20
    assert inside == 0, "three levels are written out"


@pytest.mark.parametrize("source", WHOLE)
def test_what_only_jinja2_gets_right_is_whole(source: str) -> None:
    bench = Bench(source, WHO)
    assert [part.reason for part in opaque_parts(bench.template)] == ["a recursive loop is rendered as a whole"]
    bench.check_first()
    for values in STATES:
        bench.change(values)


def test_a_default_reads_a_name_that_the_macro_may_set_later() -> None:
    source = (
        "{% macro m(x, z=b) %}<u>{{ x }}{{ z }}{% if on %}{% set b = x %}{% endif %}{{ b }}</u>{% endmacro %}{{ m(a) }}"
    )
    bench = Bench(source, WHO)
    bench.check_first()
    for values in STATES:
        bench.change(values)
