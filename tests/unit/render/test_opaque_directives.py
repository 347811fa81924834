"""Directives mean the same in what Jinja2 renders whole: the page is that of the same markup outside of it."""

# ruff: noqa: E501 - one use, one line
from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livets.render import Rendering, Templates, opaque_parts
from livets.render.bound import show_fields
from livets.render.environment import MappingScope
from livets.render.mentions import Mentions
from tests.unit.render.conftest import Page, _templates, normal, strip

CONTROLS = """<input ts-model.trim="text" id="a" ts-on:keydown.enter="add(1)"><input type="number" ts-model="number"/>
<input TYPE=checkbox ts-model=on><input type="checkbox" value="a" ts-model="several"><input type="checkbox" value='2' ts-model="several">
<input type="radio" value="a" ts-model="one"><input type="radio" value="2" ts-model="one"><input type="file" ts-model="text">
<input ts-model="text" value="written"><input type="checkbox" ts-model="on" checked><textarea ts-model.lazy="text"></textarea>
<textarea ts-model="text">written</textarea><textarea><input ts-model="text"></textarea><!-- <input ts-model="text"> -->
<select ts-model="one"><option value="">-</option><optgroup><option value="a">A</option></optgroup><option>2</option><option selected>x</option></select>
<select multiple ts-model="several"><option>a</option><option> 2\n</option></select><select><option>a</option></select>
<script>"<input ts-model='text'>"</script><button ts-on:click="save" ts-model="text">x</button>"""
OTHERS = """<p ts-if="on">{{ text }}</p><p ts-else-if="number">{{ number }}</p><i ts-else>none</i>
<ul><li ts-for="each in several" ts-key="each" class="row" ts-class="{'one': each == one}">{{ each }}<input ts-model="text"></li><li ts-else>-</li></ul>
<b ts-text="text" ts-show="on"></b><a ts-bind:title="text" ts-bind:href="text" ts-bind:hidden="on">x</a>
<template ts-if="on"><em>1</em><input type="checkbox" ts-model="on"></template>
<select ts-model="one"><option ts-for="each in several" ts-bind:value="each">{{ each }}!</option></select>"""
ALL = CONTROLS + OTHERS
FILES = {
    "controls.html": CONTROLS,
    "base.html": "<i>{{ text }}</i>{% block b %}{% endblock %}{% block gone %}<input ts-model='secret'>{% endblock %}",
    "odd.html": "{% macro m() %}" + CONTROLS + "{% include 'no.html' ignore missing %}{% endmacro %}",
    "choices.html": "{% macro choices(all) %}{% for each in all %}<option>{{ each }}</option>{% endfor %}{% include 'no.html' ignore missing %}{% endmacro %}",
}
REGIONS = {  # an opaque region, and what is the same without it
    "filter": ("{% filter string %}" + ALL + "{% endfilter %}", ALL),
    "autoescape": ("{% autoescape true %}" + ALL + "{% endautoescape %}", ALL),
    "recursive": ("{% for n in [1, 2] recursive %}<div>" + ALL + "</div>{% endfor %}", f"<div>{ALL}</div>" * 2),
    "break": ("{% for n in [1, 2] %}{% if n == 2 %}{% break %}{% endif %}" + ALL + "{% endfor %}", ALL),
    "call": ("{% macro m() %}{{ caller() }}{% include 'no.html' ignore missing %}{% endmacro %}{% call m() %}" + ALL + "{% endcall %}", ALL),
    "set": ("{% set x|string %}" + ALL + "{% endset %}{{ x }}<u>{{ text }}</u>", ALL + "<u>{{ text }}</u>"),
    "macro": ("{% macro m() %}" + ALL + "{% include 'no.html' ignore missing %}{% endmacro %}{% if on %}{{ m() }}{% endif %}", "{% if on %}" + ALL + "{% endif %}"),
    "rows": ("{% for each in several %}<div ts-key='{{ each }}'>{% filter string %}" + ALL + "{% endfilter %}</div>{% endfor %}",
             "{% for each in several %}<div ts-key='{{ each }}'>" + ALL + "</div>{% endfor %}"),
    "torn": ("<div>{% if on %}<b>{% endif %}" + ALL + "{% if on == true %}</b>{% endif %}</div>", "<div>{% if on %}<b>" + ALL + "</b>{% else %}" + ALL + "{% endif %}</div>"),
    "without context": ("{% include 'controls.html' without context %}", CONTROLS),
    "import": ("{% from 'odd.html' import m %}{{ m() }}", CONTROLS),
    "whole": ("{% if self.b() %}{% endif %}{% block b %}" + ALL + "{% endblock %}", ALL),
    "inherited": ("{% extends 'base.html' %}{% block b %}" + ALL + "{% if super() %}{% endif %}{% endblock %}{% block gone %}{% endblock %}", "<i>{{ text }}</i>" + ALL),
    "options": ("{% from 'choices.html' import choices %}{% filter string %}<select ts-model='one'>{{ choices(several) }}</select>{% endfilter %}",
                "<select ts-model='one'>{% for each in several %}<option>{{ each }}</option>{% endfor %}</select>"),
}  # fmt: skip
STATES = st.fixed_dictionaries({
    "text": st.sampled_from(["", "x", '<b> & "', "a\nb"]),
    "number": st.sampled_from([None, 0, 2.5, 7]),
    "on": st.booleans(),
    "one": st.sampled_from(["", "a", 2, None]),
    "several": st.lists(st.sampled_from(["a", 2, "c"]), unique_by=str),
})  # fmt: skip


