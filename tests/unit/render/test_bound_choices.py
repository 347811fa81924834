"""Radio buttons, check boxes with values and options: which of them a field bound by ts-model chooses."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livets.render import Templates
from livets.render.environment import MappingScope
from tests.unit.render.conftest import Page, normal

OPTIONS = '<option value="">-</option><option value="a">A</option><option value="2">Two</option>'
TEXTS = "<option>Red</option><option> Dark\n blue &amp; so </option>"
MADE = "{% for o in os %}<option>{{ o }}</option>{% endfor %}"
GROUPED = '<optgroup><option ts-for="o in os" value="{{ o }}">{{ o }}!</option></optgroup>'
BOUND = '<option ts-for="o in os" ts-bind:value="o">{{ o }}!</option>'
WRITTEN = '<option value="a" selected>A</option><option value="b">B</option>'
RADIOS = '<input type="radio" ts-model="held" value="true"><input type="radio" ts-model="held" value="false">'
RADIO = '{% for o in os %}<input type="radio" value="{{ o }}" ts-model="held">{% endfor %}'
BOX = '<input type="checkbox" value="1" ts-model="held">'


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


def select(options: str, *, multiple: bool = False) -> str:
    return f'<select ts-model="held"{" multiple" if multiple else ""}>{options}</select>'


def chosen(source: str, values: dict[str, Any]) -> list[str]:
    """Value or text of all that is `checked` or `selected`."""
    html = Templates().from_string(source).start().html(MappingScope(values))
    tags = [tag.partition(">") for tag in html.split("<")]
    on = [(tag, text) for tag, _, text in tags if tag.endswith(("checked", "selected"))]
    return [tag.partition('value="')[2].partition('"')[0] or text for tag, text in on]


@pytest.mark.parametrize(
    ("source", "held", "expected"),
    [
        (select(OPTIONS), "a", ["a"]),
        (select(OPTIONS), 2, ["2"]),
        (select(OPTIONS), 2.0, ["2"]),
        (select(OPTIONS), None, ["-"]),
        (select(OPTIONS), "nothing", []),
        (select(OPTIONS, multiple=True), ["a", 2], ["a", "2"]),
        (select(OPTIONS, multiple=True), {"a"}, ["a"]),
        (select(TEXTS), "Dark blue & so", [" Dark\n blue &amp; so "]),
        (select(MADE), "2", ["2"]),
        (select(GROUPED), 2, ["2"]),
        (select(BOUND), 2, ["2"]),
        (select('<option value="s">S</option><option value="l">L</option>'), Size.LARGE, ["l"]),
        (select(WRITTEN), "b", ["a", "b"]),  # what is written down counts
        (select('<option value="x{{ os }}">A</option>'), "x1", []),
        (f'<select name="held">{OPTIONS}</select>', "a", []),
        (RADIOS, True, ["true"]),
        (RADIOS, False, ["false"]),
        (RADIO, 2, ["2"]),
        (RADIO.replace("radio", "checkbox"), [1], ["1"]),
        (BOX, True, ["1"]),
        (BOX, False, []),
        (BOX.replace(">", " checked>"), False, ["1"]),
    ],
)
def test_what_is_chosen(source: str, held: Any, expected: list[str]) -> None:
    assert chosen(source, {"held": held, "os": [1, 2]}) == expected


ALL = """<select ts-model="one"><option value="">-</option>
{% for o in os %}<option value="{{ o }}">{{ o }}</option>{% endfor %}</select>
{% for o in os %}<input type="radio" value="{{ o }}" ts-model="one">{% endfor %}
{% for o in os %}<input type="checkbox" value="{{ o }}" ts-model="several">{% endfor %}"""
ONE, SEVERAL = st.sampled_from(["a", "b", "c", 1, None]), st.lists(st.sampled_from(["a", "b", 1, 2]))


@given(st.lists(st.tuples(ONE, SEVERAL), min_size=1))
def test_changes_arrive(changes: list[tuple[Any, list[Any]]]) -> None:
    scope = MappingScope(values := {"one": "a", "several": ["b"], "os": ["a", "b", 1]})
    template = Templates().from_string(ALL)
    assert template.models == {"one", "several"}
    assert not template.opaque
    rendering = template.start()
    page = Page(template.shape, html=rendering.html(scope))
    for one, several in changes:
        values.update(one=one, several=several)
        patch = rendering.diff(scope, {"one", "several"})
        page.apply(patch.diff)
        patch.commit()
        assert page.html() == normal(template.start().html(scope))
