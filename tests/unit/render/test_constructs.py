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
