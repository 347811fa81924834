"""How much of a page is slots: dynamic nodes that are met at run time, and those of them that came as HTML.

It owns the count and nothing else. Strict: every node of every HTML slot counts as not split, be it
from an opaque region, a macro that could not be written out, or `|safe`.
"""

from __future__ import annotations

from typing import Any

from livets.mirror.nodes import Node, parse
from livets.render import CompiledTemplate, Scope
from livets.render.blocks import Block, ForSlot, IfSlot
from livets.wire import SlotKind


def counted(template: CompiledTemplate, scope: Scope) -> tuple[int, int]:
    """(slots that are met, nodes inside of HTML) of the page for a state."""
    _, fill = template.root.first(scope, html=False)
    return _block(template.root, template.shape[0], fill)


def _block(block: Block, shape: list[Any], fill: list[Any]) -> tuple[int, int]:
    slots = inside = 0
    for slot, described, value in zip(block.slots, shape[1], fill, strict=True):
        found: list[tuple[int, int]] = []
        if isinstance(slot, IfSlot):
            found = [_block(slot.blocks[value[0]], described[2][value[0]], value[1])] if value[0] >= 0 else []
        elif isinstance(slot, ForSlot):
            found = [_block(slot.row, described[2], row) for row in value[1::2]]
            slots -= len(found) if slot.ranged else 0  # the branch that a row of any nodes is put into
        if described[0] == SlotKind.HTML:
            inside += max(1, _nodes(parse(value)))
        else:
            slots += 1
        slots += sum(one for one, _ in found)
        inside += sum(two for _, two in found)
    return slots, inside


def _nodes(nodes: list[Node]) -> int:
    return sum(1 + _nodes(node.children) for node in nodes if node.kind != "text" or node.data.strip())
