"""Each rule of `livets check`: what it finds, at which line, and what it leaves alone."""

from __future__ import annotations

import pytest

from livets import KeyedList, LiveView, event
from livets.cli.lint import Finding, Source, check_source
from livets.render import Templates

ENVIRONMENT = Templates().environment


class Shop(LiveView):
    items: KeyedList[dict[str, str]] = KeyedList()
    note: str = ""
    amount: int = 0

    @event
    async def put(self, id: int, by: int = 1) -> None: ...

    @event
    async def save(self, title: str) -> None: ...

    @event
    async def clear(self) -> None: ...

    @event
    async def pick(self, *ids: int) -> None: ...

    def secret(self) -> None: ...


class Open(LiveView):
    template = "x"

    def handle_event(self, event: str, payload: dict[str, object]) -> None: ...


def found(text: str, *views: type[LiveView], first_line: int = 1) -> list[Finding]:
    return check_source(Source(ENVIRONMENT, "t.html", text, "t.html", first_line), views)


def rules(text: str, *views: type[LiveView]) -> list[str]:
    return [finding.rule for finding in found(text, *views)]


@pytest.mark.parametrize(
    ("text", "rule", "hint"),
    [
        ('<button ts-on:click="putt(1)">x</button>', "unknown-event", "did you mean 'put'?"),
        ('<button ts-on:click="wipe_all">x</button>', "unknown-event", "@event"),
        ('<button ts-on:click="secret">x</button>', "unknown-event", "mark it @event"),
        ('<button ts-on:click="">x</button>', "bad-handler", 'ts-on:click="name"'),
        ('<button ts-on:click="put(x)">x</button>', "bad-arguments", "JSON"),
        ("<button ts-on:click=\"put('seven')\">x</button>", "bad-arguments", ""),
        ('<button ts-on:click="put(1, 2, 3)">x</button>', "bad-arguments", ""),
        ('<button ts-on:click="put(1.5)">x</button>', "bad-arguments", ""),
        ('<button ts-on:click="put">x</button>', "bad-arguments", "ts-value:id"),
        ('<button ts-on:click="clear({{ x }})">x</button>', "bad-arguments", ""),
        ("<button ts-on:click=\"pick(1, 'two')\">x</button>", "bad-arguments", ""),
        ('<form ts-on:submit="save"><input name="name"></form>', "bad-arguments", "ts-value:title"),
        ('<input ts-model="nota">', "unknown-field", "did you mean 'note'?"),
        ('<input ts-model="items">', "unknown-field", ""),
        ('<p ts-modal="note"></p>', "unknown-directive", "did you mean ts-model?"),
        ('<p ts-on="save"></p>', "unknown-directive", "ts-on:click"),
        ('<button ts-on:click.prevnt="clear">x</button>', "unknown-modifier", "did you mean .prevent?"),
        ('<input ts-on:keydown.entr="clear">', "unknown-modifier", "did you mean .enter?"),
        ('<button ts-on:click.300ms="clear">x</button>', "unknown-modifier", ".debounce.300ms"),
        ('<input ts-model.lasy="note">', "unknown-modifier", "did you mean .lazy?"),
        ('<input ts-model.throttle="note">', "unknown-modifier", "there are .debounce, .lazy, .number, .trim"),
        ('<input ts-on:keydown.esc="clear">', "unknown-modifier", "did you mean .escape?"),
        ('<input ts-on:keyup.arrow-up="clear">', "unknown-modifier", "did you mean .up?"),
        ('<b ts-on:click.enter="clear">x</b>', "unknown-modifier", ""),
        ('<b ts-hook="chart">x</b>', "unknown-directive", ""),
        ("<ul>{% for i in items %}<li><input name='a'></li>{% endfor %}</ul>", "missing-key", "{{ i.id }}"),
        ('<ul><li ts-for="i in items"><textarea></textarea></li></ul>', "missing-key", "{{ i.id }}"),
        ("{% for i in xs %}<li ts-key='{{ loop.index }}'><details></details></li>{% endfor %}", "missing-key", ""),
        ("{% for i in xs %}<b>{{ i }}</b><input ts-model='note'>{% endfor %}", "missing-key", 'ts-key="{{ i }}"'),
        ("{% for i in xs %}<b>{{ i.name }}</b><input>{% endfor %}", "missing-key", 'ts-key="{{ i.id }}"'),
        ("{% for i in xs %}{% if i.on %}{{ i }}{% endif %}<input>{% endfor %}", "missing-key", 'ts-key="{{ i.id }}"'),
        ("{% for i in xs %}i.e. {{ i|upper }} <input>{% endfor %}{{ i.x }}", "missing-key", 'ts-key="{{ i }}"'),
        ("{% for to, by in xs %}<b>{{ to }}</b><input>{% endfor %}", "missing-key", 'ts-key="{{ to }}"'),
        ("{% for to, by in xs %}<b>{{ by.name }}</b><input>{% endfor %}", "missing-key", 'ts-key="{{ by.id }}"'),
        ('<p ts-for="i in xs"><b ts-text="i"></b><input></p>{{ i.id }}', "missing-key", 'ts-key="{{ i }}"'),
        ("{% for i in xs %}<li ts-key='row'>{{ i }}</li>{% endfor %}", "duplicate-key", "{{ i }}"),
        ("{% for i in xs %}<li ts-key='{{ note }}'>{{ i }}</li>{% endfor %}", "duplicate-key", ""),
        ("{% for i in xs %}<p><b id='x'>{{ i }}</b></p>{% endfor %}", "duplicate-id", "x-{{ i }}"),
        ("<p title={{ note }}></p>", "unquoted", 'title="{{ note }}"'),
        ('<p onclick="go({{ note }})"></p>', "inline-handler", "ts-on:click"),
        ('<a href="javascript:alert(1)">x</a>', "javascript-url", "ts-on:click"),
        ('<a href=" java\nscript:{{ x }}">x</a>', "javascript-url", ""),
        ('<a href="{{ user.url }}">x</a>', "url", "https://"),
        ('<iframe src="{{ note }}"></iframe>', "url", ""),
        ('<iframe srcdoc="{{ note }}"></iframe>', "srcdoc", "src"),
        ("<script>let a = '{{ note }}'</script>", "script", "data-*"),
        ("<style>p { color: {{ note }} }</style>", "style", "data-*"),
        ("{{ note|safe }}", "safe", "livets: ok safe"),
        ("<p {{ attrs|xmlattr }}></p>", "xmlattr", "write the keys"),
        ("<p {{ note }}></p>", "attribute-name", ""),
        ('<p data-{{ note }}="1"></p>', "attribute-name", ""),
        ("{% autoescape false %}{{ note }}{% endautoescape %}", "autoescape", ""),
    ],
)
def test_it_is_found(text: str, rule: str, hint: str) -> None:
    findings = found("\n\n" + text, Shop)
    assert [finding.rule for finding in findings] == [rule], findings
    assert findings[0].line == 3
    assert hint in findings[0].hint or hint in findings[0].message
    assert findings[0].hint


