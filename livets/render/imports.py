"""What `{% import %}` and `{% from … import %}` bring: the statements of the file, and its names as called here.

It owns which files are libraries, through those that import others. It never looks at HTML. The linker calls it, and
links the statements.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from jinja2 import nodes

from livets.errors import TemplateError
from livets.render.inheritance import MAX_DEPTH
from livets.render.inlining import Aliases
from livets.render.items import Define, Item
from livets.render.libraries import Library, imported_names
from livets.render.sources import Sources


class Imports:
    """Links imports; `link` turns the statements of a file into items, or answers None."""

    def __init__(self, sources: Sources, link: Callable[[list[nodes.Node]], list[Item] | None]) -> None:
        self.sources = sources
        self.link = link
        self._numbers = count(1)

    def items(self, node: nodes.Import | nodes.FromImport) -> list[Item]:
        """What the statement defines."""
        items, inner, written = self._library(node)
        if isinstance(node, nodes.Import):
            aliases = Aliases(modules={node.target: inner}, written=written)
            return [*items, Define(node, (node.target,), node.lineno, aliases=aliases)]
        pairs = imported_names(node)
        aliases = Aliases(
            {alias: inner[name] for name, alias in pairs if name in inner},
            written={alias: written[name] for name, alias in pairs if name in written},
        )
        return [*items, Define(node, tuple(alias for _, alias in pairs), node.lineno, aliases=aliases)]

    def _library(
        self, node: nodes.Import | nodes.FromImport
    ) -> tuple[list[Item], dict[str, str], dict[str, list[nodes.Node]]]:
        """(what an imported file defines, its names and what they are called here, its macros, those that they call).

        Without items and names the file has to be run.
        """
        library = self._loaded(node, bool(node.with_context), 0)
        if library is None:
            return [], {}, {}
        statements = library.statements()
        items = self.link(statements) if statements is not None else None
        return ([], {}, library.written()) if items is None else (items, library.exports, library.written())

    def _loaded(self, node: nodes.Import | nodes.FromImport, context: bool, depth: int) -> Library | None:
        """The library that is imported, with those that it imports itself; None when Jinja2 has to find it."""
        if not isinstance(node.template, nodes.Const) or not isinstance(node.template.value, str):
            return None
        if depth > MAX_DEPTH:
            return None
        try:
            tree = self.sources.load(node.template.value, node.lineno)
        except TemplateError:
            return None  # Jinja2 says so when it gets there
        inner = {
            id(found): None if found.with_context else self._loaded(found, False, depth + 1)
            for found in tree.body
            if isinstance(found, nodes.FromImport)
        }
        return Library(self.sources.environment, tree, next(self._numbers), inner, context=context)
