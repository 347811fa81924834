"""Directives: what each becomes, that wrong use is told with file, line and caret, and that random trees mean what the
docs say."""

# ruff: noqa: E501 - templates stand here as people write them
from __future__ import annotations

from typing import Any

import jinja2
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from livets.errors import TemplateError
from livets.render import Templates
from livets.render.environment import LiveEnvironment, MappingScope
from tests.support.directive_trees import show, states, trees, write
from tests.unit.render.conftest import Bench, normal, strip

WHO: dict[str, Any] = {"a": True, "b": 2, "n": "x", "xs": [{"id": 1, "t": "one"}, {"id": 2, "t": "two"}], "d": {"k": 1}}


@pytest.mark.parametrize(
    ("source", "same"),
    [
        ('<p ts-if="a">{{ n }}</p>', "{% if a %}<p>{{ n }}</p>{% endif %}"),
        ("<p ts-if=a>x</p>", "{% if a %}<p>x</p>{% endif %}"),
        ("<p ts-if='b > 1'>x</p>", "{% if b > 1 %}<p>x</p>{% endif %}"),
        ('<p ts-if="b &gt; 1 and n == &quot;x&quot;">x</p>', '{% if b > 1 and n == "x" %}<p>x</p>{% endif %}'),
        ('<P TS-IF="a">x</P>', "{% if a %}<P>x</P>{% endif %}"),
        ('<p ts-if="a">1</p>\n <p ts-else>2</p>', "{% if a %}<p>1</p>{% else %}<p>2</p>{% endif %}"),
        (
            '<p ts-if="b == 1">1</p><!-- c --><p ts-else-if="b == 2">2</p>{# c #}<p ts-else>3</p>.',
            "{% if b == 1 %}<p>1</p><!-- c -->{% elif b == 2 %}<p>2</p>{% else %}<p>3</p>{% endif %}.",
        ),
        ('<br ts-if="a"><hr ts-else>', "{% if a %}<br>{% else %}<hr>{% endif %}"),
        ('<p ts-if="a"><p ts-if="b">x</p></p>', "{% if a %}<p>{% if b %}<p>x</p>{% endif %}</p>{% endif %}"),
        ('<i ts-for="x in xs">{{ x.t }}</i>', "{% for x in xs %}<i>{{ x.t }}</i>{% endfor %}"),
        (
            '<i ts-for="x in xs" ts-key="x.id" ts-if="x.id > 1" ts-text="x.t"></i>\n<b ts-else>none</b>',
            '{% for x in xs if x.id > 1 %}<i ts-key="{{ x.id }}">{{ x.t }}</i>{% else %}<b>none</b>{% endfor %}',
        ),
        (
            '<i ts-for="k, v in d.items()" ts-key=k>{{ loop.index }}{{ v }}</i>',
            '{% for k, v in d.items() %}<i ts-key="{{ k }}">{{ loop.index }}{{ v }}</i>{% endfor %}',
        ),
        ('<i ts-for="(k, v) in d.items()">{{ v }}</i>', "{% for k, v in d.items() %}<i>{{ v }}</i>{% endfor %}"),
        (
            '<p ts-if="not a">x</p><i ts-else ts-for="x in xs">{{ x.t }}</i>',
            "{% if not a %}<p>x</p>{% else %}{% for x in xs %}<i>{{ x.t }}</i>{% endfor %}{% endif %}",
        ),
        ('<p ts-text="n ~ 1">\n</p>', "<p>{{ n ~ 1 }}</p>"),
        ('<p ts-text="-b"></p>', "<p>{{ -b }}</p>"),
        ('<svg><text ts-text="n" x="1"/></svg>', '<svg><text x="1">{{ n }}</text></svg>'),
        ('<svg><g ts-for="x in xs"/></svg>', "<svg>{% for x in xs %}<g/>{% endfor %}</svg>"),
        ('<p ts-show="a">x</p><p ts-show="not a">y</p>', "<p>x</p><p hidden>y</p>"),
        ("<p ts-class=\"{'on': a, 'off': not a}\">x</p>", '<p class="on">x</p>'),
        ('<p class="s" ts-class="{\'on\': a}" id="i">x</p>', '<p class="s on" id="i">x</p>'),
        ("<p ts-class=\"['on', {'q': a}, none]\" class=s>x</p>", '<p class="s on q">x</p>'),
        ('<p ts-class="n">x</p><p class="s" ts-class="{}">x</p>', '<p class="x">x</p><p class="s">x</p>'),
        ("<p class='s{{ b }}' ts-bind:class=\"{'on': a}\">x</p>", '<p class="s2 on">x</p>'),
        ('<a ts-bind:href="n" ts-bind:title="none">x</a>', '<a href="x">x</a>'),
        ('<a class=q ts-bind:href="n">x</a>', '<a class=q href="x">x</a>'),
        ('<input ts-bind:disabled="a" ts-bind:checked="b == 3">', "<input disabled>"),
        ('<input ts-bind:value="nothing" ts-bind:aria-busy="not a"/>', '<input aria-busy="false"/>'),
        ('<b ts-bind:data-q="a" ts-bind:data-r="not a">x</b>', "<b data-q>x</b>"),
        ("<b ts-bind:title=\"'&quot;<'\">x</b>", '<b title="&#34;&lt;">x</b>'),
        ("<b {% if a %}ts-bind:title='n'{% endif %}>x</b>", '<b title="x">x</b>'),
        ('<template ts-if="a">x <b>y</b></template>', "{% if a %}x <b>y</b>{% endif %}"),
        (
            '<dl><template ts-for="x in xs" ts-key="x.id"><dt>{{ x.t }}</dt></template></dl>',
            '<dl>{% for x in xs %}<dt ts-key="{{ x.id }}">{{ x.t }}</dt>{% endfor %}</dl>',
        ),
        ('{% if a %}<p ts-if="b">x</p>{% else %}<p ts-if="n">y</p>{% endif %}', "{% if b %}<p>x</p>{% endif %}"),
        ('{% if a %}<p class="1">{% else %}<p>{% endif %}<i ts-if="b">x</i></p>', '<p class="1"><i>x</i></p>'),
        ('<ul><li>1<li>2</ul><p ts-if="a">x</p>', "<ul><li>1<li>2</ul>{% if a %}<p>x</p>{% endif %}"),
        ("<p title=\"{{ '>' }}\" ts-if=\"'%}' != '}}'\">x</p>", '<p title="&gt;">x</p>'),
        ("<p data-t='ts-if=\"a\"'>x</p>", "<p data-t='ts-if=\"a\"'>x</p>"),
        ('{% raw %}<p ts-if="q">{% endraw %}x</p>', '<p ts-if="q">x</p>'),
        ('<!-- <p ts-if="q"> --><textarea><p ts-if="q"></textarea>', '<!-- <p ts-if="q"> --><textarea><p ts-if="q"></textarea>'),
        ('<script>"<p ts-if=1>"</script>', '<script>"<p ts-if=1>"</script>'),
    ],
)  # fmt: skip
def test_a_directive_is_jinja(source: str, same: str) -> None:
    bench = Bench(source, WHO)
    assert normal(bench.fresh()) == normal(jinja2.Environment(autoescape=True).from_string(same).render(WHO))
    bench.check_first()
    bench.change({"a": False, "b": 0, "n": "", "xs": [{"id": 3, "t": "<"}, {"id": 1, "t": "1"}], "d": {}})
    bench.change(WHO)


