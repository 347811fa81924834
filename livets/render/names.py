"""What an expression reads: names, where they were set, and whether its value may change by itself.

It owns the chain of definitions that are visible at a place of the template, and the slice of it that an
expression needs. It never evaluates anything. The compiler asks it for every slot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.utils import _PassArg

from livets.render.walk import every

_numbers = count(1)

PURE_GLOBALS = frozenset({"range", "dict", "namespace", "caller"})
_CONTEXT_FILTERS_THAT_READ_NO_NAMES = frozenset({"map", "select", "reject", "selectattr", "rejectattr"})
_SETS_NOTHING = (nodes.Expr, nodes.Output, nodes.If, nodes.Helper)
"""Nodes that give no name a value, if nothing inside of them does."""


@dataclass(slots=True, eq=False)
class Definition:
    """A statement that gives `targets` a value; `number` keeps its Python variables apart from others'."""

    node: nodes.Stmt
    targets: tuple[str, ...]
    number: int
    definite: bool = True
    body: Any = None
    aliases: Any = None
    frame: Any = None
    """What the macros of one file have in common when they stand at its top: they see each other."""
    _needs: frozenset[str] | None = None
    _asks: bool | None = None

    def needs(self, environment: jinja2.Environment) -> frozenset[str]:
        """Names that the statement reads; asked for every expression that may need it, so it is kept."""
        if self._needs is None:
            self._needs = frozenset(_needs(environment, [self.node]))
        return self._needs

    def asks(self, environment: jinja2.Environment) -> bool:
        """True when it calls something that reads the context."""
        if self._asks is None:
            self._asks = asks_context(environment, self.node)
        return self._asks

    @property
    def plain(self) -> bool:
        """True when it is made of assignments and ifs only, so that it can become Python code."""
        if isinstance(self.node, nodes.Assign):
            return next(self.node.find_all(nodes.NSRef), None) is None
        return isinstance(self.node, nodes.If) and all(
            isinstance(node, nodes.If | nodes.Assign) for node in self.node.find_all(nodes.Stmt)
        )


@dataclass(slots=True, eq=False)
class Row:
    """The start of a loop's body: its targets are given by each row."""

    targets: tuple[str, ...]
    number: int


@dataclass(slots=True, frozen=True, eq=False)
class Names:
    """A linked list of what is visible, the latest first."""

    entry: Definition | Row | None = None
    outer: Names | None = None

    def define(
        self,
        node: nodes.Stmt,
        targets: tuple[str, ...],
        *,
        definite: bool = True,
        body: Any = None,
        aliases: Any = None,
        frame: Any = None,
    ) -> Names:
        """The names after a statement; `body` and `aliases` say what calls of macros write."""
        return Names(Definition(node, targets, next(_numbers), definite, body, aliases, frame), self)

    def row(self, targets: tuple[str, ...], *, loop: bool = True) -> Names:
        """The names inside a loop's body (`loop` among them) or, without `loop`, in its filter."""
        return Names(Row((*targets, "loop") if loop else targets, next(_numbers)), self)

    def __iter__(self) -> Iterator[Names]:
        at: Names | None = self
        while at is not None and at.entry is not None:
            yield at
            at = at.outer

    def find(self, name: str) -> Names | None:
        """The place that gives `name` its value; None when it comes from the scope."""
        return next((at for at in self if at.entry is not None and name in at.entry.targets), None)


@dataclass(slots=True)
class Reads:
    """What an expression depends on, through all definitions that it needs."""

    names: set[str]
    """Names that come from the scope."""
    rows: set[tuple[int, str]]
    """(number of the Row, name) for what comes from a loop."""
    volatile: bool
    """True when it has to be evaluated at every diff."""
    chain: list[Definition | Row]
    """Definitions needed and rows crossed, outermost first."""
    plain: bool
    """True when the definitions needed can all become Python code."""
    positional: bool
    """True when it reads a `loop`."""

    def add(self, other: Reads) -> None:
        """Take in what another expression depends on; the chain is that of both, one after the other."""
        self.names |= other.names
        self.rows |= other.rows
        self.volatile |= other.volatile
        self.chain += other.chain
        self.plain &= other.plain
        self.positional |= other.positional


def loads(node: nodes.Node) -> set[str]:
    """Names read by an expression."""
    return {name.name for name in every(node) if isinstance(name, nodes.Name) and name.ctx == "load"}


def free(environment: jinja2.Environment, body: list[nodes.Node]) -> set[str]:
    """Names that statements read without setting them first."""
    found = set()
    for node in (node for top in body for node in every(top)):
        if isinstance(node, nodes.Name):
            found.add(node.name)
        if not isinstance(node, _SETS_NOTHING):
            break
    else:
        return found - environment.globals.keys() - {"self"}  # what Jinja2 finds by compiling it all
    template = nodes.Template(body, lineno=1)
    template.set_environment(environment)
    return meta.find_undeclared_variables(template)


