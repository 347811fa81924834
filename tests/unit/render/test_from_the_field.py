"""What templates of other projects have found: each thing in a template of our own."""

# ruff: noqa: E501 - one template, one line
from __future__ import annotations

import re
from typing import Any

import jinja2
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markupsafe import Markup
from selectolax.lexbor import LexborHTMLParser

from livets.render import Templates, opaque_parts
from livets.render.entities import decode_attribute
from tests.unit.render.conftest import Bench

WHO: dict[str, Any] = {"a": "x", "b": "<q> & 'z'", "xs": [1, 2], "on": True}
MACROS = {
    "icons.html": "{% macro icon(n) %}<svg><title>{{ n }}</title></svg>{% endmacro %}",
    "cards.html": "{% from 'icons.html' import icon as sign %}"
    "{% macro top(n) %}<article class='{{ n }}'><h3>{{ sign(n) }}</h3>{% endmacro %}"
    "{% macro bottom() %}</article>{% endmacro %}",
    "odd.html": "{% macro top() %}<b>{{ varargs|length }}{% include 'no' ignore missing %}{% endmacro %}"
    "{% macro bottom() %}</b>{{ varargs|length }}{% include 'no' ignore missing %}{% endmacro %}"
    "{% macro both() %}{{ top(1) }}{{ bottom(1) }}{{ varargs|length }}{% include 'no' ignore missing %}{% endmacro %}",
    "again.html": "{% from 'odd.html' import top, bottom %}",
}


def changes(bench: Bench) -> None:
    bench.check_first()
    for values in (
        {"b": ""},
        {"a": "", "on": False},
        {"b": "\n1", "xs": [3]},
        {"b": "\r\nx&amp;", "on": True},
        {"a": [1, "</script>"], "xs": []},
        {"b": Markup("1 &lt; 2")},
        {"a": "y", "b": Markup("<b>1</b>")},
    ):
        bench.change(values)


@pytest.mark.parametrize(
    "source",
    [
        "<script>var a = {{ a|tojson }}; if (1 < 2) { f('{{ b }}') }{% if on %} g(){% endif %}</script><p>{{ b }}</p>",
        "<div><script type='x'>{{ b }}{{ a }}</script></div>",
        "<style>.a { color: {{ b }} }</style>",
        "<ul>{% for x in xs %}<li><script>{{ x }}{{ b }}</script></li>{% endfor %}</ul>",
        "<script>[{% for x in xs %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}]</script>",
        "{% set c = b %}<script>\n{{ c }}\n</script>",
        "<svg><style>{{ a }}</style></svg>",
    ],
)
def test_scripts_and_styles_are_text(source: str) -> None:
    bench = Bench(source, WHO)
    assert opaque_parts(bench.template) == []
    changes(bench)


@pytest.mark.parametrize(
    "source", ["<script>{{ b|safe }}</script>", "<script>{% if on %}</script><script>{% endif %}</script>"]
)
def test_what_could_end_a_script_is_not(source: str) -> None:
    bench = Bench(source, WHO)
    assert opaque_parts(bench.template) != []
    changes(bench)
    bench.change({"b": Markup("</script><b>x</b>")})


def test_macros_that_open_and_close_elements_are_written_out_through_imports() -> None:
    source = "{% from 'cards.html' import top, bottom %}{{ top(a) }}<p>{{ b }}</p>{{ bottom() }}<i>{{ a }}</i>"
    bench = Bench(source, WHO, MACROS)
    assert opaque_parts(bench.template) == []
    assert [slot[0] for slot in bench.template.shape[0][1]] == [1, 0, 0, 0]
    changes(bench)


@pytest.mark.parametrize(
    "source",
    [
        "<div>{% from 'odd.html' import top, bottom %}{{ top(1) }}<p>{{ b }}</p>{{ bottom(1) }}</div><i>{{ a }}</i>",
        "<div>{% import 'odd.html' as odd %}{{ odd.top(1) }}<p>{{ b }}</p>{{ odd.bottom(1) }}</div><i>{{ a }}</i>",
        "{% from 'odd.html' import top, bottom with context %}{{ top(1) }}<p>{{ b }}</p>{{ bottom(1) }}<i>{{ a }}</i>",
    ],
)
def test_a_call_that_leaves_an_element_open_takes_what_is_around_along(source: str) -> None:
    bench = Bench(source, WHO, MACROS)
    assert opaque_parts(bench.template) != []
    changes(bench)


def test_what_a_file_imports_it_does_not_export() -> None:
    source = "{% from 'again.html' import top %}<p>{{ top() }}</p>"
    with pytest.raises(jinja2.UndefinedError, match="does not export the requested name 'top'"):
        Bench(source, WHO, MACROS)