class Shown:
    """A template, and the page that a browser has."""

    def __init__(self, source: str, state: dict[str, Any]) -> None:
        self.rendering: Rendering = _templates(tuple(FILES.items())).from_string(source).start()
        html = self.rendering.html(MappingScope(state))
        self.template = self.rendering.template
        self.first = normal(strip(html))
        self.page = Page(self.template.shape, html=html)

    def change(self, state: dict[str, Any], dirty: set[str]) -> str:
        patch = self.rendering.diff(MappingScope(state), dirty)
        patch.commit()
        self.page.apply(patch.diff)
        return self.page.html()


@pytest.mark.parametrize("kind", REGIONS)
def test_the_page_is_that_of_the_same_markup_outside(kind: str) -> None:
    @settings(max_examples=5, database=None, deadline=None)
    @given(st.lists(STATES, min_size=2, max_size=4))
    def check(states: list[dict[str, Any]]) -> None:
        opaque, plain = (Shown(source, states[0]) for source in REGIONS[kind])
        assert opaque_parts(opaque.template) or kind in ("set", "macro", "import")
        assert opaque.template.models == plain.template.models
        assert opaque.template.handlers == plain.template.handlers
        assert opaque.first == plain.first
        for before, state in pairwise(states):
            dirty = {name for name, value in state.items() if repr(value) != repr(before[name])}
            assert opaque.change(state, dirty) == plain.change(state, dirty)

    check()


def test_what_a_filter_writes_is_what_counts() -> None:
    shouted, escaped = (
        Shown(f'{{% filter {name} %}}<input ts-model="text">{{% endfilter %}}', {"text": "x"})
        for name in ("replace('x', 'y')", "forceescape")
    )
    assert shouted.first == normal('<input ts-model="teyt">')  # no field that the template names
    assert "value" not in escaped.first


def test_only_fields_that_the_template_names_are_shown() -> None:
    source = "{% filter string %}<input ts-model='text'>{{ note|safe }}{% endfilter %}"
    page = Shown(source, {"text": "x", "note": "<input ts-model='secret'>", "secret": "s"})
    assert page.template.models == {"text"}
    assert page.first == normal("<input ts-model='text' value='x'><input ts-model='secret'>")


@pytest.mark.parametrize(
    "html", ["<input ts-model='a'", "<!-- <input ts-model='a'>", "<title><input ts-model='a'>", "<input ts-model='a"]
)
def test_what_does_not_end_is_left_alone(html: str) -> None:
    assert show_fields(html, MappingScope({"a": 1}), ["a"]) == html


@given(st.text('<>/="\' \n\0abn&;!-') | st.lists(st.sampled_from(["<input ts-model='a' ", "<textarea ts-model=a", "</", ">", "select", "'", '"', "<!--", "-->", "/", "<title>", "<option", "a"])).map("".join))  # fmt: skip
def test_any_text_keeps_all_that_it_has(text: str) -> None:
    found = show_fields(text + "ts-model", MappingScope({"a": "v"}), ["a"])
    rest = iter(found)
    assert all(char in rest for char in text)
    Mentions().look(text)


def test_a_dynamic_name_binds_nothing() -> None:
    template = Templates().from_string(
        "{% filter string %}<input ts-model='{{ a }}'><input ts-model='a{{ a }}'>{% endfilter %}"
    )
    assert template.models == frozenset()
