"""Macros, call blocks and set blocks are written out where they are used, so that what is in them becomes slots.

It owns which macros can be: those whose names mean the same at the call as where they are defined. Their own names are
renamed, so that the body of a call block sees its own. A macro that calls itself has a few bodies, one inside the
other; deeper calls are HTML. It never looks at HTML; what it leaves is a macro as before, one HTML slot. The linker
makes bodies, `expanding` puts them where they are called.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import jinja2
from jinja2 import nodes
from jinja2.compiler import find_undeclared

from livets.render.changers import written
from livets.render.items import Item
from livets.render.names import asks_context, free
from livets.render.walk import every

_NO_INLINE: Final = (
    nodes.Include,
    nodes.Import,
    nodes.FromImport,
    nodes.Block,
    nodes.Extends,
    nodes.InternalName,
    nodes.ContextReference,
    nodes.DerivedContextReference,
)
MAX_EXPANSIONS: Final = 2000
"""Calls of one template that are written out; macros that call macros could make it grow without end."""

_MAX_LEVELS: Final = 4
"""How often a macro that calls itself is written out inside of itself, at most."""
_MAX_WEIGHT: Final = 600
"""Nodes of the bodies of such a macro, all levels together: each level makes the template and its shape larger."""
_COLLECTED: Final = ("varargs", "kwargs")


@dataclass(slots=True, eq=False)
class Body:
    """What a macro, a call block or a set block writes, under names of its own."""

    parameters: dict[str, str]
    """The name of each parameter, and what it is called inside."""
    defaults: dict[str, nodes.Expr]
    """By the inner names."""
    free: frozenset[str]
    """Names that it reads from where it is defined."""
    items: list[Item]
    without_caller: list[Item]
    caller: str = ""
    """What `caller` is called inside; empty when it is not used."""
    mark: str = ""
    """A name that is set while it is written out, so that what is inside of it knows."""
    collected: dict[str, str] = field(default_factory=dict)
    """What `varargs` and `kwargs` are called inside, those that are used."""
    early: dict[str, str] = field(default_factory=dict)
    """Names that it sets and may read before: what they are outside, and inside."""
    nests: bool = True
    """False when a call inside of itself can be a recursion: then `deeper` is written, or nothing."""
    deeper: Body | None = None


@dataclass(slots=True)
class Aliases:
    """What an import gives: names of macros, or (for a module) names of its macros, as they are defined under names of
    their own."""

    names: dict[str, str] = field(default_factory=dict)
    modules: dict[str, dict[str, str]] = field(default_factory=dict)
    written: dict[str, list[nodes.Node]] = field(default_factory=dict)
    """Each macro (of a module: by its own name) with those that it calls, to see whether it closes what it opens."""


@dataclass(slots=True)
class CallBlock:
    """A `{% call %}`: the call, and its body as a macro."""

    node: nodes.CallBlock
    body: Body


class Bodies:
    """Makes bodies; `link` turns statements into items."""

    def __init__(self, environment: jinja2.Environment, link: Callable[[list[nodes.Node]], list[Item] | None]) -> None:
        self.environment = environment
        self.link = link
        self._numbers = count(1)

    def of(
        self, node: nodes.Macro | nodes.CallBlock | nodes.AssignBlock, recursive: Collection[str] = ()
    ) -> Body | None:
        """The body of a macro, a call block or a set block; None when it can't be written out.

        `recursive`: macros that call themselves, directly or not.
        """
        name = node.name if isinstance(node, nodes.Macro) else ""
        body = self._body(node)
        if body is None or written(name) not in recursive:
            return body
        body.nests, last = False, body
        inside = every(node)
        for _ in range(levels_of(len(inside), sum(_calls(found, name) for found in inside))):
            deeper = self._body(node)
            assert deeper is not None
            deeper.nests, last.deeper = False, deeper
            last = deeper
        return body

    def _body(self, node: nodes.Macro | nodes.CallBlock | nodes.AssignBlock) -> Body | None:
        arguments = [] if isinstance(node, nodes.AssignBlock) else node.args
        defaults = [] if isinstance(node, nodes.AssignBlock) else node.defaults
        if isinstance(node, nodes.AssignBlock) and node.filter is not None:
            return None
        inside: list[nodes.Node] = [*node.body, *defaults]
        nodes_inside = [found for part in inside for found in every(part)]
        if any(isinstance(found, _NO_INLINE) for found in nodes_inside):
            return None
        if any(asks_context(self.environment, part) for part in inside):
            return None
        parameters = {argument.name for argument in arguments}
        collected = set(find_undeclared(node.body, _COLLECTED)) - parameters
        if _used_inside(node, collected) or (collected and isinstance(node, nodes.AssignBlock)):
            return None
        if _used_inside(node, {"caller"}) or (isinstance(node, nodes.CallBlock) and _uses(node.body, {"caller"})):
            return None
        loads = {found.name for found in nodes_inside if isinstance(found, nodes.Name) and found.ctx == "load"}
        own = parameters | stored(nodes_inside) | collected
        uses_caller = isinstance(node, nodes.Macro) and "caller" in loads
        outside = _free(self.environment, arguments, defaults, node.body)
        if outside & parameters:
            return None
        number = next(self._numbers)
        inner = {name: f"{name}__{number}" for name in [*own, *(["caller"] if uses_caller else [])]}
        bodies = [[renamed(part, inner) for part in node.body]]
        if uses_caller:
            without: dict[str, str | nodes.Expr] = {**inner}
            if "caller" not in parameters:
                without["caller"] = undefined("caller")
            bodies.append([renamed(part, without) for part in node.body])
            _assume_caller(bodies[0], inner["caller"])
        linked = [self.link(body) for body in bodies]
        if any(items is None for items in linked):
            return None
        names = [inner[argument.name] for argument in arguments]
        given = names[len(names) - len(defaults) :]
        return Body(
            {argument.name: inner[argument.name] for argument in arguments},
            {name: renamed(default, inner) for name, default in zip(given, defaults, strict=True)},
            frozenset(outside - {"caller"}),
            linked[0] or [],
            linked[-1] or [],
            inner["caller"] if uses_caller else "",
            f"written__{number}",
            {name: inner[name] for name in collected},
            {name: inner[name] for name in sorted(outside & own - {"caller"})},
        )


def _free(
    environment: jinja2.Environment, arguments: list[nodes.Name], defaults: list[nodes.Expr], body: list[nodes.Node]
) -> set[str]:
    macro = nodes.Macro("_", arguments, defaults, body, lineno=1)
    return free(environment, [macro])


def _uses(body: list[nodes.Node], names: Collection[str]) -> bool:
    return bool(find_undeclared(body, tuple(names)))


def _used_inside(node: nodes.Macro | nodes.CallBlock | nodes.AssignBlock, names: Collection[str]) -> bool:
    """True when a macro or call block inside uses such a name: there it is another one."""
    inside = [found for part in node.body for found in every(part)]
    return any(_uses(found.body, names) for found in inside if isinstance(found, nodes.Macro | nodes.CallBlock))


def levels_of(size: int, calls: int) -> int:
    """How often something of so many nodes is written out inside of itself, that calls itself at so many places.

    >>> levels_of(20, 1), levels_of(250, 1), levels_of(60, 2)
    (4, 1, 2)
    """
    levels, weight = 0, size
    while calls and levels < _MAX_LEVELS and (weight := weight + size * calls ** (levels + 1)) <= _MAX_WEIGHT:
        levels += 1
    return levels


def _calls(node: nodes.Node, name: str) -> bool:
    return isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == name


def stored(written: list[nodes.Node]) -> set[str]:
    """Names that these nodes set."""
    found = {node.name for node in written if isinstance(node, nodes.Name) and node.ctx != "load"}
    return found | {node.name for node in written if isinstance(node, nodes.Macro)}


def _assume_caller(body: list[nodes.Node], caller: str) -> None:
    """`{% if caller %}` is true where there is one."""
    for part in body:
        for branch in (part, *part.find_all(nodes.If)):
            if isinstance(branch, nodes.If):
                test = branch.test
                test = test.node if isinstance(test, nodes.Test) and test.name == "defined" else test
                if isinstance(test, nodes.Name) and test.name == caller:
                    branch.test = nodes.Const(True, lineno=branch.lineno)


def undefined(name: str) -> nodes.Expr:
    """An expression that is undefined."""
    return nodes.Getitem(nodes.Dict([]), nodes.Const(name), "load")


def renamed(node: Any, names: Mapping[str, str | nodes.Expr]) -> Any:
    """A copy of a node in which names are called otherwise, or are expressions."""
    if isinstance(node, list):
        return [renamed(part, names) for part in node]
    if isinstance(node, tuple):
        return tuple(renamed(part, names) for part in node)
    if not isinstance(node, nodes.Node):
        return node
    values = [renamed(value, names) for _, value in node.iter_fields()]
    fields = dict(zip(node.fields, values, strict=True))
    if isinstance(node, nodes.Name | nodes.NSRef | nodes.Macro):
        other = names.get(node.name, node.name)
        if isinstance(other, nodes.Expr):
            return renamed(other, {})
        fields["name"] = other
    copied = type(node)(*(fields[name] for name in node.fields), lineno=node.lineno)
    copied.environment = node.environment
    return copied
