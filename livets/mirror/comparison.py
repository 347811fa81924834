"""Where the page is not what it should be: the slot, and the two HTMLs line by line.

It owns the search and no judgement of what that means. It changes neither page. `live` asks it in development.
"""

from __future__ import annotations

import difflib

from livets.mirror.blocks import Block, Slot
from livets.mirror.nodes import Node, html_of, serialise
from livets.wire import SlotKind

Path = list[tuple[int, str]]
"""Slot numbers from the root down, each with the branch or the row (its key) that goes on; "" at the end."""
_MAX_LINES = 60


def first_difference(shown: Block, fresh: Block) -> Path:
    """The innermost slot whose nodes differ; [] when what is outside of slots does."""
    for number, (slot, other) in enumerate(zip(shown.slots, fresh.slots, strict=False)):
        if not _same(slot, other):
            inside = _inner(slot, other)
            if inside is None:
                return [(number, "")]
            name, block, fresh_block = inside
            return [(number, name), *first_difference(block, fresh_block)]
    return []


def _inner(slot: Slot, other: Slot) -> tuple[str, Block, Block] | None:
    """The branch or row in which two ranges differ; None when they differ in which of them there are."""
    if slot.inner is not None and other.inner is not None and slot.branch == other.branch:
        return str(slot.branch), slot.inner, other.inner
    if slot.rows and list(slot.rows) == list(other.rows):
        for key, row in slot.rows.items():
            if serialise(row.nodes) != serialise(other.rows[key].nodes):
                return key, row, other.rows[key]
    return None


def _same(slot: Slot, other: Slot) -> bool:
    if slot.description[0] in (SlotKind.ATTR, SlotKind.ATTRS):
        return slot.node.attributes == other.node.attributes
    return serialise([slot.node]) == serialise([other.node])


def unlike(shown: list[Node], fresh: list[Node]) -> str:
    """What differs, as people read it.

    >>> from livets.mirror.nodes import parse
    >>> print(unlike(parse("<p>1</p><b>x</b>"), parse("<p>2</p><b>x</b>")))
    --- the page
    +++ a fresh render
    @@ -1,2 +1,2 @@
    -<p>1</p>
    +<p>2</p>
     <b>x</b>
    """
    page, wanted = (html_of(nodes).replace("><", ">\n<").splitlines() for nodes in (shown, fresh))
    lines = list(difflib.unified_diff(page, wanted, "the page", "a fresh render", lineterm="", n=2))
    if len(lines) > _MAX_LINES:
        lines[_MAX_LINES:] = [f"... and {len(lines) - _MAX_LINES} lines more"]
    return "\n".join(lines)
