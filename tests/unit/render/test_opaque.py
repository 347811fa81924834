"""What can't be split is rendered whole, in the smallest region, with the reason written down."""

from __future__ import annotations

import re
from typing import Any

import jinja2
import pytest

from tests.unit.render.conftest import Bench, _templates

WHO: dict[str, Any] = {"a": "x<", "xs": [1, 2], "on": True, "name": "inc.html"}
FILES = {"inc.html": "<u>{{ a }}</u>", "base.html": "<div>{% block b %}{% endblock %}{{ self.b() }}</div>"}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<p>{% filter upper %}{{ a }}{% endfilter %}</p>{{ a }}", "{% filter %}"),
        ("<p>{% include name %}</p>{{ a }}", "chosen while rendering"),
        ("<p>{% include [name, 'x'] %}</p>{{ a }}", "chosen while rendering"),
        (
            "<ul>{% for x in xs recursive %}<li>{{ x }}{% if x is iterable %}{{ loop(x)|string }}{% endif %}</li>"
            "{% endfor %}</ul>",
            "recursive",
        ),
        ("<p>{% if on %}<b>{% endif %}{{ a }}{% if on == true %}</b>{% endif %}</p>{{ a }}", "not closed in the same"),
        ("<noscript>{{ a }}</noscript>{{ a }}", "inside <noscript>"),
        ("<script>{{ a|safe }}</script>{{ a }}", "markup inside <script>"),
        ("<style>{% if on %}</style><style>{% endif %}</style>{{ a }}", "in a branch"),
        ("<p><!-- {{ a }} --></p>{{ a }}", "comment"),
        ("<p><{{ name[0:1] }}></{{ name[0:1] }}></p>{{ a }}", "tag"),
        ("<div><p {{ a }}>z</p></div>{{ a }}", "names are not constant"),
        ("<div><p data-{{ xs[0] }}='1'>z</p></div>{{ a }}", "name of an attribute"),
        ("<table>{% for x in xs %}<tr><td>{{ a }}</td></tr>{% endfor %}</table>", "parser"),
        ("<p>a<div>{{ a }}</div></p>", "parser"),
        ("<template><p>{{ a }}</p></template>", "parser"),
        ("<div>{% block b %}<p>{{ a }}</p>{% endblock %}</div>{% if self.b() %}x{% endif %}", "whole template"),
        ("<i>{% block b %}{{ a }}{% endblock %}</i>{% if xs == 1 %}x{% elif self.b() %}y{% endif %}", "whole template"),
        ("<ul>{% for x in xs %}<li>{{ x }}{% endfor %}</ul>", "closed"),
        ("{% set l = [] %}{% for x in xs %}{% set _ = l.append(x) %}{% endfor %}<p>{{ l|length }}</p>", "changes what"),
        ("{% for x in xs %}<i>{{ a }}</i>{% endfor %}{% set a = 'late' %}<p>{{ a }}</p>", "before it is set"),
        ("<pre>{% for x in xs %}\n<i>{{ x }}</i>{% endfor %}</pre>", "line end"),
        ("<svg>{% if on %}<p>{{ a }}</p>{% endif %}</svg>", "parser"),
    ],
)  # fmt: skip
def test_a_hard_construct_is_opaque_and_right(source: str, reason: str) -> None:
    bench = Bench(source, WHO, FILES)
    opaque = [*bench.template.opaque, *bench.rendering.template.opaque]
    assert any(re.search(reason, part.reason) for part in opaque), opaque
    bench.check_first()
    bench.change({"a": "y", "xs": [3]})
    bench.change({"on": False, "xs": []})
    bench.change({"on": True, "xs": [1, 2, 3], "a": ""})


def test_a_region_reads_names_as_the_whole_template_would() -> None:
    source = "{{ a }}<b><td>{% for x in xs %}{{ a }}{% endfor %}{% set a = on %}{{ a }}</td></b>{{ a }}"
    bench = Bench(source, WHO)
    bench.check_first()
    bench.change({"a": "z", "on": False})


