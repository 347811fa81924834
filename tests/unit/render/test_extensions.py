"""Extensions of Jinja2, and filters, tests and globals of the application."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest
from markupsafe import Markup

from livets import LiveTS
from livets.errors import ConfigError
from livets.render import Templates, opaque_parts
from livets.render.environment import LiveEnvironment, MappingScope
from tests.unit.render.conftest import Bench, _templates

WHO: dict[str, Any] = {"n": 1, "who": "<Ann>", "url": "/a?b=c", "xs": [1, 2, 3], "on": True}


@pytest.mark.parametrize(
    "source",
    [
        "<p>{{ _('Hello') }} {{ gettext('%(w)s!', w=who) }} {{ ngettext('%(num)s bee', '%(num)s bees', n) }}</p>",
        "<p>{% trans %}Hello {{ who }}{% endtrans %}</p>{{ n }}",
        "<p title='{% trans %}Hello {{ who }}{% endtrans %}'>{{ n }}</p>",
        "{% trans count=n %}{{ count }} bee{% pluralize %}{{ count }} bees{% endtrans %}<p>{{ n }}</p>",
        "{% trans n, w=who|upper %}{{ n }} of {{ w }}{% pluralize n %}{{ n }}s of {{ w }}{% endtrans %}",
        "<ul>{% for x in xs %}<li>{% trans x=x %}{{ x }}{% pluralize %}{{ x }}s{% endtrans %}</li>{% endfor %}</ul>",
        "{% trans trimmed %}\n  <a href='{{ url }}'>\n {{ who }}</a>\n{% endtrans %}",
        "{% macro m(v) %}{% set w = v %}<b>{{ _('Hello') }} {{ w }}</b>{% endmacro %}{{ m(who) }}<i>{{ n }}</i>",
        "{% if on %}{% set a = who %}<p>{{ _('x') }}{{ a }}</p>{% endif %}",
        "{% set l = [] %}{% do l.append(who) %}<p>{{ l }}</p>",
        "<p>{% for x in xs %}{% if x == 2 %}{% continue %}{% endif %}{{ x }}{% endfor %}</p>",
        "<ul>{% for x in xs %}{% if x > n %}{% break %}{% endif %}<li>{{ x }}</li>{% endfor %}</ul>",
        "{% set gettext = upper %}{{ _('x') }}{{ n }}",
    ],
)
def test_extensions_mean_what_they_mean_in_jinja(source: str) -> None:
    bench = Bench(source, {**WHO, "upper": str.upper})
    bench.check_first()
    bench.change({"n": 2, "who": "Bo & Co"})
    bench.change({"xs": [3, 2], "on": False})
    bench.change({"xs": [], "on": True, "n": 0})


def test_translated_text_beside_names_that_are_set_is_split() -> None:
    source = "{% for x in xs %}<p id='{{ x }}'>{% set y = x %}{{ _('Hello') }} {{ y }}</p>{% endfor %}"
    assert opaque_parts(_templates(()).from_string(source)) == []


def test_a_translation_without_markup_is_text() -> None:
    bench = Bench("<p title='{{ t }}'>{{ _('Hello') }} {{ t }}</p>", {"t": Markup("a b")})
    bench.check_first()
    assert bench.change({"t": Markup("c")}) == [0, "c", 1, "Hello c"]
    assert bench.template.promoted == frozenset()
    bench.change({"t": Markup("<b>c</b> &amp;")})
    assert bench.rendering.template.promoted


def test_debug_shows_filters_and_tests() -> None:
    template = Templates(extensions=["jinja2.ext.debug"]).from_string("<p>{{ n }}</p><pre>x{% debug %}</pre>")
    rendering = template.start()
    assert "'selectattr'" in rendering.html(MappingScope({"n": 1})).replace("&#39;", "'")
    assert rendering.diff(MappingScope({"n": 2}), {"n"}).diff[:2] == [0, 2]


def test_an_application_brings_its_own() -> None:
    app = LiveTS(
        secret_key="a secret of at least 32 characters",
        template_filters={"twice": lambda value: f"{value}{value}"},
        template_tests={"dear": lambda value: value > 5},
        template_globals={"now": iter(range(10)).__next__},
        template_extensions=["jinja2.ext.do"],
    )
    template = app.templates.from_string("<p>{{ n|twice }} {{ n is dear }} {{ now() }}</p>{% do n %}")
    rendering = template.start()
    assert rendering.html(MappingScope({"n": 6})) == "<p>66 True 0</p><!--[--><!--]-->"
    assert rendering.diff(MappingScope({"n": 6}), set()).diff == [0, "66 True 1"], "called at every event"


def test_async_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"not async.*await in mount"):
        LiveEnvironment(enable_async=True)

    async def load() -> str:
        return "x"

    for source in ("<p>{{ load() }}</p>", "<p title='{{ load() }}'>x</p>", "<p>a {{ load() }} b</p>"):
        with pytest.raises(TypeError, match=r"coroutine.*await it in mount"):
            Templates().from_string(source).start().html(MappingScope({"load": load}))


def test_an_unknown_tag_names_the_place() -> None:
    with pytest.raises(Exception, match=r"a\.html, line 2: Encountered unknown tag 'snippet'"):
        Templates().from_string("<p>\n{% snippet 'x' %}</p>", name="a.html")


def test_own_delimiters() -> None:
    environment = LiveEnvironment(autoescape=True, variable_start_string="[[", variable_end_string="]]")
    templates = Templates()
    templates.environment = environment
    bench = Bench("x", {})
    template = templates.from_string("<p ts-if='a'>[[ a ]] {{ a }}</p>")
    assert template.start().html(MappingScope({"a": 1})).endswith("<p>1 {{ a }}</p><!--]-->")
    assert isinstance(bench.plain, jinja2.Template)
