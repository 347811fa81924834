"""What can't be split is rendered whole, in the smallest region, with the reason written down."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.unit.render.conftest import Bench

WHO: dict[str, Any] = {"a": "x<", "xs": [1, 2], "on": True, "name": "inc.html"}
FILES = {"inc.html": "<u>{{ a }}</u>", "base.html": "<div>{% block b %}{% endblock %}{{ self.b() }}</div>"}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<p>{% filter upper %}{{ a }}{% endfilter %}</p>{{ a }}", "FilterBlock"),
        ("<p>{% include name %}</p>{{ a }}", "chosen while rendering"),
        ("<p>{% include [name, 'x'] %}</p>{{ a }}", "chosen while rendering"),
        (
            "<ul>{% for x in xs recursive %}<li>{{ x }}{% if x is iterable %}{{ loop(x) }}{% endif %}</li>"
            "{% endfor %}</ul>",
            "recursive",
        ),
        ("<ul>{% for x in xs %}<li>{{ x }}</li><li>2</li>{% endfor %}</ul>", "2 elements"),
        ("<p>{% for x in xs %}{{ x }}, {% endfor %}</p>{{ a }}", "0 elements"),
        ("<p>{% if on %}<b>{% endif %}{{ a }}{% if on %}</b>{% endif %}</p>{{ a }}", "not closed in the same"),
        ("<style>p { color: {{ a }} }</style>{{ a }}", "inside <style>"),
        ("<p><!-- {{ a }} --></p>{{ a }}", "comment"),
        ("<p><{{ name[0:1] }}></{{ name[0:1] }}></p>{{ a }}", "tag"),
        ("<div><p {{ a|replace('<', '') }}>z</p></div>{{ a }}", "names are not constant"),
        ("<div><p data-{{ xs[0] }}='1'>z</p></div>{{ a }}", "name of an attribute"),
        ("<table><tr><td>{{ a }}</td></tr></table>", "parser"),
        ("<p>a<div>{{ a }}</div></p>", "parser"),
        ("<template><p>{{ a }}</p></template>", "parser"),
        ("{% extends 'base.html' %}{% block b %}<p>{{ a }}</p>{% endblock %}", "whole template"),
        ("<p>{{ a }}</p>{% for x in xs %}{% block q %}<i>{{ a }}</i>{% endblock %}{% endfor %}", "whole template"),
        ("<ul>{% for x in xs %}<li>{{ x }}{% endfor %}</ul>", "closed"),
        ("{% set l = [] %}{% for x in xs %}{% set _ = l.append(x) %}{% endfor %}<p>{{ l|length }}</p>", "changes what"),
        ("{% for x in xs %}<i>{{ a }}</i>{% endfor %}{% set a = 'late' %}<p>{{ a }}</p>", "before it is set"),
        ("<pre>{% for x in xs %}\n<i>{{ x }}</i>{% endfor %}</pre>", "line end"),
        ("<svg>{% if on %}<p>{{ a }}</p>{% endif %}</svg>", "parser"),
    ],
)  # fmt: skip
def test_a_hard_construct_is_opaque_and_right(source: str, reason: str) -> None:
    bench = Bench(source, WHO, FILES)
    assert any(re.search(reason, found) for _, found in bench.template.opaque), bench.template.opaque
    bench.check_first()
    bench.change({"a": "y", "xs": [3]})
    bench.change({"on": False, "xs": []})
    bench.change({"on": True, "xs": [1, 2, 3], "a": ""})


def test_a_region_reads_names_as_the_whole_template_would() -> None:
    source = "{{ a }}<b><td>{% for x in xs %}{{ a }}{% endfor %}{% set a = on %}{{ a }}</td></b>{{ a }}"
    bench = Bench(source, WHO)
    bench.check_first()
    bench.change({"a": "z", "on": False})


def test_only_the_region_is_opaque() -> None:
    bench = Bench("<h1>{{ a }}</h1><div><p>{% filter upper %}{{ a }}{% endfilter %}</p>{{ on }}</div>", WHO)
    assert [slot[0] for slot in bench.template.shape[0][1]] == [0, 3, 0]
    assert bench.change({"on": False}) == [2, "False"]
