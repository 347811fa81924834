"""Layouts that leave out what every page needs: the view, or what connects it.

Owns what a layout is made of: its own statements, those of the layout that it extends with its blocks in place, and
those of what it includes. What can only be known at run time (a parent whose name is computed) is left alone; the first
page tells then. Called by `looking`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from jinja2 import nodes

from livets.cli.lint.finding import Finding, is_accepted
from livets.cli.lint.source import Source
from livets.transport.layout import DEFAULT

_NEEDED = (("view", "body", "the view"), ("livets_head", "head", "what connects the page"))

Find = Callable[[str], Source | None]
"""The source of a file by its name."""


class _Unknown(Exception):
    """What the layout is made of is decided when it runs."""


def incomplete(layout: Source, find: Find) -> Iterator[Finding]:
    """What a page with this layout would lack; lines are those of the layout's file."""
    try:
        names = set(_names(layout, {}, find, frozenset()))
    except _Unknown:
        return
    for name, place, what in _NEEDED:
        if name in names:
            continue
        line = _line(layout, place)
        if not is_accepted(line, "layout", layout.lines):
            yield Finding(
                layout.file, layout.first_line + line - 1, "layout", f"the layout leaves {what} out",
                f"write {{{{ {name} }}}} into its <{place}>, or begin it with {{% extends \"{DEFAULT}\" %}} and fill "
                f"the blocks head and body",
            )  # fmt: skip


def _names(source: Source | None, blocks: Mapping[str, nodes.Block], find: Find, seen: frozenset[str]) -> Iterator[str]:
    """Names that a template reads when these blocks stand in the place of its own. Raises _Unknown."""
    if source is None or source.tree is None or source.name in seen:
        raise _Unknown
    seen = seen | {source.name}
    own = {block.name: block for block in source.tree.find_all(nodes.Block)}
    parent = next(iter(source.tree.find_all(nodes.Extends)), None)
    if parent is None:
        yield from _read(source.tree, {**own, **blocks}, find, seen)
        return
    above = find(_constant(parent.template))
    inherited = {} if above is None or above.tree is None else {b.name: b for b in above.tree.find_all(nodes.Block)}
    for name, block in own.items():
        if name in inherited and _asks_super(block):
            yield from _read(inherited[name], inherited, find, seen)
    yield from _names(above, {**own, **blocks}, find, seen)


def _read(node: nodes.Node, blocks: Mapping[str, nodes.Block], find: Find, seen: frozenset[str]) -> Iterator[str]:
    """Names read by a node and by the blocks that stand inside of it."""
    for child in node.iter_child_nodes():
        block = blocks[child.name] if isinstance(child, nodes.Block) else child
        if isinstance(block, nodes.Name):
            yield block.name
        elif isinstance(block, nodes.Import | nodes.FromImport) and block.with_context:
            raise _Unknown
        elif isinstance(block, nodes.Include):
            yield from _names(find(_constant(block.template)), {}, find, seen)
        if block is not child and isinstance(child, nodes.Block) and _asks_super(block):
            yield from _read(child, blocks, find, seen)
        yield from _read(block, blocks, find, seen)


def _asks_super(block: nodes.Node) -> bool:
    return any(isinstance(call.node, nodes.Name) and call.node.name == "super" for call in block.find_all(nodes.Call))


def _constant(template: nodes.Expr) -> str:
    if not isinstance(template, nodes.Const) or not isinstance(template.value, str):
        raise _Unknown
    return template.value


def _line(source: Source, place: str) -> int:
    """Where it should be mended: the element or the block of that name, else the beginning."""
    element = next((each for each in source.elements if each.name == place), None)
    if element is not None:
        return source.line(element.tag.start)
    found = () if source.tree is None else source.tree.find_all(nodes.Block)
    return next((block.lineno for block in found if block.name == place), 1)