def reads(environment: jinja2.Environment, names: Names, body: Iterable[nodes.Node]) -> Reads:
    """What `body` (expressions, or statements) depends on, as seen from `names`."""
    body = list(body)
    result = Reads(set(), set(), False, [], True, False)
    needed = _needs(environment, body)
    calls = list(body)
    for at in names:
        entry = at.entry
        if isinstance(entry, Row):
            hit = needed.intersection(entry.targets)
            result.rows.update((entry.number, name) for name in hit)
            result.positional |= "loop" in hit
            needed -= hit
            result.chain.append(entry)
        elif entry is not None and needed.intersection(entry.targets):
            if entry.definite:
                needed -= set(entry.targets)
            needed |= entry.needs(environment)
            result.chain.append(entry)
            result.plain &= entry.plain
            calls.append(entry.node)
    if any(isinstance(at.entry, Definition) for at in names):
        asked = [entry.asks(environment) for entry in result.chain if isinstance(entry, Definition)]
        result.plain &= not any(asked) and not any(asks_context(environment, node) for node in body)
    result.chain.reverse()
    result.names = needed
    macros = {
        name
        for entry in result.chain
        if isinstance(entry, Definition) and isinstance(entry.node, nodes.Macro)
        for name in entry.targets
    }
    result.volatile = any(_is_volatile(environment, names, node, macros) for node in calls)
    return result


def _needs(environment: jinja2.Environment, body: list[nodes.Node]) -> set[str]:
    if all(isinstance(node, nodes.Expr) for node in body):
        return {name for node in body for name in loads(node)}
    statements = [
        nodes.Output([node], lineno=node.lineno or 1) if isinstance(node, nodes.Expr) else node for node in body
    ]
    return free(environment, statements)


def _is_volatile(environment: jinja2.Environment, names: Names, node: nodes.Node, macros: set[str]) -> bool:
    for found in every(node):
        match found:
            case nodes.Extends() | nodes.Include() | nodes.ContextReference() | nodes.DerivedContextReference():
                return True
            case nodes.Import() | nodes.FromImport():
                return True
            case nodes.Call():
                root = found.node
                if _is_pure_global(root):
                    continue
                while isinstance(root, nodes.Getattr | nodes.Getitem):
                    root = root.node
                if not isinstance(root, nodes.Name):
                    if isinstance(root, nodes.Const | nodes.TemplateData):
                        continue
                    return True
                if root.name in macros or (root is found.node and root.name in PURE_GLOBALS):
                    continue
                place = names.find(root.name)
                if place is None or isinstance(place.entry, Definition):
                    return True
            case nodes.Filter() | nodes.Test():
                table = environment.filters if isinstance(found, nodes.Filter) else environment.tests
                function = table.get(found.name)
                if found.name == "random" or (
                    wants_context(function) and found.name not in _CONTEXT_FILTERS_THAT_READ_NO_NAMES
                ):
                    return True
    return False


def _is_pure_global(node: nodes.Node) -> bool:
    """True for `environment.globals["range"]`, as imported macros read it."""
    return (
        isinstance(node, nodes.Getitem)
        and isinstance(node.node, nodes.EnvironmentAttribute)
        and isinstance(node.arg, nodes.Const)
        and node.arg.value in PURE_GLOBALS
    )


def wants_context(function: Any) -> bool:
    """True for filters, tests and functions marked with jinja2.pass_context."""
    return function is not None and _PassArg.from_obj(function) is _PassArg.context


def is_translation(function: Any) -> bool:
    """True for the functions of jinja2.ext.i18n: of the context they read the name of another one of them, no more."""
    return getattr(function, "__module__", "") == "jinja2.ext"


def asks_context(environment: jinja2.Environment, node: nodes.Node) -> bool:
    """True when a function, filter or test marked with pass_context is called: it may read what the template sets."""
    tables: dict[type, Mapping[str, Any]] = {nodes.Filter: environment.filters, nodes.Test: environment.tests}
    for found in every(node):
        match found:
            case nodes.Call(node=nodes.Name() as callee) if callee.name in environment.globals:
                function = environment.globals[callee.name]
                if wants_context(function) and not is_translation(function):
                    return True
            case nodes.Filter() | nodes.Test():
                if found.name not in _CONTEXT_FILTERS_THAT_READ_NO_NAMES:
                    if wants_context(tables[type(found)].get(found.name)):
                        return True
                elif any(
                    isinstance(argument, nodes.Const) and wants_context(table.get(argument.value))
                    for argument in found.args
                    for table in tables.values()
                ):
                    return True
    return False
