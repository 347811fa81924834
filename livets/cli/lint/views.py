"""Which templates a view shows, and where they are written: a file, or a string inside a Python file.

Owns the way from a class to sources with file and line. Imports nothing, runs nothing of the user's. Called by `check`.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from jinja2 import meta

from livets.cli.lint.source import Source
from livets.live import LiveView
from livets.render import Templates


@dataclass(slots=True)
class Shown:
    """A template that a view shows, itself or as a part of another."""

    view: type[LiveView]
    source: Source
    is_main: bool
    """Whether it is the view's own, not a base or an include."""


def shown_by(view: type[LiveView], templates: Templates) -> Iterator[Shown]:
    """The view's template and all files that it names; a view with render() has none.

    Raises TemplateError when the view's own file is not there (as the compiler does).
    """
    environment = templates.environment
    if view.template:
        file, line = place_of(view, "template")
        source = Source(environment, f"{view.__qualname__}.template", view.template, file, line)
    elif view.template_name:
        found = from_file(view.template_name, templates)
        if found is None:
            return
        source = found
    else:
        return
    yield Shown(view, source, True)
    seen, waiting = {source.name}, [source]
    while waiting:
        for name in _named(waiting.pop()):
            if name not in seen and (part := from_file(name, templates)) is not None:
                seen.add(name)
                waiting.append(part)
                yield Shown(view, part, False)


def from_file(name: str, templates: Templates) -> Source | None:
    """The template of a file in the template directories; None when it is not there."""
    loader = templates.environment.loader
    if loader is None:
        return None
    try:
        text, file, _ = loader.get_source(templates.environment, name)
    except (jinja2.TemplateNotFound, OSError, UnicodeDecodeError):
        return None
    return Source(templates.environment, name, text, file or name)


def _named(source: Source) -> list[str]:
    if source.tree is None:
        return []
    return sorted(name for name in meta.find_referenced_templates(source.tree) if name is not None)


def place_of(view: type[LiveView], setting: str) -> tuple[str, int]:
    """File and line of the text that the view has as its `template` (where that begins) or `template_name`."""
    owner = next((each for each in view.__mro__ if setting in vars(each)), view)
    wanted: str = getattr(view, setting)
    try:
        file = inspect.getsourcefile(owner) or "?"
        begin = inspect.getsourcelines(owner)[1]
    except (OSError, TypeError):
        return "?", 1
    texts = _texts(file)
    same = [line for line, text in texts if text == wanted] or [
        line for line, text in texts if text.strip() and text.strip() == wanted.strip()
    ]
    return file, next((line for line in same if line >= begin), same[0] if same else begin)


@cache
def _texts(file: str) -> list[tuple[int, str]]:
    """Every string of a Python file, and its line."""
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return []
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
