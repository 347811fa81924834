"""Blocks that are not `scoped`: they see what the context says, not what the block, loop or `with` around them sets.

It owns the copies by which they do: where the outermost frame begins, each name that a block inside reads and that is
set in between gets a second name, and the block reads that one. It never looks at HTML. The linker calls it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import jinja2
from jinja2 import nodes

from livets.errors import TemplateError
from livets.render.inlining import renamed
from livets.render.items import Define, Item
from livets.render.names import free
from livets.render.place import Place
from livets.render.sources import Sources
from livets.render.unfit import Unfit

_COPY = "__context"


def entered(place: Place, names: Iterable[str]) -> Place:
    """The place inside of a frame that sets names for itself."""
    return replace(place, locals=place.locals.union(names), copies=place.copies if place.locals else set())


def opened(place: Place) -> Place:
    """The place inside of a `scoped` block: it sees everything around it."""
    return replace(place, locals=frozenset(), copies=set())


def copied(outside: Place, inside: Place, lineno: int) -> list[Item]:
    """The definitions of copies, to stand before a frame; none where a frame further out has them."""
    if outside.locals:
        return []
    found: list[Item] = []
    for name in sorted(inside.copies):
        target = nodes.Name(name + _COPY, "store", lineno=lineno)
        assign = nodes.Assign(target, nodes.Name(name, "load", lineno=lineno), lineno=lineno)
        found.append(Define(assign, (name + _COPY,), lineno))
    return found


def seen(sources: Sources, body: list[nodes.Node], place: Place) -> list[nodes.Node]:
    """The body of a block at a place, as it reads what the context says. Raises Unfit."""
    if not place.locals:
        return body
    included = _included(sources, body, set()) & place.locals
    if included:
        line = next((node.lineno for node in body if node.lineno), 1)
        raise Unfit(line, f"a block that is not scoped includes what reads {min(included)!r}, which is set around it")
    environment: jinja2.Environment = sources.environment
    hidden = free(environment, body) & place.locals
    place.copies |= hidden
    return [renamed(node, {name: name + _COPY for name in hidden}) for node in body] if hidden else body


def _included(sources: Sources, body: Iterable[nodes.Node], known: set[str]) -> set[str]:
    """The names that files mention which a body includes. Raises Unfit when it can't be told which files."""
    found: set[str] = set()
    for node in (each for part in body for each in (part, *part.find_all(nodes.Node))):
        if isinstance(node, nodes.Include | nodes.Import | nodes.FromImport) and node.with_context:
            for name in _names(node):
                if name not in known:
                    known.add(name)
                    found |= _mentioned(sources, name, node.lineno, known)
    return found


def _names(node: nodes.Include | nodes.Import | nodes.FromImport) -> Iterator[str]:
    value = node.template.value if isinstance(node.template, nodes.Const) else None
    for name in value if isinstance(value, list | tuple) else [value]:
        if not isinstance(name, str):
            raise Unfit(node.lineno, "a block that is not scoped, with names set around it, chooses what it includes")
        yield name


def _mentioned(sources: Sources, name: str, lineno: int, known: set[str]) -> set[str]:
    try:
        tree = sources.load(name, lineno)
    except TemplateError:
        return set()  # Jinja2 says so when it gets there
    return {each.name for each in tree.find_all(nodes.Name)} | _included(sources, tree.body, known)
