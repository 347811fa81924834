"""Calls of macros, call blocks and names of set blocks become the items of what they call.

It owns what a call may look like to be written out, and the statements that give the parameters their values; a call
that it leaves is rendered by Jinja2, one HTML slot. It never looks at HTML. The builder calls it, for outputs between
nodes.
"""

from __future__ import annotations

from typing import Any

from jinja2 import nodes

from livets.render.inlining import Aliases, Body, CallBlock, undefined
from livets.render.items import Define, Item, Mark, Opaque, Value
from livets.render.names import Definition, Names


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
    outermost, place = found
    body = _level(outermost, names)
    if body is None or any(not _is_the_same(names, place, name) for name in body.free):
        return None
    line: dict[str, Any] = {"lineno": item.lineno}
    definitions: list[Item] | None = []
    if isinstance(call, nodes.Call):
        definitions = _arguments(call, body, line)
    if definitions is None or (block is not None and not body.caller):
        return None
    early = [_set(inner, nodes.Name(name, "load", **line), item.lineno) for name, inner in body.early.items()]
    definitions = [*early, *definitions]  # defaults may read them
    definitions.append(_set(body.mark, nodes.Const(True, **line), item.lineno))
    if block is not None:
        node = block.node
        macro = nodes.Macro(body.caller, node.args, node.defaults, node.body, **line)
        macro.set_environment(node.environment)  # type: ignore[arg-type]
        definitions.append(Define(macro, (body.caller,), item.lineno, block.body))
    inside = body.items if block is not None or not body.caller else body.without_caller
    return [Mark(True, item.lineno), *definitions, *inside, Mark(False, item.lineno)]


def _level(body: Body | None, names: Names) -> Body | None:
    """The body to write at a place: of a macro that calls itself, one that is not around the place."""
    while body is not None and not body.nests and names.find(body.mark) is not None:
        body = body.deeper
    return body


def _is_the_same(names: Names, place: Names, name: str) -> bool:
    """Does a name mean at the call what it means in the macro that `place` defines?

    A macro sees itself, and the macros that its file defines later.
    """
    here = names.find(name)
    there = place.outer.find(name) if place.outer is not None else None
    if here is None:
        return there is None
    is_outside = there is not None and here.entry is there.entry
    return is_outside or here is place or _is_late(place.entry, here.entry)


def _is_late(macro: object, other: object) -> bool:
    """True for two macros that stand in the same frame."""
    if not isinstance(macro, Definition) or not isinstance(other, Definition):
        return False
    both = macro.frame is not None and macro.frame == other.frame
    return both and other.definite and isinstance(other.node, nodes.Macro)


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
    return _at(_macro(call.node, names)) if isinstance(call, nodes.Call) else None


def _macro(callee: nodes.Node, names: Names) -> Names | None:
    """Where the macro is defined that an expression names: by its name, a name that it was given, or of a module."""
    if isinstance(callee, nodes.Getattr) and isinstance(callee.node, nodes.Name):
        place = names.find(callee.node.name)
        aliases = place.entry.aliases if place is not None and isinstance(place.entry, Definition) else None
        inner = aliases.modules.get(callee.node.name, {}) if isinstance(aliases, Aliases) else {}
        return _named(inner.get(callee.attr, ""), names)
    return _named(callee.name, names) if isinstance(callee, nodes.Name) else None


def _named(name: str, names: Names) -> Names | None:
    place = names.find(name)
    if place is None or not isinstance(place.entry, Definition) or not place.entry.definite:
        return None
    entry = place.entry
    if isinstance(entry.aliases, Aliases):
        return _named(entry.aliases.names.get(name, ""), names)
    if isinstance(entry.node, nodes.Assign) and isinstance(entry.node.target, nodes.Name) and place.outer is not None:
        found = _macro(entry.node.node, place.outer)
        return found if isinstance(entry.node.node, nodes.Name | nodes.Getattr) else None
    return place if isinstance(entry.node, nodes.Macro) else None


def _at(place: Names | None) -> tuple[Body, Names] | None:
    if place is None or not isinstance(place.entry, Definition) or not place.entry.definite:
        return None
    body = place.entry.body
    return (body, place) if isinstance(body, Body) else None


def _arguments(call: nodes.Call, body: Body, line: dict[str, Any]) -> list[Item] | None:
    """Statements that give the parameters their values; None when Jinja2 would complain or more is needed."""
    parameters = list(body.parameters.items())
    if call.dyn_args is not None or call.dyn_kwargs is not None:
        return None
    given: dict[str, nodes.Expr] = {inner: value for (_, inner), value in zip(parameters, call.args, strict=False)}
    more, others = call.args[len(parameters) :], []
    for keyword in call.kwargs:
        inner = body.parameters.get(keyword.key)
        if inner in given or keyword.key == "caller":
            return None
        if inner is None:
            others.append(nodes.Pair(nodes.Const(keyword.key, **line), keyword.value, **line))
        else:
            given[inner] = keyword.value
    collected = {"varargs": nodes.Tuple(more, "load", **line), "kwargs": nodes.Dict(others, **line)}
    if (more and "varargs" not in body.collected) or (others and "kwargs" not in body.collected):
        return None
    given |= {inner: collected[name] for name, inner in body.collected.items()}
    order = [*given, *(inner for _, inner in parameters if inner not in given)]
    definitions: list[Item] = []
    for inner in order:
        value = given.get(inner) or body.defaults.get(inner) or undefined(inner)
        definitions.append(_set(inner, value, line["lineno"]))
    return definitions


def _set(name: str, value: nodes.Expr, lineno: int) -> Define:
    return Define(nodes.Assign(nodes.Name(name, "store", lineno=lineno), value, lineno=lineno), (name,), lineno)