def test_a_call_that_closes_what_it_opens_stays_one_slot() -> None:
    bench = Bench("<div>{% import 'odd.html' as odd %}{{ odd.both(1) }}</div><i>{{ a }}</i>", WHO, MACROS)
    assert opaque_parts(bench.template) == []
    changes(bench)


@pytest.mark.parametrize(
    ("source", "stray"),
    [
        ("<h1>{{ a }}</h2></h1><i>{{ b }}</i>", "h2"),
        ("{{ a }}</h2>{{ b }}<p>{{ a }}</p>", "h2"),
        ("<p>{{ a }}</p></p><i>{{ b }}</i>", "p"),
        ("<table><tr><td>{{ a }}</td></th></tr></table>{{ b }}", "th"),
        ("</br>{{ a }}<b>{{ b }}</b>", "br"),
        ("{% if on %}<b>{{ a }}</b>{% endif %}</i><p>{{ b }}</p>", "i"),
    ],
)
def test_stray_end_tags_that_browsers_ignore_are_advice(source: str, stray: str) -> None:
    bench = Bench(source, WHO)
    changes(bench)
    assert [advice.message for advice in bench.template.advice] == [
        f"</{stray}> closes nothing that is open here; remove it"
    ]


@pytest.mark.parametrize(
    "source",
    [
        "<h1>{{ a }}</h1><div><p><{{ tag }} class='x' {% if on %}title='>'{% endif %}>{{ b }}</{{ tag }}></p></div>{{ a }}",
        "<h1>{{ a }}</h1>{% if on %}<div><{{ tag }}>{{ b }}</{{ tag }}></div>{% endif %}<p>{{ b }}</p>",
        "<h1>{{ a }}</h1><p><{{ tag }}{{ 1 }}>{{ b }}</{{ tag }}{{ 1 }}></p>{% if on %}<b>{{ b }}</br></b>{% endif %}",
    ],
)
def test_a_tag_with_a_dynamic_name_is_opaque_with_what_encloses_it(source: str) -> None:
    bench = Bench(source, {**WHO, "tag": "i"})
    assert bench.template.shape[0][0].startswith("<h1>x</h1>")
    changes(bench)
    bench.change({"tag": "u"})


@pytest.mark.parametrize(
    "top",
    [
        "{% if on %}written nowhere{% set t = b %}{% endif %}",
        "{% if on %}{% set t = b %}{% elif a %}{% set t = 'q' %}{% else %}{{ a }}{% endif %}",
        "{% if on %}{% if a %}{% set t = a %}{% endif %}{% set u = 1 %}{% endif %}",
    ],
)
def test_names_set_in_conditions_before_the_blocks(top: str) -> None:
    files = {"base.html": "<h1>{{ t }}</h1>{% block c %}{% endblock %}"}
    bench = Bench("{% extends 'base.html' %}" + top + "{% block c %}<p>{{ t }}{{ u }}</p>{% endblock %}", WHO, files)
    assert opaque_parts(bench.template) == []
    changes(bench)


def test_advice_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    templates = Templates()
    for _ in range(3):
        templates.from_string("<p>{{ a }}</b></p>", name="page.html")
    assert caplog.messages == ["page.html, line 1: </b> closes nothing that is open here; remove it"]


def test_a_template_that_asks_for_its_own_name() -> None:
    files = {
        "base.html": "<main id='m_{{ self._TemplateReference__context.name|replace('.html', '') }}'>{% block b %}{% endblock %}</main>",
        "page.html": "{% extends 'base.html' %}{% block b %}{{ a }} of {{ self._TemplateReference__context.name }}{% endblock %}",
    }
    bench = Bench("{% include 'page.html' %}", WHO, files)
    assert opaque_parts(bench.template) == []
    assert "<main id='m_page'>x of page.html</main>" in bench.html
    changes(bench)


@pytest.mark.parametrize(
    "macro",
    [
        "{% macro items() %}{% with items = a %}<i>{{ items }}</i>{{ b }}{% endwith %}{% endmacro %}",
        "{% macro items() %}{% set items = b %}<i>{{ items }}</i>{{ a }}{% endmacro %}",
        "{% macro items() %}{% for items in xs %}<i>{{ items }}</i>{% endfor %}{% endmacro %}",
    ],
)
def test_a_macro_with_a_name_of_its_own_that_is_called_like_it(macro: str) -> None:
    for source, files in (
        (f"{macro}<p>{{{{ items() }}}}</p>", {}),
        ("{% import 'm.html' as m with context %}<p>{{ m.items() }}</p>", {"m.html": macro}),
    ):
        bench = Bench(source, WHO, files)
        assert opaque_parts(bench.template) == []
        assert 3 not in [slot[0] for slot in bench.template.shape[0][1]], "no HTML slot"
        changes(bench)


