"""`livets dev` as a process: what a save does, and that no mistake ends it. The browser's side is in tests/e2e/dev."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.command import Command
from tests.support.wait import wait_for

MAIN = """
from livets import LiveTS, LiveView

class Hello(LiveView):
    template = "<h1>Hello one</h1>"

app = LiveTS()
app.live("/", Hello)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(MAIN)
    return tmp_path


@pytest.fixture
def dev(project: Path) -> Iterator[Command]:
    with Command("dev", "--port", "0", folder=project) as command:
        command.says("Ctrl\\+C")
        yield command


def shows(dev: Command, text: str, status: int = 200) -> httpx.Response:
    def answer() -> httpx.Response | None:
        try:
            response = httpx.get(dev.url, timeout=10)
        except httpx.TransportError:  # it is being started again
            return None
        return response if response.status_code == status and text in response.text else None

    found = wait_for(answer, f"{status} with {text!r}", timeout_s=20)
    assert found is not None
    return found


def test_the_banner_says_where_and_what(dev: Command, project: Path) -> None:
    assert "livets dev  http://localhost:" in dev.output
    assert f"main:app in {project}" in dev.output
    assert "watching Python" in dev.output
    assert 'src="/livets/dev-' in shows(dev, "Hello one").text


def test_python_is_started_again_and_mistakes_do_not_end_it(dev: Command, project: Path) -> None:
    main = project / "main.py"
    shows(dev, "Hello one")
    main.write_text(MAIN.replace("one", "two"))
    shows(dev, "Hello two")
    main.write_text("def broken(:\n")
    page = shows(dev, "SyntaxError", status=500)
    assert "def broken(:" in page.text
    assert 'src="/livets/dev-' in page.text
    dev.says("mend it and save")
    assert "SyntaxError" in dev.output
    main.write_text("raise SystemExit('no')\n")
    shows(dev, "SystemExit", status=500)
    main.write_text(MAIN.replace("one", "three"))
    shows(dev, "Hello three")
    assert dev.stop() == 0


def test_a_program_that_is_broken_from_the_beginning(project: Path) -> None:
    (project / "main.py").write_text("1 / 0\n")
    with Command("dev", "--port", "0", folder=project) as dev:
        shows(dev, "ZeroDivisionError", status=500)
        (project / "main.py").write_text(MAIN)
        shows(dev, "Hello one")


def test_a_program_that_ends_itself_is_waited_for(dev: Command, project: Path) -> None:
    ending = MAIN + "\nimport os, threading\nthreading.Timer(0.3, os._exit, [7]).start()\n"
    (project / "main.py").write_text(ending)
    dev.says(r"ended by itself \(exit code 7\)")
    shows(dev, "exit code 7", status=500)
    (project / "main.py").write_text(MAIN.replace("one", "back"))
    shows(dev, "Hello back")


def test_tests_and_hidden_folders_are_not_watched(dev: Command, project: Path) -> None:
    (project / ".venv").mkdir()
    (project / ".venv" / "lib.py").write_text("")
    (project / "test_it.py").write_text("")
    (project / "other.py").write_text("")
    dev.says("other.py changed")
    assert "lib.py" not in dev.output
    assert "test_it.py" not in dev.output


def test_it_ends_with_ctrl_c(dev: Command) -> None:
    dev.signal(signal.SIGINT)
    assert dev.wait() == 0
    assert "Traceback" not in dev.output


def test_what_check_would_find_is_said_at_each_save(project: Path) -> None:
    main, page = project / "main.py", project / "templates" / "hello.html"
    page.parent.mkdir()
    page.write_text("<b>Hello {{ name }}</b><p ts-modal></p>")
    text = MAIN.replace('template = "<h1>Hello one</h1>"', 'name: str = ""\n    template_name = "hello.html"')
    main.write_text(text)
    with Command("dev", "--port", "0", folder=project) as dev:
        dev.says(r"templates/hello\.html:1: there is no directive ts-modal")
        dev.says("Ctrl\\+C")
        page.write_text("<b>Hello {{ nmae }}</b>")
        dev.says(r"templates/hello\.html:1: Hello has no 'nmae': nothing is shown for it")
        dev.says("did you mean 'name'")
        main.write_text(text.replace('name: str = ""', 'nmae: str = ""'))
        dev.says("ready again")
    assert dev.output.count("ts-modal") == 1  # said once, and not any more


def test_a_refusal_is_told_at_the_programs_own_line(dev: Command, project: Path) -> None:
    (project / "main.py").write_text(MAIN.replace("template", "count: int = 'none'\n    template"))
    dev.says("Hello.count is declared as int")
    dev.says("mend it and save")
    assert "class Hello(LiveView)" in dev.output
    assert "fields.py" not in dev.output  # livets' own lines say nothing to who reads this


def test_tracebacks_begin_in_the_program(dev: Command, project: Path) -> None:
    (project / "main.py").write_text(MAIN.replace("template", "def mount(self): 1 / 0\n    template"))
    shows(dev, "ZeroDivisionError", status=500)
    dev.says("in mount")
    dev.says("ZeroDivisionError")
    assert "runner.py" not in dev.output
