"""Objects that a template makes and changes: one region from where they are made to their last use, and nothing else."""

# ruff: noqa: E501 - one template, one line
from __future__ import annotations

import contextlib

import jinja2
import pytest

from livets.render import opaque_parts
from tests.unit.render.conftest import Bench

FILES = {"inc.html": "{% do l.append(b) %}<u>{{ l|join }}</u>"}
STATES = [{"b": "y"}, {"xs": [3]}, {"on": False}, {"xs": [], "b": ""}, {"xs": [1, 2, 3], "on": True, "b": "x"}]
LIVES = [
    "{% macro m(a) %}{% set n = namespace(i=0) %}{% for x in a %}{% set n.i = n.i + x %}{% endfor %}<b>{{ n.i }}</b>{% endmacro %}{{ m(xs) }}<i>{{ b }}</i>",
    "{% if on %}{% set l = [] %}{% endif %}{% do l.append(b) %}<p>{{ l|length }}</p>",
    "{% set l = [] %}{% for x in xs %}{% set _ = l.append(x) %}{% endfor %}<p>{{ l|length }}</p><i>{{ b }}</i>",
    "<ul>{% for x in xs %}<li>{% if x != 2 %}{% set d = {} %}{% do d.update({'l': x}) %}<a href='{{ d.l }}'>{{ x }}</a>{% endif %}</li>{% endfor %}</ul><i>{{ b }}</i>",
    "{% set l = [] %}{% set k = l %}{% do l.append(b) %}<u>{{ on }}</u><p>{{ k|length }}</p><i>{{ b }}</i>",
    "{% set l = [] %}<ul>{% for x in xs %}{% do l.append(x) %}{% endfor %}<li>{{ b }}</li></ul><p>{{ l|join }}</p><i>{{ b }}</i>",
    "<script>{% set l = [] %}{% set _ = l.append(b) %}{{ l|tojson }}</script><i>{{ b }}</i>",
    "{% macro m(a) %}{% set n = [] %}{% for x in a %}{% do n.append(x) %}{% endfor %}<b>{{ n|join }}</b>{% endmacro %}{{ m(xs) }}<i>{{ b }}</i>",
    "<p class='{% set l = [] %}{% set _ = l.append(b) %}{{ l|join }}'></p><i>{{ b }}</i>",
    "{% set l = [] %}{% macro m(x) %}{% do l.append(x) %}{% endmacro %}{{ m(b) }}<p>{{ l|length }}</p><i>{{ b }}</i>",
    "{% set l = [] %}{% macro m() %}{{ l|join }}{% endmacro %}{% do l.append(b) %}<p>{{ m() }}</p><i>{{ b }}</i>",
    "{% set x %}{% set l = [] %}{% do l.append(b) %}<b>{{ l|join }}</b>{% endset %}{{ x }}<i>{{ b }}</i>",
    "{% with l = [] %}{% do l.append(b) %}<b>{{ l|join }}</b>{% endwith %}<i>{{ b }}</i>",
    "{% set l = xs|list %}{% do l.append(b) %}<b>{{ l|join }}</b><i>{{ b }}</i>",
    "{% set l, k = [], {} %}{% do l.append(b) %}{% do k.update(a=b) %}<b>{{ l|join }}{{ k.a }}</b><i>{{ b }}</i>",
    "{% for x in xs %}{% set l = [x] %}{% do l.append(b) %}{{ l|join }}{% endfor %}<i>{{ b }}</i>",
    "{% set l = [[]] %}{% do l[0].append(b) %}<b>{{ l[0]|join }}</b><i>{{ b }}</i>",
    "{% set d = {'k': []} %}{% do d.k.append(b) %}<b>{{ d.k|join }}</b><i>{{ b }}</i>",
    "{% set d = {'k': 1} %}{% set _ = d.pop('k') %}{% if d %}<b>{{ b }}</b>{% endif %}<i>{{ b }}</i>",
    "{% for x in xs %}{% for y in xs %}{% set l = [] %}{% do l.append(y) %}<b>{{ l|join }}{{ x }}</b>{% endfor %}{% endfor %}",
    "{% set l = [] %}{% block q %}<p>{{ l|length }}</p>{% endblock %}{% do l.append(b) %}<i>{{ l|length }}</i>",
    "{% set l = [] %}{% block q scoped %}{% do l.append(b) %}<p>{{ l|length }}</p>{% endblock %}<i>{{ l|length }}</i>",
    "{% set l = [] %}{% include 'inc.html' %}<i>{{ l|length }}</i>",
    "{% set l = [] %}{% set f = l.append %}{{ f(b) or '' }}<i>{{ l|length }}</i>",
]


@pytest.mark.parametrize("source", LIVES)
def test_the_page_is_that_of_a_fresh_render(source: str) -> None:
    bench = Bench(source, {"xs": [1, 2], "b": "x", "on": True}, FILES)
    bench.check_first()
    for values in STATES:
        with contextlib.suppress(jinja2.UndefinedError):
            bench.change(values)
    assert not any("whole template" in part.reason for part in opaque_parts(bench.template))


