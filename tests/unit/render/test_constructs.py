"""Jinja2's constructs become slots: what each is, that it means what Jinja2 means, and that nothing is opaque."""
# ruff: noqa: E501 - templates stand here as people write them

from __future__ import annotations

import gettext
from typing import Any

import jinja2
import pytest
from markupsafe import Markup

from livets.render import Templates
from livets.render.environment import MappingScope
from tests.unit.render.conftest import Bench, normal, strip

WHO: dict[str, Any] = {
    "a": "x<", "n": 2, "on": True, "xs": [1, 2, 3], "d": {"k": "v"},
    "rows": [{"id": 1, "t": "q", "ks": [1, 2]}, {"id": 2, "t": "w", "ks": []}],
}  # fmt: skip
OTHER: dict[str, Any] = {
    "a": "y", "n": 0, "on": False, "xs": [3, 1], "d": {}, "rows": [{"id": 2, "t": "<", "ks": [2]}, {"id": 3, "t": "", "ks": []}],
}  # fmt: skip


def check(source: str, files: dict[str, str] | None = None) -> Bench:
    bench = Bench(source, WHO, files)
    bench.check_first()
    bench.change(OTHER)
    bench.change({"xs": [], "rows": []})
    bench.change(WHO)
    for name in WHO:
        bench.change({name: OTHER[name]})
    return bench


@pytest.mark.parametrize(
    "source",
    [
        "<p>{% for x in xs %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}</p>",
        "<p>a {% for x in xs if x > 1 %}{{ loop.index }}{{ x }}{{ n }} {% else %}none {{ a }}{% endfor %} b</p>",
        "<p>{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}</p>",
        "<p>{% for r in rows %}{{ r.t }}({% for k in r.ks %}{{ k }}{{ loop.index }}{{ r.id }} {% endfor %}){% endfor %}</p>",
        "<p title='{% for x in xs %}{{ x }} {% endfor %}'>&amp;{% for x in xs %}&lt;{{ a }}{% endfor %}</p>",
        "<textarea>{% for x in xs %}{{ x }}\n{% endfor %}</textarea><pre>{{ a }}{% for x in xs %}\n{{ x }}{% endfor %}</pre>",
        "{% for r in rows %}<p>{% for k in r.ks %}{{ k }}, {% endfor %}{{ r.t }}</p>{% endfor %}",
        "{% set s = n + 1 %}<p>{% for x in xs %}{% if x == s %}{{ s }}{% elif on %}{{ a }}{% else %}-{% endif %}{% endfor %}</p>",
    ],
)
def test_a_loop_over_text_is_a_part_of_the_text(source: str) -> None:
    assert check(source).template.opaque == []


def test_markup_in_a_loop_over_text_is_markup() -> None:
    bench = Bench("<p>{% for x in xs %}{{ x }}, {% endfor %}</p>", {"xs": ["a", "<"]})
    bench.check_first()
    bench.change({"xs": ["a", Markup("<b>x</b>")]})
    bench.change({"xs": ["b"]})


@pytest.mark.parametrize("newstyle", [True, False])
def test_translations(newstyle: bool) -> None:
    templates = Templates(extensions=["jinja2.ext.i18n"])
    environment: Any = templates.environment
    environment.install_gettext_translations(gettext.NullTranslations(), newstyle=newstyle)
    source = """<p title="{% trans %}Hello{% endtrans %}">{% trans user=a %}Hi <b>{{ user }}</b>{% endtrans %}</p>
{% trans n=n %}{{ n }} row{% pluralize %}{{ n }} rows{% endtrans %} {{ _("x") }}{{ gettext("y") }}
{% for x in xs %}<i>{% trans %}one{% endtrans %} {{ x }}</i>{% endfor %}{% set q = _("z") %}<u>{{ q }}</u>"""
    rendering = templates.from_string(source).start()
    plain = environment.from_string(source)
    assert strip(rendering.html(MappingScope(WHO))) == plain.render(WHO)
    assert rendering.template.opaque == []
    rendering.diff(MappingScope(OTHER), frozenset(WHO)).commit()
    assert normal(strip(rendering.html(MappingScope(OTHER)))) == normal(plain.render(OTHER))


def test_what_livets_cannot_compile_is_rendered_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    from livets.render import builder

    def fail(*_: Any) -> None:
        raise AssertionError("a bug")

    monkeypatch.setattr(builder.Builder, "end", fail)
    template = Templates().from_string("<p>{{ a }}</p>")
    assert strip(template.start().html(MappingScope(WHO))) == "<p>x&lt;</p>"
    assert [part.reason for part in template.opaque] == ["the whole template: AssertionError in livets: a bug"]


