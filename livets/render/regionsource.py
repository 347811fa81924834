"""Opaque regions as functions: a small template of its own, with what was defined before it.

It owns how a region gets the names around it: definitions are repeated in front, names of rows come in as
arguments. It never looks at HTML. The generator calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jinja2
from jinja2 import nodes

from livets.render.environment import Scope, scope_context
from livets.render.items import Item, Opaque, to_nodes
from livets.render.names import Definition, Names, Row, reads

Render = Callable[[Scope, Mapping[str, Any]], str]


def region_function(
    environment: jinja2.Environment, name: str, items: list[Item], names: Names
) -> tuple[Render, list[tuple[str, int, str]]]:
    """(function(scope, row values) -> HTML, the row names that it wants as (argument, row number, name))."""
    body = to_nodes(items)
    found = reads(environment, names, body)
    everything = found.volatile
    chain: list[Definition | Row] = found.chain
    if everything:
        chain = [at.entry for at in names if at.entry is not None]
        chain.reverse()
    loops = {number for number, row_name in found.rows if row_name == "loop"}
    if everything:
        for at in names:
            if isinstance(at.entry, Definition) and at.outer is not None:
                read = reads(environment, at.outer, [at.entry.node]).rows
                loops.update(number for number, row_name in read if row_name == "loop")
    wanted: list[tuple[str, int, str]] = []
    if not any(isinstance(item, Opaque) and item.whole for item in items):
        body = [*_read_first(body), *body]
    tree = _nest(chain, body, wanted, loops)
    template = nodes.Template(tree, lineno=1)
    template.set_environment(environment)
    code = environment._compile(environment._generate(template, name, name), name)
    namespace: dict[str, Any] = {"environment": environment, "__file__": name}
    exec(code, namespace)  # noqa: S102 - code that Jinja2 generated from the application's template
    root, blocks = namespace["root"], namespace["blocks"]
    concat = environment.concat

    def render(scope: Scope, rows: Mapping[str, Any]) -> str:
        return concat(root(scope_context(environment, scope, rows, name, blocks)))

    return render, wanted


def _read_first(body: list[nodes.Node]) -> list[nodes.Node]:
    """Reads of the names that the region sets: in the whole template something before the region has read them.

    Jinja2 takes a name for undefined in inner scopes when its frame sets it later and has not read it before.
    """
    found = [name for node in body for name in node.find_all(nodes.Name)]
    stored = {name.name for name in found if name.ctx == "store"}
    names: list[nodes.Expr] = [
        nodes.Name(name, "load") for name in sorted(stored.intersection(n.name for n in found if n.ctx == "load"))
    ]
    return [nodes.ExprStmt(nodes.Tuple(names, "load"), lineno=1)] if names else []


def _nest(
    chain: list[Definition | Row], body: list[nodes.Node], wanted: list[tuple[str, int, str]], loops: set[int]
) -> list[nodes.Node]:
    """Definitions in order; a row opens a scope in which its names are set."""
    if not chain:
        return body
    entry, rest = chain[0], chain[1:]
    if isinstance(entry, Definition):
        return [entry.node, *_nest(rest, body, wanted, loops)]
    inner = _nest(rest, body, wanted, loops)
    names = [name for name in entry.targets if name != "loop" or entry.number in loops]
    if not names:
        return inner
    arguments = [f"row_{entry.number}_{name}" for name in names]
    wanted += [(argument, entry.number, name) for argument, name in zip(arguments, names, strict=True)]
    targets: list[nodes.Expr] = [nodes.Name(name, "param") for name in names]
    values: list[nodes.Expr] = [nodes.Name(argument, "load") for argument in arguments]
    return [nodes.With(targets, values, inner, lineno=1)]
