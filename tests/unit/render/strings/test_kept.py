"""The string that a slot keeps: shared, packed at rest, and what changes of it are sent as."""

from __future__ import annotations

import gc

from livets.render import Templates
from livets.render.environment import MappingScope
from livets.render.strings.kept import Kept, keep, rest

LONG = "".join(f'<p id="p{number}">paragraph {number}</p>' for number in range(100))


def test_views_that_show_the_same_share_one_string() -> None:
    assert keep(LONG, "div", "") is keep(LONG[:50] + LONG[50:], "div", "")
    assert keep(LONG, "div", "") is not keep(LONG, "td", "")


def test_the_same_change_of_the_same_string_is_found_once() -> None:
    kept, new = keep(LONG, "div", ""), LONG.replace("paragraph 7<", "seven<")
    first, second = kept.change(new), kept.change(new)
    assert first[0] is second[0]
    assert first[1] is second[1]
    assert first[1] == [200, 0, ["p7", 0, "p"], "seven"]


def test_at_rest_it_is_packed_and_shared_again() -> None:
    one, other = keep(LONG, "div", "").change(LONG + "<b>1</b>")[0], Kept(LONG + "<b>1</b>", "div", "")
    one, other = rest(one), rest(other)
    assert not one.is_packed  # it has been used a moment ago
    one, other = rest(one), rest(other)
    assert one is other
    assert one.is_packed
    assert len(one._packed) < len(LONG) / 4
    assert one.change(LONG + "<b>2</b>")[1] == [202, 0, ["p99", -1, 0, "b"], "2"]


def test_nothing_is_left_of_strings_that_nobody_shows() -> None:
    from livets.render.strings.kept import _shared

    text = LONG + "<i>gone</i>"
    keep(text, "div", "").change(text + "!")
    gc.collect()
    assert not [kept for kept in _shared.values() if "gone" in kept.text]


def test_markup_that_a_parser_mends_is_sent_whole_and_soon_no_longer_looked_at() -> None:
    kept, sent = keep(f"<table><tr><td>0</td></tr></table>{LONG}", "div", ""), []
    for number in range(1, 8):
        kept, change = kept.change(f"<table><tr><td>{number}</td></tr></table>{LONG}")
        sent.append(change)
    assert all(isinstance(change, str) for change in sent)
    assert kept.strikes == 7


def test_a_slot_sends_edits_where_its_environment_has_them() -> None:
    templates = Templates()
    templates.environment.edits = True  # type: ignore[attr-defined]
    rendering = templates.from_string("<div>{{ html|safe }}</div><p>{{ x }}</p>").start()
    assert rendering.html(MappingScope({"html": LONG, "x": 1})) == f"<div><!--[-->{LONG}<!--]--></div><p>1</p>"
    new = LONG.replace("paragraph 7<", "seven<")
    rendering.rest()
    patch = rendering.diff(MappingScope({"html": new, "x": 1}), {"html"})
    assert patch.diff == [0, [200, 0, ["p7", 0, "p"], "seven"]]
    patch.commit()
    assert rendering.diff(MappingScope({"html": new, "x": 1}), {"html"}).diff == []


def test_rows_send_edits_of_their_html() -> None:
    templates = Templates()
    templates.environment.edits = True  # type: ignore[attr-defined]
    rendering = templates.from_string(
        '{% for row in rows %}<div id="{{ row.id }}">{{ row.html|safe }}</div>{% endfor %}'
    ).start()
    rendering.html(MappingScope({"rows": [{"id": 1, "html": LONG}]}))
    new = LONG.replace("paragraph 7<", "seven<")
    patch = rendering.diff(MappingScope({"rows": [{"id": 1, "html": new}]}), {"rows"})
    assert patch.diff == [0, [17, 1, [200, 0, ["p7", 0, "p"], "seven"]]]