def test_what_has_nothing_to_do_with_it_stays_slots() -> None:
    source = """<i>{{ b }}</i><ul>{% for x in xs %}<li>{% if on %}{% set args = {'a': x} %}{% do args.update(b=b) %}
    <a href="{{ args.a }}">{{ args.b }}</a>{% endif %}<b>{{ x }}</b></li>{% endfor %}</ul><i>{{ b }}</i>"""
    bench = Bench(source, {"xs": [1, 2], "b": "x", "on": True})
    [part] = opaque_parts(bench.template)
    assert (part.line, part.reason) == (1, "args.update() changes what the template has made")
    bench.check_first()
    assert bench.change({"xs": [1]}) == [1, [6, 1]]  # one row is left
    assert bench.change({"b": "y"})[0] == 0


GIVEN = {
    "lib.html": "{% macro push(l, x, n=1) %}{% do l.append(x) %}<b>{{ l|length }}</b>{% endmacro %}"
    "{% macro twice(l, x) %}{{ push(l, x) }}{{ push(l, x) }}{% endmacro %}{% macro plain(l) %}<b>{{ l }}</b>{% endmacro %}",
    "seen.html": "{% set seen = [] %}{% macro see(x) %}{% do seen.append(x) %}<b>{{ seen|length }}</b>{% endmacro %}{% if 1 %}{% endif %}",
    "alias.html": "{% from 'lib.html' import twice as two %}{% macro three(k, x) %}{{ two(k, x) }}{% endmacro %}",
}
CALLS = [
    (
        "{% macro m(l) %}{% do l.append(1) %}{% endmacro %}{% set k = [] %}{{ m(k) }}<p>{{ k|length }}</p>",
        "the macro m changes what it is given: k",
    ),
    (
        "{% import 'lib.html' as f %}{% set k = [] %}{{ f.push(k, b) }}<p>{{ k|length }}</p>",
        "the macro push changes what it is given: k",
    ),
    (
        "{% from 'lib.html' import push %}{% set k = [] %}{{ push(x=b, l=k) }}<p>{{ k|length }}</p>",
        "the macro push changes what it is given: k",
    ),
    (
        "{% from 'lib.html' import twice as t %}{% set k = [] %}{% for x in xs %}{{ t(k, x) }}{% endfor %}<p>{{ k|length }}</p>",
        "the macro t changes what it is given: k",
    ),
    (
        "{% from 'alias.html' import three %}{% set k = [] %}{{ three(k, b) }}<p>{{ k|length }}</p>",
        "the macro three changes what it is given: k",
    ),
    (
        "{% macro m(ns) %}{% set ns.n = ns.n + 1 %}{% endmacro %}{% set k = namespace(n=0) %}{{ m(k) }}<p>{{ k.n }}</p>",
        "the macro m changes what it is given: k",
    ),
    (
        "{% set k = [] %}{% macro m(l) %}{% do l.append(b) %}{% endmacro %}{% for x in xs %}{% set c = k %}{{ m(c) }}{% endfor %}<p>{{ k|length }}</p>",
        "the macro m changes what it is given: c",
    ),
    (
        "{% import 'seen.html' as f with context %}{{ f.see(b) }}<p>{{ f.see(b) }}</p>",
        "a macro of seen.html changes what that file has made",
    ),
    (
        "{% from 'seen.html' import see with context %}<u>{{ see(b) }}</u><p>{{ see(b) }}</p>",
        "a macro of seen.html changes what that file has made",
    ),
    (
        "{% set k = [] %}{% set l = [] %}<u>{% do k.append(1) %}{{ k|length }}</u><p>{% do l.append(b) %}</p><p>{{ l|length }}</p>",
        "k.append() changes what the template has made",
    ),
]


@pytest.mark.parametrize(("source", "reason"), CALLS)
def test_a_call_of_a_macro_changes_what_the_macro_changes(source: str, reason: str) -> None:
    bench = Bench(source + "<i>{{ b }}</i>", {"b": "x", "xs": [1, 2]}, GIVEN)
    assert reason in [part.reason for part in opaque_parts(bench.template)]
    assert bench.template.shape[0][1][-1][0] == 0, "what comes behind it is a slot"
    bench.check_first()
    for values in STATES:
        bench.change(values)


def test_other_macros_beside_one_that_changes_its_argument_are_written_out() -> None:
    bench = Bench("{% import 'lib.html' as f %}{{ f.plain(b) }}<p>{{ f.push([], b) }}</p>", {"b": "x"}, GIVEN)
    assert [slot[0] for slot in bench.template.shape[0][1]] == [0, 3]
    bench.check_first()
    assert bench.change({"b": "y"})[:2] == [0, "y"]
