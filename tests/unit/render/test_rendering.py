"""What a rendering promises beside the right page: patches that can be dropped, fills, heals, promotion."""

from __future__ import annotations

from typing import Any

import pytest
from markupsafe import Markup

from livets.mirror.liveroot import LiveRoot as Page
from livets.render import Templates
from livets.render.environment import MappingScope
from tests.unit.render.conftest import Bench, normal

ROWS = [{"id": 1, "t": "a", "on": True}, {"id": 2, "t": "b", "on": False}]
LIST = (
    "<ul>{% for r in rows %}<li id='{{ r.id }}'>{{ r.t }}{% if r.on %}<b>{{ who }}</b>{% endif %}</li>{% endfor %}</ul>"
    "<p>{{ who }}</p>"
)


def test_only_dirty_slots_are_evaluated() -> None:
    calls = []

    class Scope(MappingScope):
        def resolve(self, name: str) -> Any:
            calls.append(name)
            return super().resolve(name)

    scope = Scope({"a": 1, "rows": ROWS, "who": "x"})
    rendering = Templates().from_string("<h1>{{ a }}</h1>" + LIST).start()
    rendering.html(scope)
    calls.clear()
    scope.values["a"] = 2  # type: ignore[index]
    assert rendering.diff(scope, {"a"}).diff == [0, 2]
    assert calls == ["a"]


def test_a_patch_that_is_dropped_leaves_everything_as_it_was() -> None:
    scope = MappingScope(values := {"a": 1})
    rendering = Templates().from_string("<p>{{ a }}</p>").start()
    rendering.html(scope)
    values["a"] = 2
    rendering.diff(scope, {"a"})
    patch = rendering.diff(scope, {"a"})
    assert patch.diff == [0, 2]
    patch.commit()
    assert rendering.diff(scope, {"a"}).diff == []


def test_integers_go_out_as_integers_and_all_else_as_text() -> None:
    scope = MappingScope(values := {"a": 0})
    rendering = Templates().from_string("<p>{{ a }}</p>").start()
    rendering.html(scope)
    for value, wire in [(5, 5), (True, "True"), (None, "None"), (1.0, "1.0"), (2**53, str(2**53)), ("<&", "<&")]:
        values["a"] = value
        patch = rendering.diff(scope, {"a"})
        assert patch.diff == [0, wire]
        assert type(patch.diff[1]) is type(wire)
        patch.commit()
    values["a"] = 1
    rendering.diff(scope, {"a"}).commit()
    values["a"] = "1"
    assert rendering.diff(scope, {"a"}).diff == []  # it shows the same


def test_a_fill_is_remembered_only_when_it_is_committed() -> None:
    bench = Bench(LIST, {"rows": ROWS, "who": "x"})
    bench.values["who"] = "y"
    patch = bench.rendering.fill(bench.scope)
    assert patch.diff[0] == -10
    assert bench.rendering.diff(bench.scope, {"who"}).diff != []
    patch.commit()
    assert bench.rendering.diff(bench.scope, {"who"}).diff == []
    bench.page.apply(patch.diff)
    assert bench.page.html() == normal(bench.fresh())


def test_one_block_can_be_built_again_by_its_address() -> None:
    source = "{% if show %}" + LIST + "{% endif %}<p>{{ show }}</p>"
    bench = Bench(source, {"rows": ROWS, "who": "x", "show": True})
    block = bench.rendering.block
    assert block(bench.scope, [0, 0]) == [1, [1, "a", [0, ["x"]]], 2, [2, "b", [-1]]]
    for address in ([], [0], [0, 0], [0, 0, 1], [0, 0, "2"], [0, 0, 1, 2]):
        fill = block(bench.scope, address)
        page = Page(bench.template.shape, html=bench.html)
        page.apply([-9, [address, fill]])
        assert page.html() == normal(bench.fresh())
    for address in ([7], [0, 0, 9], [0, 0, 1, 5], [1, 0], ["x"], [0, 0, 1, 2, 3, 4]):
        with pytest.raises(LookupError):
            block(bench.scope, address)
    bench.values["show"] = False
    with pytest.raises(LookupError):
        block(bench.scope, [0, 0])