@pytest.mark.parametrize(
    ("source", "line", "message", "under"),
    [
        ('<p>\n  <b ts-if="a"></p>', 2, "is not closed before </p>", "<b"),
        ('<p ts-if="a">', 1, "<p> with ts-if is never closed", "<p"),
        ('<p ts-for="x in xs"/>', 1, "never closed", "<p"),
        ("<p ts-else>x</p>", 1, "ts-else without a ts-if", "ts-else"),
        ('<p ts-if="a">x</p> y <p ts-else>z</p>', 1, "without a ts-if", "ts-else"),
        ('<p ts-if="a">x</p><i></i><p ts-else-if="b">z</p>', 1, "without a ts-if", "ts-else-if"),
        ('<div><p ts-if="a">x</p></div><p ts-else>z</p>', 1, "without a ts-if", "ts-else"),
        ('<p ts-if="a">x</p><p ts-else>y</p><p ts-else>z</p>', 1, "without a ts-if", "ts-else>z"),
        ('<p ts-for="x in xs">x</p><p ts-else-if="a">y</p>', 1, "ts-else-if after ts-for", "ts-else-if"),
        ('<p ts-if="a">x</p><p ts-else="b">y</p>', 1, "takes no expression", 'ts-else="'),
        ('<p ts-if="a">x</p><p ts-else ts-if="b">y</p>', 1, "ts-if beside ts-else", 'ts-if="b"'),
        ('<p ts-if="a">x</p><p ts-elif="b">y</p>', 1, "there is no ts-elif", "ts-elif"),
        ('\n\n<p ts-if="a b">x</p>', 3, "can't be read", "a b"),
        ('<p ts-if="">x</p>', 1, "has no expression", "ts-if"),
        ("<p ts-if>x</p>", 1, "has no expression", "ts-if"),
        ('<p\nts-if="{{ a }}">x</p>', 2, "takes the expression itself", "{{ a"),
        ('<p ts-text="a }} {">x</p>', 1, "can't be read", "a }}"),
        ('<p ts-for="xs">x</p>', 1, "can't be read", "xs"),
        ('<p ts-for="x in xs recursive">x</p>', 1, "recursive", "x in"),
        ('<p ts-for="x in xs if x" ts-if="a">x</p>', 1, "has a condition already", 'ts-if="a"'),
        ('<p ts-if="a" ts-if="b">x</p>', 1, "written twice", 'ts-if="b"'),
        ('<p ts-text="a">b</p>', 1, "content of its own", "b</p>"),
        ('<br ts-text="a">', 1, "has no text", "ts-text"),
        ('<p {% if a %}ts-if="b"{% endif %}>x</p>', 1, "within the tag", 'ts-if="b"'),
        ('<p {% if a %}class="b"{% endif %} ts-class="n">x</p>', 1, "class in a Jinja statement", 'class="b"'),
        ('{% if a %}<p ts-if="b">{% endif %}</p>', 1, "same Jinja statement", "<p"),
        ('<p ts-if="b">{% if a %}</p>{% endif %}', 1, "same Jinja statement", "<p"),
        ('{% if a %}<p ts-if="b">{% else %}<p>{% endif %}</p>', 1, "same Jinja statement", "<p"),
        ('<p hidden ts-show="a">x</p>', 1, "beside the attribute hidden", "ts-show"),
        ('<p title="x" ts-bind:title="a">x</p>', 1, "beside the attribute title", "ts-bind"),
        ('<p ts-bind:onclick="a">x</p>', 1, "can't be bound", "ts-bind"),
        ('<p ts-bind="a">x</p>', 1, "names no attribute", "ts-bind"),
        ('<template ts-if="a" class="x">x</template>', 1, "not rendered itself", "class"),
    ],
)  # fmt: skip
def test_wrong_use_says_where_and_what(source: str, line: int, message: str, under: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Templates().from_string(source, name="page.html")
    first, shown, caret, hint = str(caught.value).split("\n")
    assert first.startswith(f"page.html, line {line}: ")
    assert message in first
    assert shown[4:] == source.split("\n")[line - 1]
    assert shown[caret.index("^") :].startswith(under)
    assert hint.startswith("hint: ")


def test_lines_stay_lines() -> None:
    source = '<p\n ts-if="\n a\n"\n ts-class="{\n\'x\': a}" class="q"\n ts-bind:title="\nn">\n{{ 1 // b }}</p>'
    with pytest.raises(ZeroDivisionError) as caught:
        Templates().from_string(source, name="a.html").start().html(MappingScope({**WHO, "b": 0}))
    assert caught.value.__notes__ == ["while rendering line 9 of a.html"]
    assert LiveEnvironment().preprocess(source).count("\n") == source.count("\n")


def test_directives_work_in_every_kind_of_file() -> None:
    templates = Templates()
    templates.environment.loader = jinja2.DictLoader(
        {
            "page.html": "{% extends 'base.html' %}{% block main %}<p ts-if='a'>{{ n }}</p>{% include 'part.html' %}{% endblock %}",
            "base.html": "{% import 'm.html' as m %}<div ts-show='a'>{% block main %}{% endblock %}</div>{{ m.q(n) }}",
            "part.html": "<i ts-for='x in xs' ts-key='x.id' ts-text='x.t'></i>",
            "m.html": "{% macro q(v) %}<u ts-text='v'></u>{% endmacro %}",
        }
    )
    template = templates.get("page.html")
    html = strip(template.start().html(MappingScope(WHO)))
    plain = '<div><p>x</p><i ts-key="1">one</i><i ts-key="2">two</i></div><u>x</u>'
    assert html == templates.environment.get_template("page.html").render(WHO) == plain
    assert template.opaque == []


def test_a_fault_in_an_included_file_names_it() -> None:
    templates = Templates()
    templates.environment.loader = jinja2.DictLoader(
        {"a.html": "{% include 'b.html' %}", "b.html": "\n<p ts-else></p>"}
    )
    with pytest.raises(TemplateError, match=r"^b\.html, line 2: ts-else"):
        templates.get("a.html")


def test_what_does_not_end_is_left_to_jinja() -> None:
    for source in (
        "<p ts-if='a",
        "<p ts-if='a'>{{ x",
        "<p ts-if='a %}{% if b'>",
        "<p ts-if='a'>{% raw %}",
        "<script ts-if='a'>x",
        "<!-- <p ts-if='a'>",
    ):
        with pytest.raises(TemplateError):
            Templates().from_string(source + "</p>")


def check_trees(examples: int) -> None:
    """Random trees of directives in random states."""

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(trees, st.lists(states, min_size=3, max_size=3), st.randoms(use_true_random=False))
    def check(nodes: list[Any], values: list[dict[str, Any]], random: Any) -> None:
        source = write(nodes, random.choice)
        note(source)
        bench = Bench(source, values[0])
        bench.check_first()
        for state in values:
            bench.change(state)
            shown = bench.fresh().replace("<!-- c -->", "").replace("\n ", "")
            assert normal(shown) == normal(show(nodes, state)), shown

    check()


def test_random_trees_mean_what_the_docs_say() -> None:
    check_trees(30)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_very_many_random_trees_mean_what_the_docs_say() -> None:
    check_trees(3000)
