"""Objects that a template makes and then changes: everything from where one is made to its last use is one region.

It owns the question what is changed (`xs.append(x)`, an attribute of a namespace) and which names have to do with it:
those that the object came from, those that are computed from it. It never looks at HTML. `attempts` asks it for every
block, the builder for every macro that it writes out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from jinja2 import nodes

from livets.render.items import Item, Mark, Static, defined, to_nodes
from livets.render.regions import wrap_range

MUTATORS: Final = frozenset(
    ["add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault"]
) | {"sort", "update"}

_INNER: Final = re.compile(r"__i?\d+$")
"""What names of macros that are written out have behind them."""

_Given = tuple[set[str], set[str]]
"""Names, and the names that what they are given is made of."""


def wrap_changing(items: list[Item]) -> list[Item]:
    """The items (unfolded) with a region around the life of each object that changes."""
    found = {number: to_nodes([item]) for number, item in enumerate(items) if not isinstance(item, Static | Mark)}
    changes = {name: why for statements in found.values() for name, why in _changes(statements)}
    if not changes:
        return items
    given = [each for statements in found.values() for each in _given(statements)]
    changed = _sources({*changes}, given)
    for first in found:
        tainted = _results(changed.intersection(defined([items[first]])), given)
        last = max(number for number in found if number <= first or tainted & _mentioned(found[number]))
        if last > first:  # what one item has for itself is asked again for the block that it becomes
            reason = next(why for name, why in changes.items() if name in tainted)
            return wrap_changing(wrap_range(items, first, last, reason))
    return items


def changes_arguments(macro: nodes.Macro) -> str | None:
    """What a macro does to one of its arguments, or None."""
    own = [name for node in macro.body if isinstance(node, nodes.Assign) for name in _mentioned([node.target])]
    names = {argument.name for argument in macro.args}.difference(own)  # xs = xs|list is another one
    return next((why for name, why in _changes(macro.body) if name in names), None)


def _changes(statements: Iterable[nodes.Node]) -> Iterator[tuple[str, str]]:
    """(name, what is done to it) for every object that is changed."""
    for node in _every(statements):
        match node:
            case nodes.NSRef():
                yield node.name, "a namespace, whose attributes are set"
            case nodes.Call(node=nodes.Getattr() as method) | nodes.Assign(node=nodes.Getattr() as method):
                root = _root(method.node)
                if method.attr in MUTATORS and root is not None:
                    written = _INNER.sub("", root)
                    yield root, f"{written}.{method.attr}() changes what the template has made"


def _root(node: nodes.Expr) -> str | None:
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        node = node.node
    return node.name if isinstance(node, nodes.Name) else None


def _given(statements: Iterable[nodes.Node]) -> Iterator[_Given]:
    for node in _every(statements):
        match node:
            case nodes.Assign():
                yield _mentioned([node.target]), _mentioned([node.node])
            case nodes.AssignBlock():
                yield _mentioned([node.target]), _mentioned(node.body)
            case nodes.For():
                yield _mentioned([node.target]), _mentioned([node.iter])
            case nodes.With():
                yield _mentioned(node.targets), _mentioned(node.values)
            case nodes.Macro():
                yield {node.name}, _mentioned(node.body)


def _sources(names: set[str], given: list[_Given]) -> set[str]:
    """The names, and those that they were made of: a change may be theirs."""
    return _reached(names, given)


def _results(names: set[str], given: list[_Given]) -> set[str]:
    """The names, and those that are made of them."""
    return _reached(names, [(read, targets) for targets, read in given])


def _reached(names: set[str], steps: list[_Given]) -> set[str]:
    """The names, and all that steps from one set to the other lead to."""
    size = -1
    while size != len(names):
        size = len(names)
        names |= {name for start, end in steps if start & names for name in end}
    return names


def _mentioned(statements: Iterable[nodes.Node]) -> set[str]:
    return {node.name for node in _every(statements) if isinstance(node, nodes.Name | nodes.NSRef)}


def _every(statements: Iterable[nodes.Node]) -> Iterator[nodes.Node]:
    for node in statements:
        yield node
        yield from node.find_all(nodes.Node)
