"""Which application a command is about, and where it is.

Owns the search (argument, `[tool.livets]`, the usual names) and the words for when it fails. Imports nothing of the
user's; `loading` does. Called by `dev`, `run`, `routes` and `check`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from livets.cli.output import Failure, Wrong

USUAL = ("main:app", "app:app")
_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*(?:\(\))?")


@dataclass(frozen=True, slots=True)
class Target:
    """An application that was named, not imported yet."""

    name: str
    """`module:attribute`; `module:function()` for a function that makes the application."""
    root: Path
    """The project's folder: imports start here, and relative paths of the application."""
    origin: str
    """Who says so, in words."""

    @property
    def module(self) -> str:
        """The module's dotted name."""
        return self.name.partition(":")[0]

    @property
    def attribute(self) -> str:
        """The attribute's dotted name."""
        return self.name.partition(":")[2].removesuffix("()")

    @property
    def is_factory(self) -> bool:
        """Whether the attribute is to be called."""
        return self.name.endswith("()")


def find(argument: str | None, start: Path) -> Target:
    """The application that `argument` names, or the one of the project that `start` is in.

    Raises Failure when there is none, Wrong when a name is not of the form module:attribute.
    """
    start = start.resolve()
    project = _project(start)
    if argument is not None:
        return Target(_checked(argument, "the command line"), start, "the command line")
    if project is not None:
        path, name = project
        return Target(_checked(name, f"[tool.livets] in {path}"), path.parent, f"{path.name}, [tool.livets]")
    for name in USUAL:
        module = name.partition(":")[0]
        if (start / f"{module}.py").is_file() or (start / module / "__init__.py").is_file():
            return Target(name, start, "the usual name")
    raise Failure(
        f"no application was found: there is no main.py, no app.py and no pyproject.toml with [tool.livets] in {start}",
        'name it, `livets dev package.module:app`; or write [tool.livets] app = "package.module:app" into '
        "pyproject.toml; or begin with `livets new NAME`",
    )


def _project(start: Path) -> tuple[Path, str] | None:
    """The nearest pyproject.toml at or above `start` that names an application."""
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if not path.is_file():
            continue
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("livets", {})
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Failure(f"{path} can't be read: {error}") from None
        if not isinstance(settings, dict):
            raise Failure(
                f"[tool.livets] in {path} must be a table", 'write: [tool.livets] and below it app = "main:app"'
            )
        if "app" in settings:
            if not isinstance(settings["app"], str):
                raise Failure(f'[tool.livets] app in {path} must be a string like "main:app"')
            return path, settings["app"]
    return None


def _checked(name: str, origin: str) -> str:
    """The name, with `:app` added where only a module is named."""
    if _NAME.fullmatch(name):
        return name
    if _NAME.fullmatch(f"{name}:app") and not name.endswith(".py"):
        return f"{name}:app"
    hint = "write module:attribute, as in main:app"
    if name.endswith(".py"):
        hint = f"write {name.removesuffix('.py').replace('/', '.').lstrip('.')}:app"
    raise Wrong(f"{name!r} ({origin}) does not name an application", hint)