@pytest.mark.parametrize(
    "around",
    [
        "<svg><g>{}</g></svg>",
        "<svg><a>{}</a></svg>",
        "<my-list>{}</my-list>",
        "<math><mrow>{}</mrow></math>",
        "<svg><symbol>{}</symbol></svg>",
    ],
)
def test_rows_inside_of_elements_that_the_parser_has_no_number_for(around: str) -> None:
    """lexbor refuses <g> and custom elements as the context of a fragment; their rows are rows like any others."""
    row = "<my-item ts-key='{{ x }}' title='{{ x }}{{ a }}'></my-item>"
    if "svg" in around:
        row = "<path ts-key='{{ x }}' d='M{{ x }}{{ a }}'/>"
    elif "math" in around:
        row = "<mi ts-key='{{ x }}' class='{{ x }}{{ a }}'>{{ x }}</mi>"
    source = around.format("{% for x in xs %}" + row + "{% endfor %}")
    bench = Bench(source, dict(WHO))
    assert not opaque_parts(bench.template)
    bench.check_first()
    assert bench.change({"xs": [2, 1]}) == [0, [1, 1, 2]]
    bench.change({"xs": [3, 2, 1], "a": "y"})
    bench.change({"xs": []})


def test_rows_of_svg_text() -> None:
    """An element called <text> is no text node."""
    bench = Bench(
        "<svg>{% for x in xs %}<text ts-key='{{ x }}' x='{{ x }}%'>{{ x }}{{ a }}</text>{% endfor %}</svg>", dict(WHO)
    )
    assert not opaque_parts(bench.template)
    bench.check_first()
    assert bench.change({"xs": [2, 1]}) == [0, [1, 1, 2]]
    bench.change({"a": "z"})


def test_an_imported_macro_may_have_a_parameter_of_its_own_name() -> None:
    files = {"m.html": "{% macro b(b='') %}<b>{{ b }}</b>{% endmacro %}{% macro c(b) %}<i>{{ b }}</i>{% endmacro %}"}
    bench = Bench("{% import 'm.html' as m %}{{ m.b(a) }}{{ m.c(b) }}{{ b }}", WHO, files)
    assert opaque_parts(bench.template) == []
    changes(bench)


@pytest.mark.parametrize(
    "source",
    [
        '<p data-a="{{ a|tojson }}">x</p><i>{{ b }}</i>',
        "<p data-a='{{ b|safe }}{{ on }}'>x</p><i>{{ b }}</i>",
        '<ul>{% for x in xs %}<li title="{{ x }}{% if on %}{{ a|tojson }}{% endif %}">{{ x }}</li>{% endfor %}</ul>',
        '<p title="{% for x in xs %}{{ a|tojson }}{% endfor %}">x</p>',
        '{% filter string %}<p title="{{ a|tojson }}">x</p>{% endfilter %}',
    ],
)
def test_markup_that_ends_its_attribute_is_what_a_parser_makes_of_it(source: str) -> None:
    bench = Bench(source, {**WHO, "a": 7})
    changes(bench)
    bench.change({"a": "x y='1'", "b": "'", "on": True, "xs": [1]})
    bench.change({"a": 7, "b": ""})


def test_json_without_quotes_is_a_slot() -> None:
    bench = Bench("<p data-a=\"{{ a|tojson }}\" data-b='{{ xs|tojson }}'>x</p>", {**WHO, "a": 7})
    assert bench.change({"a": True, "xs": ["'"]}) == [0, "true", 1, '["\\u0027"]']
    assert opaque_parts(bench.rendering.template) == []


@given(st.lists(st.sampled_from(["&lt", "&lt;", "&copy", "&#61", "&#x3d;", "&amp;", "&notit;", "=", "a", "1", ";", "&", "#"])))  # fmt: skip
def test_references_in_attributes_are_decoded_as_by_a_parser(parts: list[str]) -> None:
    source = "".join(parts)
    node = LexborHTMLParser(f'<p a="{source}">').css_first("p")
    assume(not re.search("&#[01]?1(?![0-9])", source))  # control characters are left out
    assert node is not None
    assert (node.attributes["a"] or "") == decode_attribute(source)


def test_markup_with_a_comparison_in_an_attribute() -> None:
    bench = Bench('<p title="{{ b }}">x</p>', {**WHO, "b": Markup("1 &lt; 2")})
    assert bench.change({"b": Markup("1 &lt;= 2")}) == [0, "1 <= 2"]
