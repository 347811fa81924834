"""What makes the body of a loop a row, what becomes of another one, and how a row's key is found.

It owns the rules of docs/protocol.md for rows and keys. It never evaluates. The builder calls it.
"""

from __future__ import annotations

import re

from jinja2 import nodes

from livets.render.names import Names, Reads, Row
from livets.render.plans import BlockPlan, SlotPlan
from livets.render.samples import sample
from livets.render.verify import parse
from livets.wire import SlotKind

_KEYS = ("ts-key", "id", "data-key")
_NO_ELEMENTS = frozenset({"#space", "#text", "#comment", "#range"})
_CONTROL = re.compile(
    r"<(?:textarea|select|input(?![^>]*\btype\s*=\s*[\"']?(?:hidden|submit|button|image|reset)))\b", re.IGNORECASE
)


def target_names(target: nodes.Expr) -> tuple[str, ...]:
    """The names that a loop's target sets."""
    if isinstance(target, nodes.Name):
        return (target.name,)
    return tuple(name.name for name in target.find_all(nodes.Name))


def row_fault(row: BlockPlan) -> str | None:
    """Why a body is not one element, or None when it is."""
    elements = [number for number, kind in enumerate(row.tops) if kind not in _NO_ELEMENTS]
    if len(elements) != 1:
        return f"a body with {len(elements)} elements at the top"
    if any(kind != "#space" for number, kind in enumerate(row.tops) if number != elements[0]):
        return "a body with text, comments or statements beside its element"
    parsed = [node for node in parse(row.html(), row.parent, row.namespace) if not node.is_text_node]
    if len(parsed) != 1:
        return "a body whose element a parser ends early"
    return None


def ranged(body: BlockPlan, names: Names, lineno: int, index: int) -> BlockPlan:
    """The row whose nodes are a range, whatever they are: a branch that always shows."""
    slot = SlotPlan(SlotKind.IF, [0], lineno, index, names, Reads(set(), set(), False, [], True, False), blocks=[body])
    slot.parent, slot.namespace = body.parent, body.namespace
    return BlockPlan([0], [0], [slot], body.namespace, body.parent, ["#range"])


def has_controls(row: BlockPlan) -> bool:
    """True when users can type or choose something in a row."""
    return _CONTROL.search(sample(row)) is not None


def find_key(slot: SlotPlan, inner: Names) -> None:
    """Give the FOR slot its key: an attribute of the row's first element that reads the loop's target, nothing else."""
    place = next(
        (number for number, kind in enumerate(slot.body.tops) if kind not in ("#space", "#text", "#comment")), -1
    )
    entry = inner.entry
    assert isinstance(entry, Row)
    for name in _KEYS:
        for number, part in enumerate(slot.body.slots):
            if part.kind is not SlotKind.ATTR or part.attribute != name or part.path != [place] or part.raw:
                continue
            own = {read for row_number, read in part.reads.rows if row_number == entry.number and read != "loop"}
            foreign = any(row_number != entry.number for row_number, _ in part.reads.rows)
            if own and not foreign and not part.reads.names and not part.reads.positional and not part.reads.volatile:
                slot.key, slot.key_slot = (name, part.prefix, part.suffix), number
                return