def test_extensions_and_undefined_filters() -> None:
    with pytest.raises(jinja2.TemplateError):
        jinja2.Environment().from_string("{% do 1 %}")
    templates = Templates(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
    source = "{% set s = [] %}{% for x in xs %}{% if x == 2 %}{% continue %}{% endif %}<b>{{ x }}</b>{% do s.append(x) %}{% endfor %}{{ s }}"
    html = templates.from_string(source).start().html(MappingScope(WHO))
    assert strip(html) == templates.environment.from_string(source).render(WHO)


LIBRARY = """{% set sep = ": " %}{% macro line(label, value="-", kind=none) %}<p{% if kind %} class="{{ kind }}"{% endif %}>{{ label }}{{ sep }}{{ value }}</p>{% endmacro %}
{% macro list(items) %}<ul>{% for x in items %}<li>{{ caller(x) if caller else x }}</li>{% endfor %}</ul>{% endmacro %}
{% macro both(a) %}{{ line("one", a) }}{{ line(a, kind="two") }}{{ range(2)|join }}{{ n }}{% endmacro %}"""


@pytest.mark.parametrize(
    "source",
    [
        "{% macro m(x, y=x ~ 1) %}<b>{{ x }}{{ y }}{{ n }}</b>{% endmacro %}{{ m(a) }}{{ m(y=n, x=1) }}{{ m() }}",
        "{% macro m(a) %}Hi {{ a }}{% endmacro %}<p>{{ m(n) }}, {{ m(a) }}!</p>{{ a }}",
        "{% macro box(title) %}<div><h2>{{ title }}</h2>{{ caller() }}{% if caller %}<hr>{% endif %}</div>{% endmacro %}"
        "{% call box(a) %}<p>{{ a }} {{ title }}</p>{% endcall %}",
        "{% macro each(xs) %}{% for x in xs %}<i>{{ caller(x, loop.index) }}</i>{% endfor %}{% endmacro %}"
        "{% set x = 'mine' %}{% call(v, i=0) each(rows) %}{{ v.t }} {{ i }} {{ x }} {{ n }}{% endcall %}",
        "{% macro maybe(t) %}<div>{{ t }}{% if caller is defined %}<b>{{ caller() }}</b>{% else %}-{% endif %}</div>{% endmacro %}"
        "{{ maybe(1) }}{% call maybe(n) %}<u>{{ n }}</u>{% endcall %}",
        "{% macro in(x) %}<i>{{ x }}</i>{% endmacro %}{% macro out(x) %}<b>{{ in(x ~ n) }}{{ in(a) }}</b>{% endmacro %}"
        "{% for x in xs %}<p>{{ out(x) }}{{ in(loop.index) }}</p>{% endfor %}",
        "{% for y in xs %}{% macro m(z) %}<b>{{ y }}{{ z }}</b>{% endmacro %}<p>{{ m(n) }}</p>{% endfor %}",
        "{% macro m() %}{% set a = n %}{% for a in xs %}{{ a }}{% endfor %}{{ a }}{% endmacro %}<p>{{ m() }}{{ a }}</p>",
        "{% set q %}<b>{{ a }}</b>{{ n }}{% endset %}<p>{{ q }}</p>{% for x in xs %}<p>{{ q }}{{ x }}</p>{% endfor %}",
        "{% import 'lib.html' as lib %}{{ lib.line(a) }}{{ lib.both(n) }}{% for x in xs %}{{ lib.line('x', x) }}{% endfor %}",
        "{% from 'lib.html' import line as l, list, both %}{{ l('a', kind=a) }}{{ list(xs) }}{% call(v) list(rows) %}{{ v.t }}{{ n }}{% endcall %}",
        "{% from 'lib.html' import both with context %}{{ both(a) }}",
    ],
)
def test_macros_and_blocks_are_written_out(source: str) -> None:
    bench = check(source, {"lib.html": LIBRARY})
    assert bench.template.opaque == []
    assert 3 not in [slot[0] for slot in bench.template.shape[0][1]] or "lib" in source


@pytest.mark.parametrize(
    "source",
    [
        "{% macro m(x) %}<b>{{ x }}</b>{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, a, k=n) }}",
        "{% macro tree(n) %}<i>{{ n }}</i>{% if n %}{{ tree(n - 1) }}{% endif %}{% endmacro %}{{ tree(n) }}",
        "{% macro m() %}<b>{{ x }}</b>{% endmacro %}{% for x in xs %}<p>{{ m() }}</p>{% endfor %}",
        "{% macro m(x) %}<b>{{ x }}</b>{% endmacro %}{% if m(a) == n %}<p>y</p>{% endif %}<p title='{{ m(n) }}'>{{ m(a)|upper }}</p>",
        "{% macro m(x) %}<b>{{ x }}</b>{% endmacro %}{% set r = m(a) %}<p>{{ r }}</p>{{ m(*xs) }}",
        "{% macro m(x) %}<b>{% include 'inc.html' %}</b>{% endmacro %}{{ m(a) }}",
        "{% macro open(x) %}<div>{{ x }}{% endmacro %}<section>{{ open(a) }}</div></section><p>{{ n }}</p>",
        "{% set x = 1 %}{% macro m() %}{{ x }}{% endmacro %}{% set x = n %}<p>{{ m() }}</p>",
        "{% set x = 1 %}{% macro m() %}{{ x }}{% endmacro %}{% if on %}{% set x = n %}{% endif %}<p>{{ m() }}</p>",
        "{% set q | upper %}<b>{{ a }}</b>{% endset %}<p>{{ q }}</p>",
        "{% macro m(x) %}{{ caller(x) }}{% endmacro %}{% macro k(f) %}{{ f(1) }}{% endmacro %}{% call(v) m(a) %}{{ k(m) if v == 'q' }}{{ v }}{% endcall %}",
    ],
)
def test_what_can_not_be_written_out_is_right_all_the_same(source: str) -> None:
    check(source.replace("*xs", "*[a]"), {"inc.html": "<u>{{ x }}{{ a }}</u>"})


def test_a_macro_updates_one_text() -> None:
    bench = Bench("{% macro m(x) %}<b>{{ x }}</b><i>{{ n }}</i>{% endmacro %}<p>{{ m(a) }}</p>", WHO)
    assert bench.change({"a": "z"}) == [0, "z"]
    assert bench.change({"n": 5}) == [1, 5]


def test_macros_that_call_macros_do_not_grow_without_end() -> None:
    macros = "".join(
        f"{{% macro m{i}() %}}{f'{{{{ m{i - 1}() }}}}' * 9 if i else 'x{{ a }}'}{{% endmacro %}}" for i in range(5)
    )
    Bench(f"{macros}<p>{{{{ m4() }}}}</p>", WHO).check_first()


@pytest.mark.parametrize(
    "source",
    [
        "<div>{% block t %}<b>T{{ a }}</b>{% endblock %}</div><p>{{ self.t() }}</p>",
        "{% set x = n %}{% block t %}<b>{{ x }}</b>{% endblock %}{% block u %}<i>{{ self.t() }}</i>{% endblock %}",
        "{% include ['none.html', 'inc.html'] %}{% include ['none.html'] ignore missing %}<p>{{ a }}</p>",
        "{% with (p, q) = (n, a), r = q %}<p>{{ p }}{{ q }}{{ r }}</p>{% endwith %}<p>{{ p }}</p>",
        "<table><tr><th>{{ a }}</th></tr>{% for r in rows %}<tr id='{{ r.id }}'><td>{{ r.t }}</td></tr>\n{% endfor %}</table>{{ n }}",
        "<table><tr><td>{{ a }}</td></tr> {% if on %}<tr><td>{{ n }}</td></tr>{% endif %}<tfoot><tr><td>{{ n }}</td></tr></tfoot></table>",
        "<table><caption>{{ a }}</caption><tr><td>{{ n }}</td></tr><tbody><tr><td>{{ a }}</td></tr></tbody></table>",
        "{% for r in rows %}<p>{% set outer = loop %}{% for k in r.ks %}<i>{{ outer.index }}{{ loop.cycle('a', 'b') }}{{ loop.changed(k) }}</i>{% endfor %}</p>{% endfor %}",
    ],
)
def test_more_constructs_that_are_slots(source: str) -> None:
    assert check(source, {"inc.html": "<u>{{ a }}</u>"}).template.opaque == []


@pytest.mark.parametrize(
    "source",
    [
        "{% with x = n %}{% block b %}<p>{{ x }}!</p>{% endblock %}{% endwith %}",
        "{% set x = a %}{% block a %}{% set x = n %}{% block b %}<p>{{ x }}!</p>{% endblock %}{{ x }}{% endblock %}{{ x }}",
        "{% block a %}{% set x = n %}{% block b scoped %}<p>{{ x }}</p>{% endblock %}{% endblock %}",
        "<div><!-- {{ a }} --><p>{{ a }}</p><!-- {% if on %}x{% endif %} --></div>",
        "<h{{ n + 1 }}>{{ a }}</h{{ n + 1 }}>",
        "<h{{ 1 if on else 2 }}>{{ a }}</h{{ 1 if on else 2 }}>",
        "<ul>{% for x in xs %}{% if x == n %}{% break %}{% endif %}<li>{{ x }}</li>{% endfor %}</ul>{{ a }}",
        "{% autoescape false %}<p>{{ n }}</p>{% endautoescape %}<p>{{ a }}</p>",
    ],
)
def test_what_is_opaque_is_right(source: str) -> None:
    check(source)


def test_a_dynamic_comment_is_a_region_of_its_own() -> None:
    bench = Bench("<div><p>{{ n }}</p><!-- {{ a }} --></div>", WHO)
    assert bench.change({"a": "q"}) == [1, "<!-- q -->"]
    assert bench.change({"n": 3}) == [0, 3]
