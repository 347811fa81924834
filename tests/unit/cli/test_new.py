"""`livets new`: what it writes, and that it overwrites nothing."""

from __future__ import annotations

import py_compile
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from livets.cli.new import SCAFFOLDS

Run = Callable[..., Result]


@pytest.mark.parametrize("template", SCAFFOLDS)
def test_it_makes_a_whole_project(livets: Run, project: Path, template: str) -> None:
    shown = livets("new", "My_Shop", "--template", template)
    assert shown.exit_code == 0, shown.output
    made = project / "My_Shop"
    files = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert files >= {
        "main.py", "README.md", "pyproject.toml", ".gitignore", "static/style.css", f"templates/{template}.html",
        f"tests/test_{template}.py",
    }  # fmt: skip
    assert not any(path.endswith(".tmpl") for path in files)
    for path in made.rglob("*"):
        if path.is_file():
            assert "@NAME@" not in (text := path.read_text()), path
            assert "@TITLE@" not in text, path
        if path.suffix == ".py":
            py_compile.compile(str(path), doraise=True, cfile=str(project / "out.pyc"))
    settings = tomllib.loads((made / "pyproject.toml").read_text())
    assert settings["project"]["name"] == "my-shop"
    assert settings["tool"]["livets"]["app"] == "main:app"
    assert "My Shop" in (made / "main.py").read_text()
    assert "cd My_Shop" in shown.output
    assert "livets dev" in shown.output


def test_it_overwrites_nothing(livets: Run, project: Path) -> None:
    (project / "shop").mkdir()
    (project / "shop" / "main.py").write_text("mine")
    shown = livets("new", "shop")
    assert shown.exit_code == 1
    assert "not empty" in shown.output
    assert [path.name for path in (project / "shop").iterdir()] == ["main.py"]
    (project / "file").write_text("")
    assert livets("new", "file").exit_code == 1


def test_an_empty_folder_is_filled(livets: Run, project: Path) -> None:
    (project / "shop").mkdir()
    assert livets("new", "shop").exit_code == 0
    assert (project / "shop" / "main.py").exists()


@pytest.mark.parametrize("name", ["7up", "a b", "..", "über", ".hidden"])
def test_a_bad_name_exits_with_2(livets: Run, project: Path, name: str) -> None:
    shown = livets("new", name)
    assert shown.exit_code == 2
    assert list(project.iterdir()) == []


def test_a_folder_that_can_not_be_made_leaves_nothing(livets: Run, project: Path) -> None:
    (project / "file").write_text("")
    shown = livets("new", "file/shop")
    assert shown.exit_code == 1
    assert "can't be written" in shown.output
