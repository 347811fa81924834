"""A template as a list of items: what is left of Jinja2's tree after inheritance and includes are resolved.

It owns the item types and the way back to Jinja2 nodes (for opaque regions). It never looks at HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from jinja2 import nodes

from livets.render.changers import Changers


@dataclass(slots=True, eq=False)
class Static:
    """A piece of the template's own text."""

    text: str
    lineno: int


@dataclass(slots=True, eq=False)
class Value:
    """`{{ expression }}`. `site` numbers the outputs of a template; a promoted site holds HTML."""

    node: nodes.Expr
    lineno: int
    site: int


@dataclass(slots=True, eq=False)
class Branches:
    """`if`, `elif`, `else`: `bodies` has one more element than `tests` when there is an `else`."""

    tests: list[nodes.Expr]
    bodies: list[list[Item]]
    lineno: int


@dataclass(slots=True, eq=False)
class Loop:
    """`for target in source if test`, with its `else`."""

    target: nodes.Expr
    source: nodes.Expr
    test: nodes.Expr | None
    body: list[Item]
    orelse: list[Item]
    lineno: int


@dataclass(slots=True, eq=False)
class Define:
    """A statement that gives names a value and writes nothing: set, macro, import."""

    node: nodes.Stmt
    targets: tuple[str, ...]
    lineno: int
    body: Any = None
    """What it writes where it is called (inlining.Body), for macros and set blocks that can be written out."""
    aliases: Any = None
    """For an import: inlining.Aliases."""
    frame: Any = None
    """For a macro at the top of a file: the file."""


@dataclass(slots=True, eq=False)
class Scoped:
    """Items whose names are forgotten afterwards: an include, a block, a with."""

    body: list[Item]
    lineno: int


@dataclass(slots=True, eq=False)
class Opaque:
    """A region that Jinja2 renders as it is."""

    body: list[Item]
    raw: list[nodes.Node]
    lineno: int
    reason: str
    whole: bool = False
    """True for a template that nothing but Jinja2 as a whole can render."""
    call: Any = None
    """For a call block: inlining.CallBlock, when its body can be written out."""


@dataclass(slots=True, eq=False)
class Mark:
    """Where a Scoped begins or ends, in a list in which it was unfolded."""

    enters: bool
    lineno: int


Item = Static | Value | Branches | Loop | Define | Scoped | Opaque | Mark


def unfold(items: Iterable[Item]) -> list[Item]:
    """The items with every Scoped replaced by its content between two marks."""
    flat: list[Item] = []
    for item in items:
        if isinstance(item, Scoped):
            flat += [Mark(True, item.lineno), *unfold(item.body), Mark(False, item.lineno)]
        else:
            flat.append(item)
    return flat


def fold(items: Iterable[Item]) -> list[Item]:
    """The inverse of `unfold`. Raises ValueError when the marks do not pair."""
    stack: list[list[Item]] = [[]]
    for item in items:
        if not isinstance(item, Mark):
            stack[-1].append(item)
        elif item.enters:
            stack.append([])
        elif len(stack) == 1:
            raise ValueError("a scope ends that has not begun")
        else:
            body = stack.pop()
            stack[-1].append(Scoped(body, item.lineno))
    if len(stack) > 1:
        raise ValueError("a scope begins that does not end")
    return stack[0]


def definitions(items: Iterable[Item]) -> list[Item]:
    """What of the items gives names that are still visible after them."""
    kept: list[Item] = []
    for item in items:
        match item:
            case Define():
                kept.append(item)
            case Branches():
                bodies = [definitions(body) for body in item.bodies]
                if any(bodies):
                    kept.append(Branches(item.tests, bodies, item.lineno))
            case Opaque():
                kept += definitions(fold(item.body))
            case _:
                pass
    return kept


def defined(items: Iterable[Item]) -> tuple[str, ...]:
    """The names that `definitions` of the items set."""
    names: dict[str, None] = {}
    for item in items:
        match item:
            case Define():
                names.update(dict.fromkeys(item.targets))
            case Branches():
                names.update(dict.fromkeys(name for body in item.bodies for name in defined(body)))
            case _:
                pass
    return tuple(names)


def may_start_with_line_end(items: Iterable[Item]) -> bool:
    """True when the first that the items write may be a line end."""
    return _first(items)[0]


def _first(items: Iterable[Item]) -> tuple[bool, bool]:
    """(it may be a line end, there may be nothing at all)."""
    found = False
    for item in items:
        match item:
            case Static():
                if item.text:
                    return found or item.text.startswith(("\n", "\r", "&#")), False
            case Branches() | Loop():
                several = item.bodies if isinstance(item, Branches) else [item.body, item.orelse]
                firsts = [_first(body) for body in several]
                found |= any(line_end for line_end, _ in firsts)
                complete = isinstance(item, Branches) and len(item.bodies) > len(item.tests)
                if complete and not any(empty for _, empty in firsts):
                    return found, False
            case Scoped():
                line_end, empty = _first(item.body)
                found |= line_end
                if not empty:
                    return found, False
            case Value() | Opaque():
                return True, True
            case _:
                pass
    return found, True


def to_nodes(items: Iterable[Item]) -> list[nodes.Node]:
    """Jinja2 nodes that mean the same as the items."""
    return [node for item in fold(items) for node in _nodes(item)]


def _nodes(item: Item) -> list[nodes.Node]:
    line: dict[str, Any] = {"lineno": item.lineno}
    match item:
        case Static():
            return [nodes.Output([nodes.TemplateData(item.text, **line)], **line)]
        case Value():
            return [nodes.Output([item.node], **line)]
        case Branches():
            return [_if(item, 0)]
        case Loop():
            body, orelse = to_nodes(item.body), to_nodes(item.orelse)
            return [nodes.For(item.target, item.source, body, orelse, item.test, False, **line)]
        case Define():
            return [item.node]
        case Scoped():
            return [nodes.Scope(to_nodes(item.body), **line)]
        case Opaque():
            return item.raw or to_nodes(item.body)
        case Mark():
            raise AssertionError("marks are folded before")


def _if(item: Branches, number: int) -> nodes.Node:
    last = number + 1 == len(item.tests)
    if last:
        orelse = to_nodes(item.bodies[number + 1]) if len(item.bodies) > len(item.tests) else []
    else:
        orelse = [_if(item, number + 1)]
    return nodes.If(item.tests[number], to_nodes(item.bodies[number]), [], orelse, lineno=item.lineno)


@dataclass(slots=True)
class Program:
    """A whole template: its items, and the files that were read."""

    items: list[Item]
    templates: dict[str, Callable[[], bool]] = field(default_factory=dict)
    """Every other template that was read, with the function that says whether it is still the same."""
    changers: Changers = field(default_factory=Changers)
    unfit: tuple[int, str] | None = None
    """Line and reason why nothing but the whole template can be rendered."""
