"""The commands as a person types them: output, exit codes, help."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from livets.cli import main

Run = Callable[..., Result]


@pytest.mark.parametrize("command", ["", *main.commands])
def test_help_has_examples(livets: Run, command: str) -> None:
    shown = livets(*([command] if command else []), "--help")
    assert shown.exit_code == 0
    assert "Examples:" in shown.output
    assert f"livets {command}".strip() in shown.output


def test_version(livets: Run) -> None:
    assert livets("--version").output.startswith("livets, version ")


def test_unknown_commands_and_options_exit_with_2(livets: Run) -> None:
    assert livets("serve").exit_code == 2
    assert livets("run", "--workers", "0").exit_code == 2
    assert livets("new", "x", "--template", "blog").exit_code == 2


def test_routes(livets: Run, counter: Path) -> None:
    shown = livets("routes")
    assert shown.exit_code == 0
    assert [line.split() for line in shown.output.splitlines()] == [
        ["PATH", "KIND", "VIEW", "NAME", "WHERE"],
        ["/", "live", "Counter", "Counter", "main.py:4"],
    ]
    assert json.loads(livets("routes", "--json").output) == [
        {"path": "/", "kind": "live", "view": "Counter", "name": "Counter", "where": "main.py:4"}
    ]


def test_routes_of_what_is_mounted(livets: Run, counter: Path) -> None:
    (counter / "web.py").write_text(
        "from starlette.applications import Starlette\n"
        "from starlette.routing import Mount, Route\n"
        "from main import app as live\n"
        "async def health(request): ...\n"
        "app = Starlette(routes=[Route('/health', health), Mount('/live', live)])\n"
    )
    entries = json.loads(livets("routes", "web", "--json").output)
    assert [(entry["path"], entry["view"]) for entry in entries] == [("/health", "health"), ("/live/", "Counter")]
    assert entries[0]["where"] == "web.py:4"


def test_check_of_a_good_project(livets: Run, counter: Path) -> None:
    shown = livets("check")
    assert (shown.exit_code, shown.stdout) == (0, "")
    assert "1 template checked, nothing to mend" in shown.stderr


def test_check_names_the_line_in_the_python_file(livets: Run, counter: Path) -> None:
    main = counter / "main.py"
    main.write_text(main.read_text().replace('"add"', '"ad"'))
    shown = livets("check")
    assert shown.exit_code == 1
    assert "main.py:13: unknown-event: Counter has no event handler 'ad'" in shown.output
    assert "did you mean 'add'?" in shown.output
    assert json.loads(livets("check", "--json").stdout)["findings"][0]["line"] == 13


def test_check_of_files_that_several_views_share(livets: Run, project: Path) -> None:
    (project / "templates").mkdir()
    (project / "templates" / "base.html").write_text(
        "<header>{% include 'menu.html' %}</header>{% block b %}{% endblock %}"
    )
    (project / "templates" / "menu.html").write_text('\n<button ts-on:click="go">x</button>')
    (project / "templates" / "page.html").write_text("{% extends 'base.html' %}{% block b %}<p>1</p>{% endblock %}")
    (project / "templates" / "layout.html").write_text(
        "<html>{{ livets_head }}<body title={{ title }}>{{ view }}</html>"
    )
    (project / "app.py").write_text(
        "from livets import LiveTS, LiveView, event\n"
        "class One(LiveView):\n    template_name = 'page.html'\n    @event\n    async def go(self): ...\n"
        "class Two(LiveView):\n    template_name = 'page.html'\n"
        "app = LiveTS()\napp.live('/one', One)\napp.live('/two', Two)\n"
    )
    findings = json.loads(livets("check", "--json").stdout)["findings"]
    assert [(each["file"], each["line"], each["rule"]) for each in findings] == [
        ("templates/layout.html", 1, "unquoted"),
        ("templates/menu.html", 2, "unknown-event"),
    ]
    assert "Two has no event handler" in findings[1]["message"]
    only = json.loads(livets("check", "--json", "templates/menu.html").stdout)["findings"]
    assert [each["file"] for each in only] == ["templates/menu.html"]


LAYOUTS = [
    ("<html><head>{{ livets_head }}</head>\n<body>{{ view }}</body></html>", []),
    ("<html><head>\n</head>\n<body>{{ view }}</body></html>", [(1, "what connects the page", "its <head>")]),
    ("<html><head>{{ livets_head }}</head>\n<body></body></html>", [(2, "the view", "{{ view }}")]),
    ("<p>bare</p>", [(1, "the view", "its <body>"), (1, "what connects the page", "its <head>")]),
    ("<p>bare</p> {# livets: ok layout #}", []),
    ("{% extends 'livets/layout.html' %}{% block head %}<meta name='a'>{% endblock %}", []),
    ("{% extends 'livets/layout.html' %}\n{% block body %}<i></i>{% endblock %}", [(2, "the view", "{{ view }}")]),
    ("{% extends 'livets/layout.html' %}{% block body %}<i></i>{{ super() }}{% endblock %}", []),
    ("{% extends 'livets/layout.html' %}{% block body %}<main>{{ view }}</main>{% endblock %}", []),
    ("{% extends 'frame.html' %}{% block main %}{{ view }}{% endblock %}", []),
    ("{% extends 'frame.html' %}{% block main %}{% endblock %}", [(1, "the view", "{{ view }}")]),
    ("{% extends 'frame.html' %}{% block body %}{{ super() }}{% endblock %}", []),
    ("{% extends 'frame.html' %}{% block body %}none{% endblock %}", [(1, "the view", "{{ view }}")]),
    ("{% include 'head.html' %}{{ view }}", []),
    ("{% extends other %}", []),
    ("{% include other %}", []),
    ("{% from 'head.html' import all with context %}{{ all() }}", []),
]


@pytest.mark.parametrize(("layout", "wanted"), LAYOUTS)
def test_check_of_layouts(livets: Run, project: Path, layout: str, wanted: list[tuple[int, str, str]]) -> None:
    folder = project / "templates"
    folder.mkdir()
    (folder / "page.html").write_text(layout)
    (folder / "head.html").write_text("<head>{{ livets_head }}</head>")
    (folder / "frame.html").write_text(
        "{% extends 'livets/layout.html' %}{% block body %}{% block main %}{{ view }}{% endblock %}{% endblock %}"
    )
    (project / "app.py").write_text(
        "from livets import LiveTS, LiveView\nclass One(LiveView):\n    template = 'x'\n    layout = 'page.html'\n"
        "app = LiveTS()\napp.live('/', One)\n"
    )
    findings = json.loads(livets("check", "--json").stdout)["findings"]
    assert [(each["file"], each["line"], each["rule"]) for each in findings] == [
        ("templates/page.html", line, "layout") for line, _, _ in wanted
    ]
    for each, (_, what, hint) in zip(findings, wanted, strict=True):
        assert what in each["message"]
        assert hint in each["hint"]
    assert livets("check", "templates/head.html").exit_code == 0


def test_check_of_a_layout_that_is_not_there(livets: Run, project: Path) -> None:
    (project / "app.py").write_text(
        "from livets import LiveTS, LiveView\nclass One(LiveView):\n    template = 'x'\n    layout = 'none.html'\n"
        "app = LiveTS()\napp.live('/', One)\n"
    )
    shown = livets("check")
    assert shown.exit_code == 1
    assert "app.py:4: layout: there is no layout 'none.html'" in shown.output


def test_check_reports_templates_that_can_not_be_compiled(livets: Run, counter: Path) -> None:
    main = counter / "main.py"
    main.write_text(main.read_text().replace("{{ count }}", "{{ count }").replace("</b>", "</b>{% if %}"))
    shown = livets("check")
    assert shown.exit_code == 1
    assert "main.py:1" in shown.output
    assert ": template: " in shown.output


def test_check_slots_says_what_is_opaque_and_why(livets: Run, counter: Path) -> None:
    main = counter / "main.py"
    main.write_text(main.read_text().replace("<b>{{ count }}</b>", "<p><div>{{ count }}</div></p>"))
    shown = livets("check", "--slots")
    assert shown.exit_code == 0, shown.output
    assert "Counter (inline): 1 slots" in shown.output
    assert "sent whole: " in shown.output
    report = json.loads(livets("check", "--slots", "--json").stdout)["slots"][0]
    assert report["view"] == "Counter"
    assert [part["hint"][:20] for part in report["opaque"]] == ["nest as HTML allows:"]
    assert "hint: nest as HTML allows: " in shown.output


def test_several_workers_need_redis(livets: Run, counter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIVETS_SECRET_KEY")
    monkeypatch.setenv("LIVETS_STATE_DIR", str(counter / "state"))
    shown = livets("run", "--workers", "2")
    assert shown.exit_code == 1
    assert "2 workers need LIVETS_REDIS_URL" in shown.output
    assert "hint:" in shown.output


def test_colours(livets: Run, counter: Path) -> None:
    assert "\x1b[" not in livets("routes").output
    assert "\x1b[" in livets("routes", env={"FORCE_COLOR": "1"}).output
    assert "\x1b[" not in livets("routes", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).output
