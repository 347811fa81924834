"""Which application a command means, and what is said when there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from livets.cli.finding import find
from livets.cli.loading import live_apps, load
from livets.cli.output import Failure, Wrong
from tests.unit.cli.conftest import COUNTER

Run = Callable[..., Result]


def test_the_nearest_pyproject_that_names_one_wins(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.livets]\napp = "shop.web:site"\n')
    inner = project / "shop" / "pages"
    inner.mkdir(parents=True)
    (project / "shop" / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (inner / "main.py").write_text("")
    target = find(None, inner)
    assert (target.name, target.root) == ("shop.web:site", project)


@pytest.mark.parametrize(("file", "name"), [("main.py", "main:app"), ("app.py", "app:app")])
def test_the_usual_names(project: Path, file: str, name: str) -> None:
    (project / file).write_text("")
    assert find(None, project).name == name


def test_main_comes_before_app_and_the_argument_before_all(project: Path) -> None:
    (project / "main.py").write_text("")
    (project / "app.py").write_text("")
    assert find(None, project).name == "main:app"
    assert find("app", project).name == "app:app"
    assert find("web:make()", project).is_factory


def test_nothing_there(project: Path) -> None:
    with pytest.raises(Failure, match=r"no main.py, no app.py") as caught:
        find(None, project)
    assert "livets new" in caught.value.hint


@pytest.mark.parametrize(("name", "hint"), [("main.py", "main:app"), ("shop/web.py", "shop.web:app"), ("a b", "")])
def test_a_name_that_is_none(project: Path, name: str, hint: str) -> None:
    with pytest.raises(Wrong) as caught:
        find(name, project)
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["[tool", "[tool]\nlivets = 1\n", "[tool.livets]\napp = 7\n"])
def test_a_pyproject_that_can_not_be_read(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(text)
    with pytest.raises(Failure, match=r"pyproject\.toml"):
        find(None, project)


def test_a_missing_module(livets: Run, project: Path) -> None:
    shown = livets("routes", "shop.web:app")
    assert shown.exit_code == 1
    assert "there is no module 'shop.web'" in shown.output
    assert "Traceback" not in shown.output


def test_a_missing_attribute_names_the_application_that_is_there(livets: Run, project: Path) -> None:
    (project / "main.py").write_text(COUNTER.replace("app", "site"))
    shown = livets("routes")
    assert shown.exit_code == 1
    assert "did you mean main:site?" in shown.output


def test_what_the_program_raises_is_shown_without_our_frames(livets: Run, project: Path) -> None:
    (project / "main.py").write_text("import settings\n")
    (project / "settings.py").write_text("def read():\n    raise KeyError('PORT')\n\nread()\n")
    shown = livets("routes")
    assert shown.exit_code == 1
    assert 'main.py", line 1' in shown.output
    assert 'settings.py", line 2, in read' in shown.output
    assert "livets/cli" not in shown.output
    assert "importlib" not in shown.output
    assert "error: main:app could not be imported: KeyError: 'PORT'" in shown.output


def test_a_module_that_the_program_lacks_is_the_programs_mistake(livets: Run, project: Path) -> None:
    (project / "main.py").write_text("import nowhere_to_be_found\n")
    shown = livets("routes")
    assert 'main.py", line 1' in shown.output
    assert "No module named 'nowhere_to_be_found'" in shown.output


def test_a_syntax_error_has_its_line(livets: Run, project: Path) -> None:
    (project / "main.py").write_text("a = 1\nb = = 2\n")
    shown = livets("routes")
    assert "SyntaxError" in shown.output
    assert "line 2" in shown.output
    assert "Traceback" not in shown.output


def test_a_factory_and_applications_inside_others(project: Path) -> None:
    (project / "main.py").write_text(COUNTER + "\ndef make():\n    return app\n")
    (project / "web.py").write_text(
        "from starlette.applications import Starlette\n"
        "from starlette.middleware.gzip import GZipMiddleware\n"
        "from main import app as live\n"
        "app = GZipMiddleware(Starlette())\napp.app.mount('/x', live)\n"
    )
    live = load(find("main:make()", project))
    assert live_apps(load(find("web", project))) == [live]
    assert live_apps(object()) == []


def test_what_is_no_application(livets: Run, project: Path) -> None:
    (project / "main.py").write_text("app = 7\n")
    assert "which is no ASGI application" in livets("routes").output