def test_markup_in_a_text_turns_the_slot_into_html() -> None:
    bench = Bench("<p>{{ a }} and {{ b }}</p>", {"a": "x", "b": "<i>"})
    old = bench.template.fingerprint
    diff = bench.change({"b": Markup("<i>now</i>")})
    assert diff[0] == -13
    assert diff[1][0] == bench.rendering.template.fingerprint != old
    assert bench.change({"b": Markup("<b>then</b>")}) == [1, "<b>then</b>"]
    assert bench.change({"b": "plain < text"})[1] == "plain &lt; text"


def test_markup_in_the_first_html_and_in_rows_and_attributes() -> None:
    values = {"a": Markup("<b>x</b>"), "rows": [Markup("<i>&amp;</i>")], "t": Markup("a&amp;b")}
    bench = Bench("<p title='{{ t }}'>{{ a }}</p>{% for r in rows %}<q>{{ r }}</q>{% endfor %}", values)
    bench.check_first()
    bench.change({"rows": [Markup("<i>2</i>"), "<"], "t": Markup("&lt;")})


def test_a_bound_control_shows_its_field() -> None:
    source = '<input ts-model="draft"><textarea ts-model.lazy="note"></textarea><input type="checkbox" ts-model="done">'
    scope = MappingScope(values := {"draft": "a", "note": None, "done": False})
    template = Templates().from_string(source)
    assert template.models == {"draft", "note", "done"}
    rendering = template.start()
    html = rendering.html(scope)
    assert html == (
        '<input ts-model="draft" value="a"><textarea ts-model.lazy="note"></textarea>'
        '<input type="checkbox" ts-model="done">'
    )
    page = Page(template.shape, html=html)
    values.update(draft="b", note="n", done=True)
    patch = rendering.diff(scope, {"draft", "note", "done"})
    page.apply(patch.diff)
    patch.commit()
    assert page.html() == normal(rendering.html(scope))
    assert rendering.diff(scope, set()).diff == []
    assert rendering.diff(scope, set(), {"draft"}).diff == [0, "b"]
    assert rendering.diff(scope, set(), {"note", "done"}).diff == [1, "n", 2, {"checked": ""}]


def test_handlers_and_names_are_known() -> None:
    template = Templates().from_string(
        """<a ts-on:click="go(1)" ts-on:keyup.enter="send">{{ a.b }}{% for x in xs if x > low %}
        <i ts-on:click="pick({{ x }})"></i>{% endfor %}</a>"""
    )
    assert template.handlers == {"go", "send", "pick"}
    assert template.names == {"a", "xs", "low"}


def test_calls_are_evaluated_at_every_diff() -> None:
    ticks = iter(range(10))
    templates = Templates(globals={"now": lambda: next(ticks)})
    rendering = templates.from_string("<p>{{ now() }}</p><p>{{ a }}</p>").start()
    scope = MappingScope({"a": 1})
    rendering.html(scope)
    assert rendering.diff(scope, ()).diff == [0, 1]


def test_views_share_a_template_and_nothing_else() -> None:
    templates = Templates()
    assert templates.from_string("<p>{{ a }}</p>") is templates.from_string("<p>{{ a }}</p>")
    first, second = (templates.from_string("<p>{{ a }}</p>").start() for _ in range(2))
    first.html(MappingScope({"a": 1}))
    second.html(MappingScope({"a": 2}))
    assert first.diff(MappingScope({"a": 2}), {"a"}).diff == [0, 2]
    assert second.diff(MappingScope({"a": 2}), {"a"}).diff == []


def test_an_error_names_the_line_and_changes_nothing() -> None:
    scope = MappingScope(values := {"a": {"b": {"c": 1}}})
    rendering = Templates().from_string("<p>\n{{ a.b.c }}</p>").start()
    rendering.html(scope)
    values["a"] = {}
    with pytest.raises(Exception, match="has no attribute 'b'") as caught:
        rendering.diff(scope, {"a"})
    assert "line 2" in str(caught.value.__notes__)
    values["a"] = {"b": {"c": 1}}
    assert rendering.diff(scope, {"a"}).diff == []
