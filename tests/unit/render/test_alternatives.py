"""`extends` and `include` of what an expression names: slots like any other, whatever it is and however it changes."""

# ruff: noqa: E501 - one template, one line
from __future__ import annotations

from random import Random
from typing import Any

import jinja2
import pytest
from markupsafe import Markup

from livets.render import opaque_parts
from livets.render.alternatives import MAX_NAMES, Alternatives
from livets.render.environment import MappingScope
from tests.unit.render.conftest import Bench, normal, strip

FILES = {
    "a.html": "<div>{% block b %}A{% endblock %}<i>{{ x }}</i></div>",
    "b.html": "{% set own = x %}<main>{% block head %}{{ own }}{% endblock %}<hr>{% block b %}B{{ x }}{% endblock %}</main>",
    "c.html": "{% extends 'a.html' %}{% block b %}<u>C</u>{{ super() }}{% endblock %}",
    "d.html": "{% extends other %}{% block b %}<s>D</s>{{ super() }}{% endblock %}",
    "odd.html": "{% for y in xs %}<b>{{ z }}</b>{% endfor %}{% set z = 1 %}{% block b %}{% endblock %}",
    "p.html": "<p>{{ x }}</p>",
    "q.html": "<q>{{ x }}{{ row }}</q>{% include part2 ignore missing %}",
    "tree.html": "<li>{{ node.name }}<ul>{% for node in node.inner %}{% include node.file %}{% endfor %}</ul></li>",
    "page.html": "{% extends name %}{% block b %}<em>{{ x }}</em>{{ super() }}{% endblock %}",
}
PAGES = [
    "{% extends name %}{% block b %}<p>{{ x }}</p>{{ super() }}{% endblock %}",
    "{% extends name if on else 'c.html' %}{% block head %}<b>{{ x }}</b>{% endblock %}",
    "{% extends 'a.html' if on else 'b.html' %}{% set y = x %}{% block b %}{{ y }}{% for r in xs %}<i>{{ r }}</i>{% endfor %}{% endblock %}",
    "{% extends layouts[number] %}{% macro m(t) %}<q>{{ t }}</q>{% endmacro %}{% block b %}{{ m(x) }}{% endblock %}",
    "{% extends name or 'a.html' %}{% block b %}<a href='{{ x }}'>{{ x }}</a>{% endblock %}",
    "{% extends 'd.html' %}{% block b %}{{ x }}<hr>{{ super() }}{% endblock %}",
    "<div>{% include name %}</div>",
    "<div title='{% include part %}'>{% if on %}{% include part %}{% endif %}</div>",
    "<ul>{% for row in xs %}<li>{% include parts[row % 2] %}</li>{% endfor %}</ul>",
    "<div>{% include part2 ignore missing %}{% include 'page.html' %}</div>",
    "<div>{% include [part2, part] %}</div>",
]


def state(random: Random) -> dict[str, Any]:
    return {
        "name": random.choice(["a.html", "b.html", "c.html", "d.html", "odd.html"]),
        "other": random.choice(["a.html", "b.html"]),
        "layouts": random.sample(["a.html", "b.html", "c.html"], 2),
        "number": random.randrange(2),
        "on": random.choice([True, False]),
        "part": random.choice(["p.html", "q.html"]),
        "part2": random.choice(["p.html", "missing.html", "p.html"]),
        "parts": random.choice([["p.html", "q.html"], ["q.html", "q.html"]]),
        "x": random.choice(["x", "<&>", 7, "", Markup("<b>m</b>")]),
        "xs": random.choice([[], [1], [1, 2, 3], [3, 2]]),
    }


@pytest.mark.parametrize("source", PAGES)
def test_any_changes_show_what_jinja2_renders(source: str) -> None:
    random = Random(source)
    while True:
        values = state(random)
        if values["part2"] == "p.html":
            break
    bench = Bench(source, values, FILES)
    bench.check_first()
    for _ in range(25):
        changed = state(random)
        try:
            bench.plain.render(bench.values | changed)
        except jinja2.TemplateNotFound:
            continue
        bench.change(changed)


@pytest.mark.parametrize("source", [*PAGES[:5], PAGES[6], PAGES[8]])
def test_all_of_it_is_slots(source: str) -> None:
    values = {"name": "a.html", "layouts": ["a.html"], "number": 0, "on": True, "part": "p.html", "x": 1, "xs": [1, 2]}
    bench = Bench(source, {**values, "parts": ["p.html", "p.html"]}, {**FILES, "of this test": ""})
    assert opaque_parts(bench.rendering.template) == []


def test_a_known_parent_is_a_branch_and_a_new_one_a_new_shape() -> None:
    bench = Bench(PAGES[0], {"name": "a.html", "x": 1}, {**FILES, "of this test, too": ""})
    shape = bench.rendering.template
    assert bench.change({"x": 2}) == [0, [[0, 2, 1, 2]]]
    assert bench.change({"name": "c.html"})[0] == -13
    assert bench.change({"name": "a.html"}) == [0, [0, [2, 2]]]
    assert bench.rendering.template.fingerprint != shape.fingerprint
    latest = bench.templates.from_string(PAGES[0])
    assert latest is bench.rendering.template, "new views begin with what is known"
    old = shape.start()
    old.html(MappingScope({"name": "c.html", "x": 1}))
    assert old.template is latest, "and old ones end there"


