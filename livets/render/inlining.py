"""Macros, call blocks and set blocks are written out where they are used, so that what is in them becomes slots.

It owns which macros can be: those whose names mean the same at the call as where they are defined. Their own names are
renamed, so that the body of a call block sees its own. It never looks at HTML; what it leaves is a macro as before,
one HTML slot. The linker makes bodies, the builder asks for their items.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import jinja2
from jinja2 import nodes
from jinja2.compiler import find_undeclared

from livets.render.items import Define, Item, Mark, Opaque, Value
from livets.render.names import Definition, Names, asks_context, free
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

Rename = Callable[[str], nodes.Expr | str]


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

    def of(self, node: nodes.Macro | nodes.CallBlock | nodes.AssignBlock) -> Body | None:
        """The body of a macro, a call block or a set block; None when it can't be written out."""
        arguments = [] if isinstance(node, nodes.AssignBlock) else node.args
        defaults = [] if isinstance(node, nodes.AssignBlock) else node.defaults
        if isinstance(node, nodes.AssignBlock) and node.filter is not None:
            return None
        inside: list[nodes.Node] = [*node.body, *defaults]
        written = [found for part in inside for found in every(part)]
        if any(isinstance(found, _NO_INLINE) for found in written):
            return None
        if any(asks_context(self.environment, part) for part in inside):
            return None
        if find_undeclared(node.body, ("varargs", "kwargs")):
            return None
        if _uses_caller_inside(node):
            return None
        loads = {found.name for found in written if isinstance(found, nodes.Name) and found.ctx == "load"}
        own = {argument.name for argument in arguments} | stored(written)
        uses_caller = isinstance(node, nodes.Macro) and "caller" in loads
        outside = _free(self.environment, arguments, defaults, node.body)
        if outside & own or (isinstance(node, nodes.Macro) and node.name in outside):
            return None
        number = next(self._numbers)
        inner = {name: f"{name}__{number}" for name in [*own, *(["caller"] if uses_caller else [])]}
        bodies = [[renamed(part, inner) for part in node.body]]
        if uses_caller:
            bodies.append([renamed(part, {**inner, "caller": undefined("caller")}) for part in node.body])
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
            inner.get("caller", ""),
        )


def _free(
    environment: jinja2.Environment, arguments: list[nodes.Name], defaults: list[nodes.Expr], body: list[nodes.Node]
) -> set[str]:
    macro = nodes.Macro("_", arguments, defaults, body, lineno=1)
    return free(environment, [macro])


def _uses_caller_inside(node: nodes.Macro | nodes.CallBlock | nodes.AssignBlock) -> bool:
    """True when `caller` may be that of a macro or call block inside, which is another one."""
    written = [found for part in node.body for found in every(part)]
    inner = [found.body for found in written if isinstance(found, nodes.Macro | nodes.CallBlock)]
    inner += [node.body] if isinstance(node, nodes.CallBlock) else []
    return any(find_undeclared(body, ("caller",)) for body in inner)


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


def expand(names: Names, item: Item) -> list[Item] | None:
    """The items that a call of a macro, a call block or the name of a set block stands for; None when it stays."""
    call: nodes.Expr
    if isinstance(item, Opaque) and item.call is not None:
        call = item.call.node.call
        block: CallBlock | None = item.call
    elif isinstance(item, Value):
        call, block = item.node, None
    else:
        return None
    found = _body_of(call, names)
    if found is None:
        return None
    body, place = found
    if any(_entry(names, name) is not _entry(place.outer, name) for name in body.free):
        return None
    line: dict[str, Any] = {"lineno": item.lineno}
    definitions: list[Item] | None = []
    if isinstance(call, nodes.Call):
        definitions = _arguments(call, body, line)
    if definitions is None or (block is not None and not body.caller):
        return None
    if block is not None:
        node = block.node
        macro = nodes.Macro(body.caller, node.args, node.defaults, node.body, **line)
        macro.set_environment(node.environment)  # type: ignore[arg-type]
        definitions.append(Define(macro, (body.caller,), item.lineno, block.body))
    inside = body.items if block is not None or not body.caller else body.without_caller
    return [Mark(True, item.lineno), *definitions, *inside, Mark(False, item.lineno)]


def _entry(names: Names | None, name: str) -> object:
    place = names.find(name) if names is not None else None
    return place.entry if place is not None else None


def _body_of(call: nodes.Expr, names: Names) -> tuple[Body, Names] | None:
    """The body that is called, and the place of its definition."""
    if isinstance(call, nodes.Name):
        place = names.find(call.name)
        is_block = (
            place is not None
            and isinstance(place.entry, Definition)
            and isinstance(place.entry.node, nodes.AssignBlock)
        )
        return _at(place) if is_block else None
    if not isinstance(call, nodes.Call):
        return None
    callee = call.node
    if isinstance(callee, nodes.Name):
        place = names.find(callee.name)
        aliases = place.entry.aliases if place is not None and isinstance(place.entry, Definition) else None
        if isinstance(aliases, Aliases):
            place = names.find(aliases.names.get(callee.name, ""))
        elif place is None or not isinstance(place.entry, Definition) or not isinstance(place.entry.node, nodes.Macro):
            return None
        return _at(place)
    if isinstance(callee, nodes.Getattr) and isinstance(callee.node, nodes.Name):
        place = names.find(callee.node.name)
        aliases = place.entry.aliases if place is not None and isinstance(place.entry, Definition) else None
        if isinstance(aliases, Aliases):
            return _at(names.find(aliases.modules.get(callee.node.name, {}).get(callee.attr, "")))
    return None


def _at(place: Names | None) -> tuple[Body, Names] | None:
    if place is None or not isinstance(place.entry, Definition) or not place.entry.definite:
        return None
    body = place.entry.body
    return (body, place) if isinstance(body, Body) else None


def _arguments(call: nodes.Call, body: Body, line: dict[str, Any]) -> list[Item] | None:
    """Statements that give the parameters their values; None when Jinja2 would complain or more is needed."""
    parameters = list(body.parameters.items())
    if call.dyn_args is not None or call.dyn_kwargs is not None or len(call.args) > len(parameters):
        return None
    given: dict[str, nodes.Expr] = {inner: value for (_, inner), value in zip(parameters, call.args, strict=False)}
    for keyword in call.kwargs:
        inner = body.parameters.get(keyword.key)
        if inner is None or inner in given:
            return None
        given[inner] = keyword.value
    order = [*given, *(inner for _, inner in parameters if inner not in given)]
    definitions: list[Item] = []
    for inner in order:
        value = given.get(inner) or body.defaults.get(inner) or undefined(inner)
        assign = nodes.Assign(nodes.Name(inner, "store", **line), value, **line)
        definitions.append(Define(assign, (inner,), line["lineno"]))
    return definitions


__all__ = ["MAX_EXPANSIONS", "Aliases", "Bodies", "Body", "CallBlock", "expand", "renamed", "stored", "undefined"]
