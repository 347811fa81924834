"""What newcomers do wrong, and what they are told: what it is, how to mend it, and where.

Each case is a small program. When it is told: `import` (the class or the application is made), `check` (`livets check`,
which `livets dev` runs at each save, too), `open` (the first page, in development) or `click` (in development).
"""

from __future__ import annotations

import importlib.util
import logging
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from livets import LiveTS
from livets.cli.lint import Finding
from livets.cli.looking import Looked
from livets.errors import ConfigError, FieldError
from livets.live import LiveView
from livets.testing import client

HEAD = """\
import time
import msgspec
from livets import KeyedList, LiveTS, LiveView, event, field

KEY = "a secret of at least 32 characters"

class Row(msgspec.Struct):
    id: int
    name: str = ""

"""
"""Ten lines: the first of a case is line 11."""
FOOT = """
app = LiveTS(secret_key=KEY, dev=True)
app.live("/", V)
"""
INC = "n: int = 0\n@event\nasync def inc(self): self.n += 1\n"


class Case(NamedTuple):
    """A mistake: its program, when it is told, and what the message has in it."""

    name: str
    when: str
    body: str
    told: tuple[str, ...]
    foot: str = FOOT

    @property
    def source(self) -> str:
        """The whole program. A body that is no class yet becomes the class V."""
        body = textwrap.dedent(self.body).strip("\n")
        if not body.startswith(("class ", "x = ")):
            body = "class V(LiveView):\n" + textwrap.indent(body, "    ")
        return f"{HEAD}{body}\n{self.foot}"


