"""Imported files: their macros and values under names of their own, so that macros can be written out.

It owns what an import brings, through files that import others. It never loads a file and never looks at HTML, other
than to say which macros call which. The linker makes libraries and links their statements.
"""

from __future__ import annotations

from collections.abc import Mapping

import jinja2
from jinja2 import nodes

from livets.render.inlining import renamed, stored, undefined
from livets.render.names import free, is_translation, wants_context


def imported_names(node: nodes.FromImport) -> list[tuple[str, str]]:
    """(the name there, the name here) of what a statement imports."""
    return [(name, name) if isinstance(name, str) else name for name in node.names]


def from_globals(name: str) -> nodes.Expr:
    """A global of the environment, whatever the view calls so."""
    return nodes.Getitem(nodes.EnvironmentAttribute("globals"), nodes.Const(name), "load")


class Library:
    """An imported file: its macros and values under names of their own, so that its macros can be written out."""

    def __init__(
        self,
        environment: jinja2.Environment,
        tree: nodes.Template,
        number: int,
        imported: Mapping[int, Library | None],
        *,
        context: bool,
    ) -> None:
        self.environment = environment
        self.tree = tree
        self.context = context
        self.imported = imported
        """The libraries that it imports names from itself, by the id of the statement; None for one that can't be."""
        own = [node for node in tree.body if isinstance(node, nodes.Macro | nodes.Assign | nodes.AssignBlock)]
        names = stored([found for node in own for found in _frame(node)])
        self.exports = {name: f"{name}__i{number}" for name in names}
        """What it gives to others: not what it imports itself."""
        modules = [node.target for node in tree.body if isinstance(node, nodes.Import)]
        self.inner = {**self.exports, **{name: f"{name}__i{number}" for name in modules}}
        self.clash = bool(names.intersection(modules))
        """True when a name is both: that of a module and one of its own."""
        for name, library, original in self._imported_names():
            if library is not None:
                inner = library.exports.get(original, f"{name}__i{number}")
                self.inner[name] = inner
                if name in names:  # {% from "x" import a %}{% set a = a %}, to export it
                    self.clash |= not self._only_hands_on(name)
                    self.exports[name] = inner

    def statements(self) -> list[nodes.Node] | None:
        """What the file defines, renamed; None when it does more than define."""
        found: list[nodes.Node] = []
        if self.clash:
            return None
        for node in self.tree.body:
            if isinstance(node, nodes.Output) or self._hands_on(node):
                continue
            if isinstance(node, nodes.Import) and (self.context or not node.with_context):
                module = nodes.Import(
                    renamed(node.template, dict(self.inner)),
                    self.inner[node.target],
                    node.with_context,
                    lineno=node.lineno,
                )
                module.set_environment(self.environment)
                found.append(module)
                continue
            if isinstance(node, nodes.FromImport):
                library = self.imported[id(node)]
                inner = library.statements() if library is not None else None
                if (
                    library is None
                    or inner is None
                    or any(name not in library.exports for name, _ in imported_names(node))
                ):
                    return None
                found += inner
                continue
            if not isinstance(node, nodes.Macro | nodes.Assign | nodes.AssignBlock):
                return None
            names = self._names(node)
            if names is None:
                return None
            copied = renamed(node, names)
            if isinstance(node, nodes.Macro):
                copied.body = [*map(_unset, sorted(self._early(node))), *copied.body]
                copied.name = self.inner[node.name]  # a parameter may be called like the macro itself
            found.append(copied)
        return found

    def written(self) -> dict[str, list[nodes.Node]]:
        """Each macro with those that it calls: enough to see whether it leaves elements open."""
        macros = {node.name: node for node in self.tree.body if isinstance(node, nodes.Macro)}
        imported = {
            name: library.written().get(original, [])
            for name, library, original in self._imported_names()
            if library is not None
        }

        def called_by(name: str, above: frozenset[str]) -> list[nodes.Node]:
            if name not in macros or name in above:
                return imported.get(name, [])
            called = [call.node.name for call in macros[name].find_all(nodes.Call) if isinstance(call.node, nodes.Name)]
            return [macros[name], *(macro for inner in called for macro in called_by(inner, above | {name}))]

        return {name: called_by(name, frozenset()) for name in macros}

    def _hands_on(self, node: nodes.Node) -> bool:
        """True for `{% set name = name %}` of a name that is imported."""
        return (
            isinstance(node, nodes.Assign)
            and isinstance(node.target, nodes.Name)
            and isinstance(node.node, nodes.Name)
            and node.target.name == node.node.name
            and any(name == node.target.name and library is not None for name, library, _ in self._imported_names())
        )

    def _only_hands_on(self, name: str) -> bool:
        sets = [at for at, node in enumerate(self.tree.body) if name in stored(_frame(node))]
        imports = [
            at
            for at, node in enumerate(self.tree.body)
            if isinstance(node, nodes.FromImport) and name in (alias for _, alias in imported_names(node))
        ]
        return all(self._hands_on(self.tree.body[at]) for at in sets) and max(imports) < min(sets)

    def _imported_names(self) -> list[tuple[str, Library | None, str]]:
        """(what it is called here, the library, what it is called there) for every name that is imported."""
        return [
            (alias, self.imported[id(node)], name)
            for node in self.tree.body
            if isinstance(node, nodes.FromImport)
            for name, alias in imported_names(node)
        ]

    def _names(self, node: nodes.Node) -> dict[str, str | nodes.Expr] | None:
        names: dict[str, str | nodes.Expr] = dict(self.inner)
        if isinstance(node, nodes.Macro):  # its parameters may be called like something in the file
            for argument in node.args:
                names.pop(argument.name, None)
        if self.context:
            return names
        outside = free(self.environment, [node]) - set(self.inner)
        early = self._early(node)
        both = outside & stored([node, *node.find_all(nodes.Node)])
        if both and (both != early or not isinstance(node, nodes.Macro)):
            return None
        for name in outside - early:
            value = self.environment.globals.get(name)
            if wants_context(value) and not is_translation(value):
                return None
            names[name] = from_globals(name) if name in self.environment.globals else undefined(name)
        return names

    def _early(self, node: nodes.Node) -> set[str]:
        """Names that a statement sets and may read before: without a context they are undefined then."""
        if self.context:
            return set()
        outside = free(self.environment, [node]) - set(self.inner)
        return outside & stored([node, *node.find_all(nodes.Node)]) - self.environment.globals.keys()


def _unset(name: str) -> nodes.Assign:
    return nodes.Assign(nodes.Name(name, "store", lineno=1), undefined(name), lineno=1)


def _frame(node: nodes.Node) -> list[nodes.Node]:
    """The nodes of a statement that set names outside of it."""
    if isinstance(node, nodes.Macro):
        return [nodes.Name(node.name, "store")]
    if isinstance(node, nodes.Assign | nodes.AssignBlock):
        return [node.target, *node.target.find_all(nodes.Name)]
    return []
