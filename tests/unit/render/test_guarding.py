"""Values at unsafe places are guarded and the log says so; values anywhere else, and harmless ones, are left alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from livets.mirror.nodes import parse
from livets.render import guards
from livets.render.environment import LiveEnvironment
from livets.render.guarding import guarded
from tests.support.corpus import CASES, EXTENSIONS
from tests.unit.render.conftest import Bench
from tests.unit.render.test_corpus import states_of

BAD = "javascript:alert(1)"
BLOCKED = guards.BLOCKED_URL


def live(**options: Any) -> LiveEnvironment:
    return LiveEnvironment(autoescape=True, extensions=EXTENSIONS, **options)


def plain(**options: Any) -> jinja2.Environment:
    return jinja2.Environment(autoescape=True, extensions=EXTENSIONS, **options)


def render(source: str, **values: Any) -> str:
    environment = live()
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    return environment.from_string(source).render(values)


@pytest.fixture(autouse=True)
def _nothing_was_told() -> Iterator[None]:
    guards._told.clear()
    yield
    guards._told.clear()


URLS = [
    ('<a href="{{ u }}">x</a>', f'<a href="{BLOCKED}">x</a>'),
    ("<a href='{{ u }}'>x</a>", f"<a href='{BLOCKED}'>x</a>"),
    ("<a href={{ u }}>x</a>", f"<a href={BLOCKED}>x</a>"),
    ('<a HREF = "{{ u }}">x</a>', f'<a HREF = "{BLOCKED}">x</a>'),
    ('<a href=" {{ u }}">x</a>', f'<a href=" {BLOCKED}">x</a>'),
    ('<form action="{{ u }}"></form>', f'<form action="{BLOCKED}"></form>'),
    ('<button formaction="{{ u }}"></button>', f'<button formaction="{BLOCKED}"></button>'),
    ('<iframe src="{{ u }}"></iframe>', f'<iframe src="{BLOCKED}"></iframe>'),
    ('<object data="{{ u }}"></object>', f'<object data="{BLOCKED}"></object>'),
    ('<svg><a xlink:href="{{ u }}"></a></svg>', f'<svg><a xlink:href="{BLOCKED}"></a></svg>'),
    ('<a href="{% if u %}{{ u }}{% endif %}">x</a>', f'<a href="{BLOCKED}">x</a>'),
    ('<a {% if u %}href="{{ u }}"{% endif %}>x</a>', f'<a href="{BLOCKED}">x</a>'),
    ('<a href="{{ u|safe }}">x</a>', f'<a href="{BLOCKED}">x</a>'),
    ('<a href="{{ u|e }}">x</a>', f'<a href="{BLOCKED}">x</a>'),
    ('<a ts-bind:href="u">x</a>', f'<a href="{BLOCKED}">x</a>'),
    ("<a{{ {'href': u}|xmlattr }}>x</a>", f'<a href="{BLOCKED}">x</a>'),
    ('{% trans %}<a href="{{ u }}">x</a>{% endtrans %}', f'<a href="{BLOCKED}">x</a>'),
    ('{% trans u=u %}<a href="{{ u }}">x</a>{% endtrans %}', f'<a href="{BLOCKED}">x</a>'),
    ('{% trans trimmed u -%}<a href="{{ u }}">x</a>{% endtrans %}', f'<a href="{BLOCKED}">x</a>'),
    ('{% trans n=1, w=u %}<a href="{{ w }}">{% pluralize %}{{ w }}{% endtrans %}', f'<a href="{BLOCKED}">'),
    ('{% macro m(v) %}<a href="{{ v }}">x</a>{% endmacro %}{{ m(u) }}', f'<a href="{BLOCKED}">x</a>'),
    ('{% for v in [u] %}<a href="{{ v }}">x</a>{% endfor %}', f'<a href="{BLOCKED}">x</a>'),
]  # fmt: skip


@pytest.mark.parametrize(("source", "shown"), URLS)
def test_a_url_that_is_a_program_leads_nowhere(source: str, shown: str) -> None:
    assert render(source, u=BAD) == shown
    assert BLOCKED not in render(source, u="https://example.com/?a=b")


@pytest.mark.parametrize(
    "url",
    [
        "JavaScript:x",
        " \x01javascript:x",
        "java\tscr\nipt:x",
        "vbscript:x",
        Markup("javascript&#58;x"),
        "\tjavascript:",
    ],
)
def test_what_a_browser_would_run_is_recognised(url: str) -> None:
    assert render('<a href="{{ u }}">', u=url) == f'<a href="{BLOCKED}">'


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ('<a href="{{ a }}{{ b }}">', {"a": "java", "b": "script:x"}),
        ('<a href="{{ a }}{{ b }}">', {"a": "", "b": BAD}),
        ('<a href="{{ a }}{{ b }}">', {"a": "javascript", "b": ":x"}),
        ('<a href="{{ a }}:{{ b }}">', {"a": "javascript", "b": "x"}),
        ('<a href="java{{ a }}">', {"a": "script:x"}),
        ('<a href="{{ a }}script:x">', {"a": "java"}),
    ],
)
def test_a_program_put_together_from_parts_is_recognised(source: str, values: dict[str, str]) -> None:
    assert BLOCKED in render(source, **values)


def test_parts_of_a_url_that_can_be_no_scheme_are_left_alone() -> None:
    assert render('<a href="{{ a }}{{ b }}">', a="/pages/", b="item:3") == '<a href="/pages/item:3">'
    assert render('<a href="{{ a }}://{{ b }}/">', a="https", b="x:1") == '<a href="https://x:1/">'
    assert guarded('<a href="/q?u={{ u }}"><img src="{{ u }}">', live()) == '<a href="/q?u={{ u }}"><img src="{{ u }}">'
    assert guarded('<a href="javascript:{{ u }}">', live()) == '<a href="javascript:{{ u }}">'


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("red", "red"),
        ("a=b", "a=b"),
        (3, "3"),
        ("", ""),
        (None, "None"),
        ("x onclick=y()", "x&#32;onclick=y()"),
        ("x>y", "x&gt;y"),
        ("a\tb", "a&#9;b"),
        (Markup('"a b"'), '"a b"'),
        (Markup('"a\\" onclick=y "'), '&#34;a\\"&#32;onclick=y&#32;"'),
    ],
)
def test_a_value_without_quotes_stays_one_value(value: object, shown: str) -> None:
    assert render("<p title={{ x }}>", x=value) == f"<p title={shown}>"


def test_text_among_attributes_gives_no_attribute_a_value() -> None:
    assert render("<p {{ x }}>", x="hidden") == "<p hidden>"
    assert render("<p {{ x }}>", x="a onclick=y()") == "<p a onclick&#61;y()>"
    assert render("<p {{ x }}>", x=Markup('title="a"')) == '<p title="a">'
    assert render("<p {{ 'title=a' if x }}>", x=1) == "<p title=a>", "the template's own"


@pytest.mark.parametrize(
    ("source", "value", "shown"),
    [
        ('<p data-{{ x }}="1">', "a b", '<p data-a-b="1">'),
        ('<p {{ x }}="1">', "onclick", '<p livets-blocked="1">'),
        ('<p {{ x }} = "1">', "onclick", '<p livets-blocked = "1">'),
        ('<p on{{ x }}="1">', "click", '<p onlivets-blocked="1">'),
        ('<p ts-on:{{ x }}="1">', "click", '<p ts-on:livets-blocked="1">'),
        ("<h{{ x }}></h{{ x }}>", 2, "<h2></h2>"),
        ("<{{ x }}></{{ x }}>", "script", "<livets-blocked></livets-blocked>"),
        ("<{{ x }}></{{ x }}>", "b", "<b></b>"),
    ],
)
def test_names_are_names(source: str, value: object, shown: str) -> None:
    assert render(source, x=value) == shown


def test_xmlattr_leaves_out_what_would_be_code() -> None:
    assert render("<p{{ x|xmlattr }}>", x={"onclick": "y()", "title": "a", "ts-on:click": "b"}) == '<p title="a">'
    with pytest.raises(ValueError, match="Invalid character"):
        render("<p{{ x|xmlattr }}>", x={"a b": 1})


@pytest.mark.parametrize(
    ("source", "value", "words"),
    [
        ('\n<a\nhref="{{ u }}">', BAD, ["line 3", "program", "'javascript:alert(1)'", "https://"]),
        ("\n<a ts-bind:href='u'>", BAD, ["line 2", "program"]),
        ("<p title={{ u }}>", "a b", ["line 1", "without quotes", "'a b'", "write quotes"]),
        ("<p {{ u }}>", "a=b", ["line 1", "among attributes", "'a=b'", "name into the template"]),
        ("<p data-{{ u }}=''>", "a b", ["line 1", "name of an attribute", "'data-a b'", "write the names"]),
        ("<p {{ u }}>", "a" * 500 + "=", ["line 1", "a" * 50]),
    ],
)
def test_what_was_changed_is_told_once(
    source: str, value: str, words: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "livets"):
        for _ in range(3):
            render(source, u=value)
    [record] = caplog.records
    for word in words:
        assert word in record.getMessage()
    assert len(record.getMessage()) < 500


def test_the_warning_names_the_file(caplog: pytest.LogCaptureFixture) -> None:
    loader = jinja2.DictLoader({"a.html": '<p>\n{% include "b.html" %}</p>', "b.html": '\n\n<a href="{{ u }}">x</a>'})
    live(loader=loader).get_template("a.html").render(u=BAD)
    assert "b.html, line 3" in caplog.text


# Everything else is as Jinja2 has it

SAME = [
    "{{ t }}<p>{{ t }}</p>",
    "<a\n href='{{-\n u\n-}}' >\n{{ missing.attribute }}</a>",
    '<a href="{{ u }}" {# c #} {{ flag }}>{# <a href="{{ u }}"> #}</a>',
    '{% raw %}<a href="{{ u }}">{% endraw %}{{ u }}',
    '<a href="{{ u if flag else "x" }}">{{ "<a href={{ u }}" }}</a>',
    '<a href="{{ u, flag }}">x</a><a href="{{ u|upper|replace("A", "B") }}">',
    "<a href={{ u }} title={{ flag }}>x</a><a href={{u}}/>",
    "{{ t }} <{{ n }}> {{ t }} < {{ t }} <",
    '<script>var a = "<a href={{ u }}"</script><style>{{ t }}</style><textarea><a href="{{ u }}"></textarea>',
    '<!-- <a href="{{ u }}"> --><a href="{{ u }}"',
    '<a href="{{ u + }}">',
    '<a\n\nhref="{{ u.x.y }}">',
    '<a href="{% trans %}{{ u }}{% endtrans %}">{% trans n %}{{ n }}{% pluralize %}{{ n }}s{% endtrans %}</a>',
    '{% trans trimmed %}\n <a href="{{ u }}" title={{ flag }}>\n {{ t }}</a>{% endtrans %}',
    '{% trans "a context", n, u=u ~ "(,)" %}<a href="{{ u }}">{{ n }}{% pluralize n %}<a href="{{ u }}">{% endtrans %}',
    '{%- trans -%} <h{{ n }}>{{ t }}</h{{ n }}> {%- endtrans -%}',
    '{% trans %}<a href="{{ u|upper }}">{% endtrans %}',
    "{% for x in [u] -%} <a href='{{ x }}' {{ loop.first and 'a' }}> {%- endfor %}",
    "{% autoescape false %}<a href='{{ u }}' {{ flag }}>{{ t }}</a>{% endautoescape %}",
    "<a href='{{ u|e }}' class={{ flag|safe }}>{{ t|e }}</a>",
]  # fmt: skip
VALUES: dict[str, Any] = {"u": "https://a.example/?b=1&c=2", "t": "a > b & 'c' \"d\"", "n": 3, "flag": "disabled"}


def outcome(environment: jinja2.Environment, source: str, values: dict[str, Any]) -> object:
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    try:
        return environment.from_string(source).render(values)
    except jinja2.TemplateSyntaxError as error:
        return type(error), error.lineno
    except jinja2.TemplateError as error:
        at = error.__traceback__
        while at is not None and at.tb_next is not None:
            at = at.tb_next
        return type(error), error.message, at.tb_lineno if at is not None else 0


@pytest.mark.parametrize("source", SAME)
@pytest.mark.parametrize(
    "options", [{}, {"trim_blocks": True, "lstrip_blocks": True}, {"undefined": jinja2.StrictUndefined}]
)
def test_what_is_harmless_is_as_plain_jinja_has_it(source: str, options: dict[str, Any]) -> None:
    assert outcome(live(**options), source, VALUES) == outcome(plain(**options), source, VALUES)


def test_other_delimiters_are_guarded_as_well() -> None:
    environment = live(
        variable_start_string="${", variable_end_string="}", block_start_string="<%", block_end_string="%>"
    )
    template = environment.from_string('<% if u %><a href="${ u }" title=${ t }>${ t }</a><% endif %>')
    assert template.render(u=BAD, t="a b") == f'<a href="{BLOCKED}" title=a&#32;b>a b</a>'


@pytest.mark.parametrize(
    "case", [case for case in CASES if "ts-" not in case.source and case.name != "unsafe_places"], ids=repr
)
def test_templates_of_the_corpus_are_as_plain_jinja_has_them(case: Any) -> None:
    ours, theirs = live(loader=jinja2.DictLoader(case.files)), plain(loader=jinja2.DictLoader(case.files))
    for state in states_of(case, 3):
        assert outcome(ours, case.source, state) == outcome(theirs, case.source, state)


@settings(max_examples=40, deadline=None)
@given(st.text("javscript:JS \t\n\x01/?#.&;<>\"'=ax1", max_size=24), st.sampled_from(["", "java", "x/"]))
def test_no_value_makes_a_program_or_another_attribute(value: str, other: str) -> None:
    source = '<a href="{{ o }}{{ v }}" data-x="{{ v }}" {{ v }} title={{ v }}>{{ v }}</a>'
    [link] = [node for node in parse(render(source, v=value, o=other)) if node.kind == "element"][:1]
    attributes = dict(link.attributes)
    assert not guards.is_program(attributes.pop("href"))
    assert attributes.pop("data-x") == attributes.pop("title") == value
    assert not any(attributes.values()), attributes


def test_guarded_attributes_are_slots() -> None:
    source = '<a href="{{ u }}">x</a>{% for r in rows %}<p id="{{ r.id }}"><a href="{{ r.u|e }}">x</a></p>{% endfor %}'
    bench = Bench(source, {"u": "/a", "rows": [{"id": 1, "u": "/b"}, {"id": 2, "u": "/c"}]})
    bench.check_first()
    assert bench.template.opaque == []
    assert bench.template.promoted == frozenset()
    assert bench.change({"u": BAD}) == [0, BLOCKED]
    assert bench.change({"rows": [{"id": 1, "u": BAD}, {"id": 2, "u": "/c"}]}) == [1, [17, 1, BLOCKED]]