def test_the_order_in_which_parents_are_met_does_not_matter_for_the_shape() -> None:
    shapes = set()
    for names in (["a.html", "c.html"], ["c.html", "a.html"]):
        bench = Bench(PAGES[0], {"name": names[0], "x": Markup("<b>1</b>")}, {**FILES, f"{names[0]}.x": ""})
        bench.change({"name": names[1]})
        shapes.add(bench.rendering.template.fingerprint)
    assert len(shapes) == 1


def test_more_parents_than_a_place_knows() -> None:
    many = {f"{number}.html": f"<p>{number}</p>{{% block b %}}{{% endblock %}}" for number in range(MAX_NAMES + 4)}
    bench = Bench("{% extends name %}{% block b %}<i>{{ x }}</i>{% endblock %}", {"name": "0.html", "x": 1}, many)
    for name in [*many, "3.html", f"{MAX_NAMES + 2}.html"]:
        bench.change({"name": name})
        bench.change({"x": name})
    [place] = {site for site, _ in (told for told in bench.rendering.template.promoted if isinstance(told, tuple))}
    assert len(Alternatives.at(place, bench.rendering.template.promoted).names) == MAX_NAMES


def test_templates_that_include_themselves() -> None:
    def node(name: str, *inner: dict[str, Any]) -> dict[str, Any]:
        return {"name": name, "inner": list(inner), "file": "tree.html"}

    bench = Bench("<ul>{% include node.file %}</ul>", {"node": node("1")}, FILES)
    bench.check_first()
    bench.change({"node": node("1", node("2"), node("3", node("4")))})
    deep = node("0")
    for number in range(40):
        deep = node(str(number), deep)
    bench.change({"node": deep})
    bench.change({"node": node("1", node("2"))})


@pytest.mark.parametrize("name", ["missing.html", "", None, 7, ["a.html", "missing.html"]])
def test_what_is_no_template_fails_as_in_jinja2(name: Any) -> None:
    bench = Bench(PAGES[0], {"name": "a.html", "x": 1}, FILES)
    with pytest.raises(Exception) as theirs:  # noqa: PT011 - whichever it is
        bench.plain.render(name=name, x=1)
    with pytest.raises(type(theirs.value)):
        bench.template.start().html(MappingScope({"name": name, "x": 1}))
    bench.change({"x": 2})


def test_a_template_object() -> None:
    bench = Bench(PAGES[0], {"name": "a.html", "x": 1}, FILES)
    for name in (bench.templates.environment.get_template("b.html"), "b.html"):
        bench.values.update(name=name)
        rendering = bench.template.start()
        assert normal(strip(rendering.html(bench.scope))) == normal(bench.fresh())


@pytest.mark.parametrize(
    "source",
    [
        "{% set x = 'a' if on else 'b' %}{% extends x ~ '.html' %}{% block b %}{{ t }}{{ x }}{% endblock %}",
        "{% set x = 'a.html' %}{% extends x %}{% set x = t %}{% block b %}{{ x }}{% endblock %}",
        "{% extends x %}{% set x = 'b.html' %}{% block b %}{{ x }}{{ t }}{% endblock %}",
        "{% set y = on %}{% if y %}{% set x = 1 %}{% extends 'a.html' %}{% set z = 4 %}{% else %}<b>{{ t }}</b>{% endif %}"
        "<i>{% block b %}{{ t }} {{ x }}{{ y }}{{ z }}{% endblock %}</i>",
        "{{ t }}{% if on %} {% extends x %}{% endif %}<i>{% block b %}{{ t }}{% endblock %}</i>",
        "<b>{{ t }}</b>\n{% extends 'c.html' %}{% block b %}{{ t }}{% endblock %}",
        "{% set y = t %}{{ y }}{% if on %}<s>{{ t }}</s>{% set z = 1 %}{% endif %}{% extends x %}{% block b %}{{ z }}{% endblock %}",
        "<b>{{ t }}</b>{% extends x ~ '' %}",
    ],
)
def test_what_a_template_extends_may_follow_from_what_it_sets(source: str) -> None:
    files = {
        "a.html": "<h1>{{ t }}</h1>{% block b %}a{% endblock %}",
        "b.html": "<p>{% block b %}b{% endblock %}</p>{{ t }}",
        "c.html": "<u>{{ t }}</u>{% extends 'b.html' %}",
    }
    bench = Bench(source, {"on": True, "t": "<1>", "x": "b.html"}, files)
    bench.check_first()
    for values in ({"on": False}, {"t": "2"}, {"on": True}, {"x": "a.html"}, {"on": False, "t": "3"}):
        bench.change(values)
    assert opaque_parts(bench.rendering.template) == []
