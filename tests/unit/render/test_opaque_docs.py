"""The table of opaque things in docs/templates.md: every row is true, for the template itself and for what to write instead."""

# ruff: noqa: E501 - one claim, one line
from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import pytest

from livets.render import attempts, opaque_parts
from tests.unit.render.conftest import Bench, _templates

ROWS = re.search(
    r"\| opaque \| because \| instead \|\n\|---\|---\|---\|\n((?:\|.*\n)+)",
    (Path(__file__).parents[3] / "docs/templates.md").read_text(),
)
DOCUMENTED = [row.split(" | ")[0].removeprefix("| ") for row in (ROWS[1] if ROWS else "").splitlines()]
WHO: dict[str, Any] = {
    "a": "x<",
    "xs": [1, 2],
    "on": True,
    "name": "inc.html",
    "base": "base.html",
    "pairs": [(1, "p"), (2, "q")],
}
FILES = {
    "inc.html": "<u>{{ a }}</u>",
    "base.html": "<div>{% block b %}{{ a }}{% endblock %}</div>",
    "b2.html": "{% block b %}<i>{{ a }}</i>{% endblock %}",
}


class Row(NamedTuple):
    """One claim: which row makes it (by its beginning), what is opaque and why, what is not."""

    row: str
    opaque: str
    reason: str
    instead: str


CLAIMS = [
    Row("a loop directly in `<table>`", "<table>{% for x in xs %}<tr><td>{{ x }}</td></tr>{% endfor %}</table>", "parser",
        "<table><tbody>{% for x in xs %}<tr><td>{{ x }}</td></tr>{% endfor %}</tbody></table>"),
    Row("a loop directly in `<table>`", "<p>{{ a }}<div>{{ a }}</div></p>", "parser", "<div>{{ a }}<div>{{ a }}</div></div>"),
    Row("`{% if a %}<div>", "{% if on %}<b>{% endif %}{{ a }}{% if on == true %}</b>{% endif %}", "not closed in the same",
        "<b {% if on %}class='x'{% endif %}>{{ a }}</b>"),
    Row("`{% if a %}<div>", "<i>{% if on %}<b>{% endif %}{{ a }}{% if not not on %}</b>{% endif %}</i>", "not closed in the same",
        "{% if on %}<b>{% endif %}{{ a }}{% if on %}</b>{% endif %}"),
    Row("anything dynamic in a comment", "<!-- {{ a }} --><p>{{ a }}</p>", "comment", "<p data-a='{{ a }}'>{{ a }}</p>"),
    Row("anything dynamic in a comment", "<h{{ xs|length }}>x</h{{ xs|length }}>", "tag's name", "<h2 data-n='{{ xs|length }}'>x</h2>"),
    Row("anything dynamic in a comment", "<noscript>{{ a }}</noscript>", "inside <noscript>", "<p>{{ a }}</p>"),
    Row("anything dynamic in a comment", "<iframe>{{ a }}</iframe>", "inside <iframe>", "<iframe title='{{ a }}'></iframe>"),
    Row("in `<script>`", "<script>f({{ a|safe }})</script>", "markup inside", "<script>f({{ a|tojson }}, '{{ a }}')</script>"),
    Row("in `<script>`", "<style>{% if on %}</style><style>{% endif %}</style>", "in a branch",
        "<style>{% if on %}{{ a }}{% else %}b{% endif %}</style>"),
    Row("a name of which a part", "<p {{ {'@x': a}|xmlattr }}>x</p>", "names are not constant", "<p {{ {'title': a}|xmlattr }}>x</p>"),
    Row("a name of which a part", "<p {{ a }}>x</p>", "names are not constant", "<p {% if on %}title='{{ a }}'{% endif %}>x</p>"),
    Row("a name of which a part", "<p data-{{ xs|length }}='1'>x</p>", "name of an attribute", "<p data-n='{{ xs|length }}'>x</p>"),
    Row("the element of `title", "<p data-a=\"{{ a|tojson }}\">x</p>", "ends the attribute", "<p data-a='{{ a|tojson }}'>x</p>"),
    Row("the element of `title", "<p data-a=\"{{ a|tojson }}\">x</p>", "ends the attribute", "<p data-a=\"{{ a|tojson|forceescape }}\">x</p>"),
    Row("`{% filter %}`", "<p>{% filter upper %}{{ a }}{% endfilter %}</p>", "{% filter %}", "<p>{{ a|upper }}</p>"),
    Row("`{% filter %}`", "<p>{% autoescape false %}{{ a }}{% endautoescape %}</p>", "autoescape", "<p>{{ a }}</p>"),
    Row("`{% filter %}`", "{% for x in xs recursive %}<p>{{ x }}</p>{% endfor %}", "recursive", "{% for x in xs %}<p>{{ x }}</p>{% endfor %}"),
    Row("`{% filter %}`", "{% for x in xs %}{% if x == 1 %}{% continue %}{% endif %}<p>{{ x }}</p>{% endfor %}", "break or continue",
        "{% for x in xs if x != 1 %}<p>{{ x }}</p>{% endfor %}"),
    Row("`{% filter %}`", "<p>{% include 'inc.html' without context %}</p>", "without context", "<p>{% include name %}</p>"),
    Row("a namespace that changes", "{% set n = namespace(i=0) %}{% for x in xs %}{% set n.i = n.i + x %}{% endfor %}<p>{{ n.i }}</p>",
        "namespace", "<p>{{ xs|sum }}</p>"),
    Row("a namespace that changes", "{% set l = [] %}{% set _ = l.append(a) %}<p>{{ l|length }}</p>", "changes what", "<p>{{ [a]|length }}</p>"),
    Row("`self.block()` in a cond", "{% extends 'b2.html' %}{% block b %}{% if super() %}x{% endif %}{% endblock %}", "self or super",
        "{% extends 'b2.html' %}{% block b %}{% if on %}x{% endif %}{{ super() }}{% endblock %}"),
    Row("`self.block()` in a cond", "<b>{% block b %}{{ a }}{% endblock %}</b>{{ self.b()|upper }}", "self or super",
        "<b>{% block b %}{{ a }}{% endblock %}</b>{{ self.b() }}"),
    Row("a name set *after*", "{% for x in xs %}<i>{{ a }}</i>{% endfor %}{% set a = 'late' %}<p>{{ a }}</p>", "before it is set",
        "{% set a = 'late' %}{% for x in xs %}<i>{{ a }}</i>{% endfor %}<p>{{ a }}</p>"),
    Row("a name set *after*", "{% with a = on %}{% block b %}{% include 'inc.html' %}{% endblock %}{% endwith %}", "not scoped",
        "{% with a = on %}{% block b scoped %}{% include 'inc.html' %}{% endblock %}{% endwith %}"),
    Row("in `<pre>`", "<pre>{% if on %}\n{{ a }}{% endif %}</pre>", "line end", "<pre><b>{% if on %}\n{{ a }}{% endif %}</b></pre>"),
    Row("in `<pre>`", "<pre>{% if on %}\n{{ a }}{% endif %}</pre>", "line end", "<pre>{{ a }}</pre>"),
    Row("a `pass_context` function", "{% if on %}{% set s = a %}{% endif %}<p>{{ seen() }}</p>", "whole|", "<p>{{ s }}</p>"),
]  # fmt: skip


