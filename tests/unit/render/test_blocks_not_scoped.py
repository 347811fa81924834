"""Blocks that are not scoped see what the context says, not what is set around them, and are slots all the same."""

# ruff: noqa: E501 - one template, one line
from __future__ import annotations

import pytest

from livets.render import opaque_parts
from tests.unit.render.conftest import Bench

FILES = {
    "base.html": "{% set v = a %}<div>{% block b %}{% set v = b %}<i>{{ v }}</i>{% block c %}<u>{{ v }}</u>{% endblock %}{% endblock %}</div>{{ v }}",
    "m.html": "{% macro f() %}<q>{{ varargs|length }}</q>{% endmacro %}",
    "i.html": "<q>{{ a }}{{ w }}</q>",
    "b2.html": "<div>{% block b %}<i>{{ w }}</i>{% endblock %}</div>",
}
STATES = [{"b": "y"}, {"xs": [3]}, {"on": False}, {"a": "z"}, {"xs": [], "b": ""}, {"xs": [1, 2, 3], "on": True}]
SPLIT = [
    "{% extends 'base.html' %}{% block c %}<s>{{ v }}</s>{% endblock %}",
    "{% extends 'base.html' %}{% block c %}{% for x in xs %}{% set v = x %}<s>{{ v }}</s>{% endfor %}{% endblock %}",
    "{% block p %}{% for x in xs %}{% set w = x %}<s>{{ w }}</s>{% endfor %}{% block q %}<b>{{ w }}</b>{% endblock %}{% endblock %}",
    "{% block p %}{% if on %}{% set w = a %}{% endif %}{% block q %}<b>{{ w }}</b>{% endblock %}{% endblock %}",
    "{% block p %}{% set w = a %}{% block q %}{% set w = b %}<b>{{ w }}</b>{% endblock %}{{ w }}{% endblock %}",
    "{% block p %}{% import 'm.html' as m %}{% block q %}<b>{{ m is defined }}</b>{% endblock %}{{ m.f() }}{% endblock %}",
    "{% block p %}{% set w = a %}{% block q scoped %}<b>{{ w }}</b>{% block r %}<i>{{ w }}</i>{% endblock %}{% endblock %}{{ w }}{% endblock %}",
    "{% set w = b %}{% block p %}{{ w }}{% set w = a %}{% block q %}<b>{{ w }}</b>{% endblock %}{{ w }}{% endblock %}{{ w }}",
    "{% set w = b %}{% block p %}{{ w }}{% set w = a %}{% if on %}{% set w = 3 %}{% endif %}{% block q %}<b>{{ w }}</b>{% endblock %}{{ w }}{% endblock %}{{ w }}",
    "{% set w = b %}{% with w = a %}{% block q %}<b>{{ w }}</b>{% endblock %}{{ w }}{% endwith %}{{ w }}",
    "{% with a = b %}{% block q %}<b>{{ a }}</b>{% endblock %}{{ a }}{% endwith %}{{ a }}",
    "{% with a = b %}{% block q %}<b>{{ a }}</b>{% block r %}<b>{{ a }}</b>{% endblock %}{% endblock %}{% include 'i.html' %}{% endwith %}{{ a }}",
    "{% for x in xs %}{% block q %}<b>{{ x }}{{ a }}</b>{% endblock %}{% endfor %}",
    "{% for x in xs %}{% set a = x %}{% block q %}<b>{{ a }}</b>{% endblock %}{{ a }}{% endfor %}",
    "<ul>{% for x in xs %}<li>{% block q %}<b>{{ a }}</b>{% endblock %}{{ x }}</li>{% endfor %}</ul>",
    "{% with a = b %}{% block q %}<b>{{ a }}</b>{% macro m() %}{{ a }}{% endmacro %}{{ m() }}{% endblock %}{% macro m() %}{{ a }}{% endmacro %}{{ m() }}{% endwith %}{{ a }}",
    "{% extends 'b2.html' %}{% block b %}{% set w = a %}{{ super() }}{{ w }}{% endblock %}",
    "{% for x in xs %}{% block q scoped %}{{ x }}{% block r %}{{ x }}{{ w }}{% endblock %}{% endblock %}{% endfor %}",
    "{% extends 'b2.html' %}{% block b %}{% for w in xs %}{{ super() }}{{ w }}{% endfor %}{% endblock %}",
]
WHOLE = [  # what an include reads can't be called otherwise
    "{% block p %}{% set w = a %}{% block q %}{% include 'i.html' %}{% endblock %}{% endblock %}",
    "{% block p %}{% set w = a %}{{ w }}{% block q %}{% include nm %}{% endblock %}{% endblock %}",
    "{% with w = a %}{% block q %}{% include 'i.html' %}{% endblock %}{% endwith %}",
]


def checked(source: str) -> Bench:
    bench = Bench(source, {"xs": [1, 2], "b": "x", "a": "q", "on": True, "nm": "i.html"}, FILES)
    bench.check_first()
    for values in STATES:
        bench.change(values)
    return bench


@pytest.mark.parametrize("source", SPLIT)
def test_the_page_is_that_of_a_fresh_render(source: str) -> None:
    assert opaque_parts(checked(source).template) == []


@pytest.mark.parametrize("source", WHOLE)
def test_an_include_that_would_see_too_much_makes_the_template_opaque(source: str) -> None:
    [part] = opaque_parts(checked(source).template)
    assert "not scoped" in part.reason


def test_an_include_that_reads_other_names_does_not() -> None:
    source = "{% block p %}{% set z = a %}{{ z }}{% block q %}{% include 'i.html' %}{% endblock %}{% endblock %}"
    assert opaque_parts(checked(source).template) == []
