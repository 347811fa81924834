"""The files of one template: parsed, their lines numbered, and remembered with what says whether they were edited.

It owns reading and its errors. It never looks into a tree, other than to write a template's own name into it. The
linker asks it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import jinja2
from jinja2 import nodes
from jinja2.idtracking import find_symbols

from livets.errors import TemplateError
from livets.render.changers import Changers
from livets.render.lines import file_of, number_lines
from livets.render.recursion import recursive_macros
from livets.render.walk import every


class TemplateMissing(TemplateError):
    """A file that is not there."""


class Sources:
    """Reads the files that a template extends, includes and imports.

    `name`: of the template itself, for messages.
    """

    def __init__(self, environment: jinja2.Environment, name: str) -> None:
        self.environment = environment
        self.name = name
        self.current: dict[str, Callable[[], bool]] = {}
        """Every file that was read, with the function that says whether it is still the same."""
        self.known: set[str] = set()
        """Names that the files mention outside of macros, loops and other scopes."""
        self.changers = Changers()
        """The macros of all files that change what they are given."""
        self.recursive: set[str] = set()
        """The macros of all files that call themselves."""

    def parse(self, source: str, name: str) -> nodes.Template:
        """The tree of a source. Raises TemplateError."""
        try:
            tree = self.environment._parse(source, name, None)
        except jinja2.TemplateSyntaxError as error:
            raise TemplateError(f"{name}, line {error.lineno}: {error.message}") from error
        number_lines(tree, name)
        self.known |= {*find_symbols(tree.body).refs}
        self.changers.learn(tree, name)
        self.recursive |= recursive_macros(tree)
        return tree

    def load(self, name: str, lineno: int) -> nodes.Template:
        """The tree of a file, wanted in line `lineno`. Raises TemplateMissing or TemplateError."""
        loader = self.environment.loader
        if loader is None:
            raise TemplateMissing(
                f"{file_of(lineno, self.name)}, line {lineno}: there is no template directory to load {name!r} from; "
                f"give LiveTS(templates=...) the directory"
            )
        try:
            source, _, current = loader.get_source(self.environment, name)
        except jinja2.TemplateNotFound as error:
            raise TemplateMissing(
                f"{file_of(lineno, self.name)}, line {lineno}: the template {error.name!r} was not found; "
                f"check the name and the template directories"
            ) from error
        self.current[name] = current or _always
        return self.parse(source, name)

    def first_of(self, names: list[str], node: nodes.Include) -> tuple[str, nodes.Template | None]:
        """The first of several files that is there; no tree when there is none and none has to be."""
        for number, name in enumerate(names):
            try:
                return name, self.load(name, node.lineno)
            except TemplateMissing:
                if number + 1 == len(names) and not node.ignore_missing:
                    raise
        return "", None


_OWN_CONTEXT: Final = nodes.Getattr(nodes.Name("self", "load"), "_TemplateReference__context", "load")
_OWN_NAME: Final = nodes.Getattr(_OWN_CONTEXT, "name", "load")


def write_name(tree: nodes.Template, name: str) -> None:
    """The template's name where it asks for its own, in the only way that Jinja2 has: private, and widely used."""
    found = every(tree)
    if not any(isinstance(node, nodes.Getattr) and node.attr == _OWN_CONTEXT.attr for node in found):
        return
    for node in found:
        for field_name, value in [*node.iter_fields()]:
            if value == _OWN_NAME:
                setattr(node, field_name, nodes.Const(name, lineno=value.lineno))
            elif isinstance(value, list):
                value[:] = [nodes.Const(name, lineno=part.lineno) if part == _OWN_NAME else part for part in value]


def _always() -> bool:
    return True