@jinja2.pass_context
def _seen(context: jinja2.runtime.Context) -> str:
    return str(context.get("s"))


@pytest.fixture(autouse=True)
def _global() -> Iterator[None]:
    table = _templates(tuple(FILES.items())).environment.globals
    table["seen"] = _seen
    yield
    del table["seen"]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.opaque[:50])
def test_it_is_opaque_for_that_reason(claim: Row) -> None:
    bench = Bench(claim.opaque, WHO, FILES)
    if claim.row.startswith("a `pass_context`"):
        assert [slot[0] for slot in bench.template.shape[0][1]].count(3), "as HTML"
    else:
        assert any(re.search(claim.reason, part.reason) for part in opaque_parts(bench.rendering.template)), (
            bench.template.opaque
        )
    bench.check_first()
    bench.change({"a": "z", "xs": [2], "on": False})
    bench.change({"a": "", "xs": [1, 2], "on": True})


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.instead[:50])
def test_what_to_write_instead_is_not(claim: Row) -> None:
    bench = Bench(claim.instead, WHO, FILES)
    assert opaque_parts(bench.rendering.template) == []
    bench.check_first()
    bench.change({"a": "z", "xs": [2], "on": False})
    bench.change({"a": "", "xs": [1, 2], "on": True})


def test_what_livets_fails_at_is_rendered_whole(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(attempts, "verify", fails)
    _templates.cache_clear()
    with caplog.at_level(logging.WARNING, "livets"):
        bench = Bench("<p>{{ a }}</p>", WHO)
    _templates.cache_clear()
    assert "ZeroDivisionError in livets" in bench.template.opaque[0].reason
    assert "please report it" in caplog.text
    bench.check_first()
    bench.change({"a": "z"})


def test_every_row_of_the_table_is_tested() -> None:
    tested = [*(claim.row for claim in CLAIMS), "anything in which livets itself fails"]
    assert len(DOCUMENTED) >= 12
    assert [row for row in DOCUMENTED if not any(row.startswith(claim) for claim in tested)] == []
    assert [claim for claim in tested if not any(row.startswith(claim) for row in DOCUMENTED)] == []
