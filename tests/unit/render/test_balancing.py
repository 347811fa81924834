"""Elements that begin in a branch and end elsewhere: each branch becomes whole, and the page is what Jinja2 renders."""

# ruff: noqa: E501 - one template, one line
from __future__ import annotations

from random import Random
from typing import Any

import pytest

from livets.render import opaque_parts
from tests.unit.render.conftest import Bench

WHOLE = [
    "<ul>{% for r in xs %}<!-- c -->{% if r == n %}<li class='on'>{% else %}<p>{% endif %}{{ r }}{% if r == n %}</li>{% else %}</p>{% endif %}{% endfor %}</ul>",
    "<p>{% if url %}<a href='{{ url }}'>{% endif %}{{ x }}{% if url %}</a>{% endif %}!</p>",
    "<ul>{% if on %}<li class='on'>{% else %}<li>{% endif %}{{ x }}</li><li>{{ x }}</li></ul>",
    "{% if on %}<div class='{{ x }}' title='t'>{% elif url %}<div id='u'>{% else %}<div>{% endif %}<b>{{ x }}</b></div>{{ url }}",
    "<ul>{% for r in xs %}{% if r == n %}<li class='on'>{% else %}<li>{% endif %}{{ r }}{{ x }}</li>{% endfor %}</ul>",
    "<ul>{% for r in xs %} {% if r == n %}<li class='on'><b>{{ r }}</b></li>{% else %}<li>{{ r }}</li>{% endif %} {% endfor %}</ul>",
    "<ul>{% for r in xs %}{% if r == n %}<li id='{{ r }}' class='a'>{{ x }}</li>{% else %}<li>{% if on %}{{ r }}{% endif %}</li>{% endif %}{% endfor %}</ul>",
    "<table><tbody>{% for r in xs %}<tr>{% if on %}<th>{% else %}<td>{% endif %}{{ r }}{% if on %}</th>{% else %}</td>{% endif %}</tr>{% endfor %}</tbody></table>",
    "{% if on %}<section><h1>{{ x }}</h1>{% endif %}<p>{{ x }}</p>{% for r in xs %}<i>{{ r }}</i>{% endfor %}{% if on %}</section>{% endif %}<hr>",
    "{% if on %}<div>{% endif %}{% if url %}<a href='{{ url }}'>{% endif %}{{ x }}{% if url %}</a>{% endif %}{% if on %}</div>{% endif %}",
    "<p>{% if on %}<b>{% elif url %}<i>{% else %}<u>{% endif %}{{ x }}{% if on %}</b>{% elif url %}</i>{% else %}</u>{% endif %}</p>",
    "{% macro link(to) %}{% if to %}<a href='{{ to }}'>{% endif %}{{ caller() }}{% if to %}</a>{% endif %}{% endmacro %}<p>{% call link(url) %}{{ x }}{% endcall %}</p>",
    "<ul>{% if on %}<LI class=on>{% else %}<LI>{% endif %}{{ x }}</li>{% if url %}<li title={{ n }}>{% else %}<li>{% endif %}b</li></ul>",
    "<p>{% if f(n) %}<b class='a'>{% else %}<b>{% endif %}{{ x }}</b></p>",
    "<div>{% if on %}<img src='{{ x }}'><p>{% else %}<p>{% endif %}{{ x }}</p></div>",
]
OPAQUE = [
    "<p>{% if on %}<b>{% endif %}{{ x }}{% if url %}</b>{% endif %}</p>",
    "{% if on %}<b>{% endif %}{% set on = url %}{{ x }}{% if on %}</b>{% endif %}",
    "<p>{% if f(n) %}<b>{% endif %}{{ x }}{% if f(n) %}</b>{% endif %}</p>",
]


def state(random: Random) -> dict[str, Any]:
    return {
        "url": random.choice(["", "/a", "/b?c&d"]),
        "x": random.choice(["x", "<&>", 7, "", "two words"]),
        "on": random.choice([True, False]),
        "xs": random.choice([[], [1], [1, 2, 3], [3, 2]]),
        "n": random.choice([1, 2, 3]),
    }


def is_odd(number: int) -> bool:
    return number % 2 == 1


@pytest.mark.parametrize("source", WHOLE)
def test_branches_are_made_whole(source: str) -> None:
    random = Random(source)
    bench = Bench(source, state(random) | {"f": is_odd})
    assert opaque_parts(bench.template) == []
    bench.check_first()
    for _ in range(25):
        bench.change(state(random))


@pytest.mark.parametrize("source", OPAQUE)
def test_what_may_not_match_stays_whole(source: str) -> None:
    random = Random(source)
    values = state(random) | {"f": is_odd, "on": True, "url": "/a"}
    bench = Bench(source, values)
    assert opaque_parts(bench.template) != []
    bench.check_first()
    for _ in range(10):
        changed = state(random)
        changed |= {"url": "/a" if changed["on"] else ""}
        bench.change(changed)


def test_a_row_keeps_its_element_when_its_branch_changes() -> None:
    bench = Bench("<ul>{% for r in xs %}{% if r.on %}<li id='{{ r.n }}' class='on'>{% else %}<li id='{{ r.n }}'>{% endif %}{{ r.n }}</li>{% endfor %}</ul>",
                  {"xs": [{"n": 1, "on": True}, {"n": 2, "on": False}]})  # fmt: skip
    diff = bench.change({"xs": [{"n": 1, "on": False}, {"n": 2, "on": False}]})
    assert diff[1][0] >= 16, "a cell of the row, not the row"