@pytest.mark.parametrize(
    "text",
    [
        '<button ts-on:click="put(1)">x</button><button ts-on:click="put({{ i.id }}, -1)">x</button>',
        "<button ts-on:click=\"put('7')\">x</button>",  # a form control's number
        "<button ts-on:click=\"save('it\\'s')\">x</button>",
        "<button ts-on:click=\"save('{{ i.title }}')\">x</button>",
        '<button ts-on:click="{{ handler }}">x</button>',
        '<button ts-on:click="{% if a %}clear{% else %}nothing{% endif %}">x</button>',
        '<button ts-on:click="put" ts-value:id="7">x</button>',
        '<button ts-on:click="put" data-id="7">x</button>',
        '<form ts-on:submit="save"><label><input name="title"></label></form>',
        '<form ts-on:submit="save">{% include "fields.html" %}</form>',
        '<my-picker ts-on:picked="save"></my-picker>',
        '<button ts-on:click="pick(1, 2, 3)">x</button>',
        '<input ts-model="note" ts-on:keydown.enter.prevent="clear" ts-on:keydown.a="clear">',
        '<input ts-model.debounce.300ms="amount" ts-on:input.throttle.1s="clear">',
        "<ul>{% for i in items %}<li>{{ i }}</li>{% endfor %}</ul>",
        "<ul>{% for i in items %}<li ts-key='{{ i.id }}'><input></li>{% endfor %}</ul>",
        '<ul><li ts-for="i in items" ts-key="i.id"><input></li></ul>',
        "{% for k, v in xs %}<li id='row-{{ k }}'><input id='c-{{ k }}'></li>{% endfor %}",
        "{% for i in xs %}<li><input type='hidden'><button>x</button></li>{% endfor %}",
        '<a href="/items/{{ i.id }}">x</a><a href="{{ url_for(i) }}">x</a><img src="{{ i.image }}">',
        "<a href=\"{{ '/a/' ~ x }}\">x</a>",
        '<input {{ "disabled" if x }} {% if y %}required{% endif %}>',
        "<p {{ {'title': note}|xmlattr }}></p>",
        "<script>let a = {{ note|tojson }}</script>",
        "{# <p title={{ x }}> #}{% raw %}<p title={{ x }}>{% endraw %}",
        '<p title="{{ a > b }}" class="a {% if b %}c{% endif %}">1 < 2</p>',
        "<p ts-ignore ts-show='note' ts-class=\"{'a': note}\" ts-text='note'></p>",
    ],
)
def test_it_is_left_alone(text: str) -> None:
    assert found(text, Shop) == []


def test_a_view_that_takes_every_event_has_no_unknown_ones() -> None:
    assert rules('<button ts-on:click="anything">x</button>', Open) == []
    assert rules('<button ts-on:click="anything">x</button>', Open, Shop) == ["unknown-event"]


def test_lines_are_those_of_the_file() -> None:
    assert [(f.file, f.line) for f in found("\n{{ x|safe }}", first_line=40)] == [("t.html", 41)]


def test_a_comment_accepts_one_rule_or_all() -> None:
    accepted = "{{ x|safe }} {# livets: ok safe #}\n\n{# livets: ok #}\n<p title={{ x }}></p>\n\n"
    text = accepted + "{{ x|safe }} {# livets: ok url #}"
    assert [(finding.line, finding.rule) for finding in found(text)] == [(6, "safe")]


def test_what_does_not_end_is_the_compilers_to_say() -> None:
    assert found("<p title='{{ x ", Shop) == []