@pytest.mark.parametrize(
    "source",
    [
        "<pre>{% if on %}{{ a }}{% endif %}</pre>",
        "<pre>{% if on %}{% for x in xs %}<i>{{ x }}</i>{% endfor %}{% endif %}{{ a }}</pre>",
        "<pre>{% for x in xs %}{{ x }}<i>x</i>{% endfor %}</pre>",
        "<pre>{% if on %}{% for x in xs %}{{ a }}{% endfor %}{% endif %}</pre>",
        "<pre>{{ a }}{% if on %}\n{% endif %}</pre>",
        "<pre>{{ a }}{{ '\n<b>x</b>'|safe }}</pre>",
        "<pre>{{ a|e|safe }}</pre><listing>{% if on %}{{ a }}{% endif %}</listing>",
        "<pre>{% filter upper %}{{ a }}{% endfilter %}</pre>",
        "<pre>{{ a }}{{ name }}</pre><textarea>{{ a }}{{ name }}</textarea>",
        "{% for x in xs %}<pre id='{{ x }}'>{% if on %}{{ a }}{% endif %}</pre>{% endfor %}",
    ],
)  # fmt: skip
def test_a_line_end_after_pre_is_dropped_where_a_parser_drops_it(source: str) -> None:
    bench = Bench(source, {"a": "\n", "xs": ["\n", "b"], "on": True, "name": "\nx"})
    bench.check_first()
    for a in ("", "\n\n", "x", "\r\nx", "\nx"):
        for on in (False, True):
            bench.change({"a": a, "on": on, "xs": ["\n"] * on})
            Bench(source, bench.values).check_first()


@pytest.mark.parametrize(
    "source",
    [
        "<svg><text>{{ a }}</text>{% for x in xs %}{% macro m() %}<u>z</u>{% endmacro %}{{ m() }}{% endfor %}</svg>",
        "{% filter upper %}{% for x in xs %}{% if not a %}x{% endif %}{% endfor %}{% set a = on %}{% endfilter %}",
        "{% macro m() %}{% for x in xs %}{{ a }}{% endfor %}{% set a = on %}{{ a }}{% endmacro %}{{ m() }}",
    ],
)  # fmt: skip
def test_what_random_templates_have_found(source: str) -> None:
    bench = Bench(source, WHO)
    bench.check_first()
    bench.change({"a": "", "xs": [3]})


@jinja2.pass_context
def _visible(context: jinja2.runtime.Context) -> str:
    return " ".join(str(context.get(name)) for name in ("s", "z", "x", "a"))


@pytest.mark.parametrize(
    "source",
    [
        "{% set s = a ~ 1 %}<p>{{ visible() }}</p><i>{{ a }}</i>",
        "<p>{{ visible() }}</p>{% set s = a %}<b title='{{ visible() }}' {{ 'hidden' if visible() == a }}>z</b>",
        "{% for x in xs %}{% set s = x %}<p>{{ visible() }} {{ x }}</p>{% endfor %}",
        "{% set s = a %}{% for x in xs %}<p>{{ visible() }} {{ x }}</p>{% endfor %}",
        "{% with z = a %}<p>{{ visible() }}</p>{% endwith %}",
        "{% set s = a %}{% if visible() %}<p>{{ visible() }}</p>{% endif %}",
        "{% macro m(z) %}<i>{{ z }}{{ visible() }}</i>{% endmacro %}{% set s = a %}<p>{{ m(1) }}</p>",
        "{% if a %}{% set s = a %}{% endif %}<p>{{ visible() }}</p>",
        "<p>{{ visible() }}</p>",
    ],
)
def test_a_function_that_reads_the_context_sees_what_the_template_sets(source: str) -> None:
    _templates(()).environment.globals["visible"] = _visible
    bench = Bench(source, WHO)
    bench.check_first()
    bench.change({"a": "", "xs": [3]})
    bench.change({"a": "y", "xs": [3, 4]})


def test_only_the_region_is_opaque() -> None:
    bench = Bench("<h1>{{ a }}</h1><div><p>{% filter upper %}{{ a }}{% endfilter %}</p>{{ on }}</div>", WHO)
    assert [slot[0] for slot in bench.template.shape[0][1]] == [0, 3, 0]
    assert bench.change({"on": False}) == [2, "False"]