CASES = [
    # Fields
    Case("a default of another type", "import", "n: int = 'zero'\ntemplate = '{{ n }}'",
         ("V.n is declared as int", "Expected `int`, got `str`", "Write a value of that type")),
    Case("None for something else", "import", "row: Row = None\ntemplate = '{{ row }}'",
         ("V.row is declared as Row", "`row: Row | None = None`")),
    Case("a type that can't be kept", "import", "n: object = None\ntemplate = 'x'",
         ("V.n: object cannot be kept in a snapshot", "field(persist=False)")),
    Case("a name of LiveView's own", "import", "session: str = ''\ntemplate = 'x'",
         ("V.session", "LiveView itself uses the name", "call the field something else")),
    Case("a field named like a method", "import", "update: int = 0\ntemplate = 'x'", ("V.update", "call the field")),
    Case("a field and an event", "import", "inc: int = 0\n@event\nasync def go(self): ...\ntemplate = 'x'\n"
         "class W(LiveView):\n    go: int = 0\n    template = 'x'\nclass X(W):\n    @event\n    def go(self): ...",
         ("go",)),
    Case("no default and no mount", "open", "n: int\ntemplate = '<p>{{ n }}</p>'",
         ("V.n has no value yet", "give it a default or assign it in mount()")),
    Case("no default, read in a handler", "click",
         "n: int\n@event\nasync def inc(self): self.n += 1\ntemplate = '<button ts-on:click=\"inc\">x</button>'",
         ("V.n has no value yet", "mount()")),
    Case("a value of another type", "click", INC.replace("+= 1", "= 'one'") +
         "template = '<button ts-on:click=\"inc\">{{ n }}</button>'",
         ("V.n", "'one' (str) does not fit the declared type", "Assign a value of the declared type")),
    Case("a reference from before", "click",
         "rows: list[int] = []\ndef mount(self): self.kept = self.rows\n@event\ndef inc(self): self.kept.append(1)\n"
         "template = '<button ts-on:click=\"inc\">{{ rows|length }}</button>'",
         ("V.rows changed without being read", "self.touch('rows')")),
    Case("set_state of what is not declared", "click",
         "n: int = 0\n@event\ndef inc(self): self.set_state(m=1)\n"
         "template = '<button ts-on:click=\"inc\">{{ n }}</button>'",
         ("V has no field 'm'", "declare it: `m: <type> = <default>`", "n")),
    # Lists
    Case("items without an id", "open",
         "rows: KeyedList[dict[str, str]] = KeyedList()\ndef mount(self): self.rows.append({'name': 'a'})\n"
         "template = '{% for row in rows %}<p>{{ row.name }}</p>{% endfor %}'",
         ("needs a str or int in 'id'", "KeyedList(key=...)")),
    Case("the same id twice", "open",
         "rows: KeyedList[Row] = KeyedList()\ndef mount(self): self.rows.extend([Row(1), Row(1)])\ntemplate = 'x'",
         ("has an item with the key 1 already", "use replace() or another key")),
    Case("an index into a KeyedList", "click",
         "rows: KeyedList[Row] = KeyedList()\ndef mount(self): self.rows.append(Row(7))\n"
         "@event\ndef inc(self): self.rows[0]\ntemplate = '<button ts-on:click=\"inc\">x</button>'",
         ("no item of this KeyedList has 0 as its 'id'", "found by key, not by position")),
    Case("removing what is not there", "click",
         "rows: KeyedList[Row] = KeyedList()\n@event\ndef inc(self): self.rows.remove(7)\n"
         "template = '<button ts-on:click=\"inc\">x</button>'",
         ("no item of this KeyedList has 7 as its 'id'",)),
    Case("a row changed in place", "click",
         "rows: KeyedList[Row] = KeyedList()\ndef mount(self): self.rows.append(Row(7))\n@event\ndef inc(self):\n"
         "    self.rows[7].name = 'b'\ntemplate = '<button ts-on:click=\"inc\">x</button>'",
         ("V.rows were changed in place", "self.rows.update(key, ...)")),
    Case("a key that all rows share", "check",
         "rows: list[int] = []\ntemplate = '{% for row in rows %}<p ts-key=\"a\">{{ row }}</p>{% endfor %}'",
         ("main.py:13", "the same ts-key", "{{ row }}")),
    Case("inputs in rows without a key", "check",
         "rows: list[int] = []\ntemplate = '{% for row in rows %}<p><input name=\"a\">{{ row }}</p>{% endfor %}'",
         ("main.py:13", "no ts-key", "{{ row }}")),
    # Events
    Case("@event forgotten", "click", "def inc(self): ...\ntemplate = '<button ts-on:click=\"inc\">x</button>'",
         ("V has no @event method 'inc'", "write @event above its def")),
    Case("@event forgotten, checked", "check", "def inc(self): ...\ntemplate = '<a ts-on:click=\"inc\">x</a>'",
         ("main.py:13", "V.inc can't be called from the browser", "@event above `def inc`")),
    Case("a handler's name mistyped", "click", INC + "template = '<button ts-on:click=\"incr\">x</button>'",
         ("V has no @event method 'incr'", "did you mean 'inc'?")),
    Case("a handler's name mistyped, checked", "check", INC + "template = '<button ts-on:click=\"incr\">x</button>'",
         ("main.py:15", "V has no event handler 'incr'", "did you mean 'inc'?")),
    Case("an expression as handler", "click", INC + "template = '<button ts-on:click=\"n += 1\">x</button>'",
         ("has no @event method 'n += 1'", "a handler is the name of a method", 'ts-on:click="save"')),
    Case("an argument too many", "click", INC + "template = '<button ts-on:click=\"inc(4)\">x</button>'",
         ("V.inc: it takes 0 positional arguments, not 1", "take the others out")),
    Case("an argument missing", "click",
         "@event\nasync def inc(self, by: int): ...\ntemplate = '<button ts-on:click=\"inc\">x</button>'",
         ("V.inc: the argument 'by' is missing", "give it a default")),
    Case("an argument of another type", "click",
         "@event\nasync def inc(self, by: int): ...\ntemplate = '''<button ts-on:click=\"inc('a')\">x</button>'''",
         ("V.inc: the argument 'by' does not fit: Expected `int`, got `str`",)),
    Case("arguments that are no JSON", "check", INC + "template = '<button ts-on:click=\"inc(n)\">x</button>'",
         ("main.py:15", "are not JSON", "numbers, true, false")),
    Case("a private event", "import", "@event\ndef _inc(self): ...\ntemplate = 'x'",
         ("V._inc", "must not start with an underscore")),
    Case("an event named like LiveView's own", "import", "@event\ndef update(self): ...\ntemplate = 'x'",
         ("V.update", "LiveView's own; rename the event")),
    Case("a policy that is none", "import", "@event(policy='newest')\ndef inc(self): ...\ntemplate = 'x'",
         ("policy='newest'", "'queue', 'latest', 'drop', 'parallel'")),
    Case("latest on a plain def", "import", "@event(policy='latest')\ndef inc(self): ...\ntemplate = 'x'",
         ("V.inc", "needs an `async def`")),
    Case("an argument nobody can send", "import", "@event\ndef inc(self, by: type): ...\ntemplate = 'x'",
         ("V.inc: the parameter by", "Annotate it with plain values")),
    Case("an annotation that is not imported", "import", "n: 'Nope' = 0\ntemplate = 'x'",
         ("V: an annotation cannot be understood", "Nope", "Import the type at run time")),
    # Directives
    Case("ts-on-click", "check", INC + "template = '<button ts-on-click=\"inc\">x</button>'",
         ("main.py:15", "there is no directive ts-on-click", "write a colon: ts-on:click")),
    Case("ts-onn:click", "check", INC + "template = '<button ts-onn:click=\"inc\">x</button>'",
         ("main.py:15", "there is no directive ts-onn", "did you mean ts-on:…?")),
    Case("a modifier that is none", "check", INC + "template = '<button ts-on:click.prevnt=\"inc\">x</button>'",
         ("main.py:15", "no modifier .prevnt", "did you mean .prevent?")),
    Case("ts-model of no field", "check", "template = '<input ts-model=\"nope\">'",
         ("main.py:12", "V has no field 'nope' to bind", 'declare it: `nope: str = ""`')),
    # Templates
    Case("nothing to show", "import", "n: int = 0",
         ("V shows nothing", "`template` (inline Jinja2)", "`render()`")),
    Case("two ways to show it", "import", "template = 'x'\ndef render(self): return 'y'",
         ("V has template and render", "Keep one of them")),
    Case("an async render()", "import", "async def render(self): return 'x'",
         ("V.render() is an `async def`", "write a plain `def`", "mount()")),
    Case("render() without return", "open", "def render(self): '<p>x</p>'",
         ("V.render() returned NoneType, not HTML", "`return`")),
    Case("a template that is not there", "open", "template_name = 'conter.html'",
         ("the template 'conter.html' was not found; it was looked for in", "did you mean 'counter.html'?")),
    Case("a template that is not there, checked", "check", "template_name = 'nothing.html'",
         ("main.py:12", "the template 'nothing.html' was not found")),
    Case("a name that the view does not have", "check", "count: int = 0\ntemplate = '''<p>a</p>\n<b>{{ cuont }}</b>'''",
         ("main.py:14", "V has no 'cuont': nothing is shown for it", "did you mean 'count'?")),
    Case("a name from nowhere", "check", "template = '<b>{{ total }}</b>'",
         ("main.py:12", "V has no 'total'", 'declare it: `total: str = ""`')),
    Case("an attribute that is not there", "open", "n: int = 0\ntemplate = '<p>{{ n.foo.bar }}</p>'",
         ("'int object' has no attribute 'foo'", "line 1 of V.template")),
    Case("Jinja without an expression", "open", "template = '''<p>\n{% if %}x</p>'''",
         ("V.template, line 2: Expected an expression",)),
    Case("Jinja without an expression, checked", "check", "template = '''<p>\n{% if %}x</p>'''",
         ("main.py:13", "Expected an expression")),
    Case("a tag that nobody closes", "open", "template = '<div><p>x</p>'",
         ("V.template, line 1: <div> is never closed",)),
    Case("a tag that nobody opened", "open", "template = '<p>x</p></div>'",
         ("V.template, line 1: </div> closes nothing that is open here",)),
    Case("a whole document", "open", "template = '<!doctype html><html><body>x</body></html>'",
         ("<!DOCTYPE> does not belong into a view's template", "into the layout")),
    Case("a layout without the view", "open", "layout = 'empty.html'\ntemplate = 'x'",
         ("the layout 'empty.html' leaves the view out", "write {{ view }} into its <body>")),
    Case("a layout without the connector", "open", "layout = 'dead.html'\ntemplate = 'x'",
         ("the layout 'dead.html' leaves what connects the page out", "write {{ livets_head }} into its <head>")),
    Case("onclick", "check", "n: int = 0\ntemplate = '<button onclick=\"go({{ n }})\">x</button>'",
         ("main.py:13", "onclick is JavaScript", 'use ts-on:click="handler"')),
    Case("a value in a script", "check", "n: int = 0\ntemplate = '<script>var a = {{ n }};</script>'",
         ("main.py:13", "<script> is a program", "|tojson")),
    # Topics and timers
    Case("a lambda as subscriber", "open", "template = 'x'\ndef mount(self): self.subscribe('t', lambda data: None)",
         ("is not a method of the view", "write a method and pass self.<method>")),
    Case("broadcast of an object", "click",
         "@event\ndef inc(self): self.broadcast('t', object())\ntemplate = '<button ts-on:click=\"inc\">x</button>'",
         ("broadcast('t'): object can't be sent", "plain values, lists, dicts")),
    Case("a timer without an interval", "open", "template = 'x'\ndef mount(self): self.every(0, self.tick)\n"
         "def tick(self): ...", ("every(0)", "longer than 0 seconds")),
    # The application
    Case("no view", "import", "class V: pass", ("V is no view: write `class V(LiveView):`",)),
    Case("an instance", "import", "template = 'x'", ("give the class, V, not an instance of it",),
         FOOT.replace(", V)", ", V())")),
    Case("a path without a slash", "import", "template = 'x'", ("a path starts with '/': live('/home', V)",),
         FOOT.replace('"/"', '"home"')),
    Case("a path that is taken", "import", "template = 'x'",
         ("V has this path already", "give one of them another path"), FOOT + 'app.live("/", V)'),
    Case("mount wants more than the path has", "import", "template = 'x'\ndef mount(self, id: int): ...",
         ("mount() needs 'id'", "write it into the path ('/{id}')")),
    Case("a setting mistyped", "import", "template = 'x'", ("LiveTS(titel=…)", "did you mean 'title'?"),
         FOOT.replace("dev=True", "titel='x'")),
    Case("a secret key that can be guessed", "import", "template = 'x'",
         ("a secret key of 5 characters can be guessed", "secrets.token_urlsafe(32)"),
         FOOT.replace("=KEY", "='short'")),
    Case("static files that are not there", "open", "template = \"{{ static('a.css') }}\"",
         ("static('a.css')", "LiveTS(static=…)")),
    Case("a route that is not there", "open", "template = \"{{ url_for('shop') }}\"",
         ("there is no route of that name", "there are: V")),
]  # fmt: skip


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Writes main.py and imports it; what it defined is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "counter.html").write_text("<p>x</p>")
    (tmp_path / "templates" / "empty.html").write_text("<html><body>{% block content %}{% endblock %}</body></html>")
    (tmp_path / "templates" / "dead.html").write_text("<html><body>{{ view }}</body></html>")
    monkeypatch.setattr(LiveView, "__subclasses__", list, raising=False)  # the views of other tests

    def load(source: str) -> Any:
        path = tmp_path / "main.py"
        path.write_text(source)
        spec = importlib.util.spec_from_file_location("mistaken_main", path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules["mistaken_main"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.app

    yield load
    sys.modules.pop("mistaken_main", None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
async def test_a_mistake_is_told_with_its_remedy(case: Case, program: Callable[[str], Any]) -> None:
    message = await told(case, program)
    for part in case.told:
        assert part in message, message


async def told(case: Case, program: Callable[[str], Any]) -> str:
    if case.when == "import":
        with pytest.raises((ConfigError, FieldError)) as refused:
            program(case.source)
        return str(refused.value)
    app = program(case.source)
    if case.when == "check":
        (finding,) = findings(app)
        return f"{Path(finding.file).name}:{finding.line}: {finding.message}; {finding.hint}"
    async with client(app) as person:
        try:
            page = await person.open("/")
        except Exception as error:
            assert case.when == "open"
            return words(error)
        with pytest.raises(Exception) as raised:  # noqa: PT011 (whatever it is; what it says counts)
            await page.find("button").click()
        return words(raised.value)


def words(error: BaseException) -> str:
    return "\n".join([str(error), *getattr(error, "__notes__", [])])


def findings(app: LiveTS) -> list[Finding]:
    looked = Looked(app)
    looked.look([])
    return sorted(set(looked.findings))


async def test_blocking_the_loop_is_told(
    program: Callable[[str], Any], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = INC.replace("self.n += 1", "time.sleep(0.3)") + "template = '<button ts-on:click=\"inc\">{{ n }}</button>'"
    app = program(Case("", "", body, ()).source)
    with caplog.at_level(logging.WARNING, "livets"):
        async with client(app) as person:
            await (await person.open("/")).find("button").click()
    assert "V.inc blocked the event loop" in caplog.text
    assert "Make it a plain `def`" in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        "def mount(self): self.total = 3\ntemplate = '{{ total }}'",
        "template = '{% if total is defined %}{{ total }}{% endif %}'",
        "template = '{{ total|default(0) }}'",
        "template = '{% set total = 3 %}{{ total }}{% for x in range(2) %}{{ x }}{{ loop.index }}{% endfor %}'",
        "template = '{% macro m(total) %}{{ total }}{% endmacro %}{{ m(2) }}'",
        "@property\ndef total(self): return 3\ntemplate = '{{ total }}{{ title }}{{ params }}{{ uri }}'",
        "template = '{# livets: ok unknown-name #}{{ total }}'",
        'rows: list[int] = []\ntemplate = \'<p ts-for="row in rows" ts-key="row">{{ row }}</p>\'',
        "template = \"{% include 'part.html' %}\"",
    ],
)
def test_names_that_a_view_has_are_left_alone(body: str, program: Callable[[str], Any], tmp_path: Path) -> None:
    (tmp_path / "templates" / "part.html").write_text("{% set inner = 1 %}{{ inner }}")
    assert findings(program(Case("", "", body, ()).source)) == []
