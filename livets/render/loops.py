"""What makes the body of a loop a row, and how its key is found.

It owns the rules of docs/protocol.md for rows and keys. It never evaluates. The builder calls it.
"""

from __future__ import annotations

import re

from jinja2 import nodes

from livets.render.names import Names, Row
from livets.render.plans import BlockPlan, SlotPlan
from livets.render.verify import parse, sample
from livets.wire import SlotKind

_KEYS = ("ts-key", "id", "data-key")
_CONTROL = re.compile(
    r"<(?:textarea|select|input(?![^>]*\btype\s*=\s*[\"']?(?:hidden|submit|button|image|reset)))\b", re.IGNORECASE
)


def target_names(target: nodes.Expr) -> tuple[str, ...]:
    """The names that a loop's target sets."""
    if isinstance(target, nodes.Name):
        return (target.name,)
    return tuple(name.name for name in target.find_all(nodes.Name))


def row_fault(row: BlockPlan) -> str | None:
    """Why a body can't be a row, or None when it can."""
    elements = [number for number, kind in enumerate(row.tops) if kind not in ("#space", "#text", "#comment", "#range")]
    if len(elements) != 1:
        return f"a loop whose body has {len(elements)} elements at the top; a row needs exactly one"
    if any(kind != "#space" for number, kind in enumerate(row.tops) if number != elements[0]):
        return "a loop whose body has text, comments or statements beside its element"
    parsed = [node for node in parse(row.html(), row.parent, row.namespace) if not node.is_text_node]
    if len(parsed) != 1:
        return "a loop whose element a parser ends early (is one element not allowed inside the other?)"
    return None


def has_controls(row: BlockPlan) -> bool:
    """True when users can type or choose something in a row."""
    return _CONTROL.search(sample(row)) is not None


def find_key(slot: SlotPlan, row: BlockPlan, inner: Names, targets: tuple[str, ...]) -> None:
    """Give the FOR slot its key: an attribute of the row's element that reads the loop's target and nothing else."""
    place = next(number for number, kind in enumerate(row.tops) if kind != "#space")
    entry = inner.entry
    assert isinstance(entry, Row)
    for name in _KEYS:
        for number, part in enumerate(row.slots):
            if part.kind is not SlotKind.ATTR or part.attribute != name or part.path != [place] or part.raw:
                continue
            own = {read for row_number, read in part.reads.rows if row_number == entry.number and read != "loop"}
            foreign = any(row_number != entry.number for row_number, _ in part.reads.rows)
            if own and not foreign and not part.reads.names and not part.reads.positional and not part.reads.volatile:
                slot.key, slot.key_slot = (name, part.prefix, part.suffix), number
                return
