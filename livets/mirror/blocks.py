"""Blocks of a page under their shape: built from fills, changed by diffs, exactly as docs/protocol.md says.

Owns what the connector does to nodes, written a second time in Python. It is independent of livets.render: all that
it shares with the server are the numbers of the protocol. How a control takes a new value is the `Surface`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from livets.mirror import edits
from livets.mirror.misfit import Misfit
from livets.mirror.nodes import Context, Node, copies, inside, parse, serialise
from livets.wire import ListOp, SlotKind

RANGES = (SlotKind.HTML, SlotKind.IF, SlotKind.FOR)
_PATTERNS = 500
"""Blocks whose nodes are kept: those of some dozen templates."""


class Surface(Protocol):
    """Where values are written."""

    def write(self, node: Node, name: str, value: str | None) -> None:
        """An attribute of an element (None: it goes), or, with the name "", the data of a text."""


class Plain:
    """A surface without any control in use."""

    def write(self, node: Node, name: str, value: str | None) -> None:
        """Just write."""
        if not name:
            node.data = value or ""
        elif value is None:
            node.attributes.pop(name, None)
        else:
            node.attributes[name] = value


@dataclass(eq=False, slots=True)
class Slot:
    """A slot of one block on the page: what it writes to."""

    description: list[Any]
    node: Node
    context: Context
    branch: int = -1
    inner: Block | None = None
    rows: dict[str, Block] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Block:
    """A block on the page."""

    nodes: list[Node]
    slots: list[Slot]


def skeleton(block: list[Any], context: Context) -> Block:
    """A block of empty values; its ranges have become range nodes."""
    top = Node("range")
    top.put(copies(_pattern(block[0], context)))
    found: list[tuple[Node, Node, Context]] = []
    for description in block[1]:
        parent, at, node = top, context, top
        for index in description[1]:
            if node is not top:
                parent, at = node, inside(node)
            if index >= len(parent.children):
                raise Misfit(f"no node at {description[1]} of {block[0]!r}")
            node = parent.children[index]
        found.append((parent, node, at))
    slots = []
    for description, (parent, node, at) in zip(block[1], found, strict=True):
        if description[0] in RANGES:
            siblings = parent.children
            place = next(index for index, other in enumerate(siblings) if other is node)
            if (node.kind, node.data, siblings[place + 1].data) != ("comment", "[", "]"):
                raise Misfit(f"no markers at {description[1]}")
            node = Node("range")
            parent.put([*siblings[:place], node, *siblings[place + 2 :]])
        slots.append(Slot(description, node, at))
    nodes = top.children
    top.put([])
    return Block(nodes, slots)


@lru_cache(_PATTERNS)
def _pattern(statics: str, context: Context) -> list[Node]:
    """The nodes of a block's statics, for copies of them: a list has one for each row."""
    return parse(statics, context)


class Blocks:
    """Builds and changes blocks; their values go to one surface."""

    def __init__(self, surface: Surface | None = None) -> None:
        self._surface = surface or Plain()

    # Building

    def build(self, block: list[Any], fill: list[Any] | None, context: Context) -> Block:
        """A block made anew and filled."""
        built = skeleton(block, context)
        self.fill(built, fill)
        return built

    def fill(self, block: Block, fill: list[Any] | None) -> None:
        """Reconcile a block with all its values."""
        if fill is None or len(fill) != len(block.slots):
            raise Misfit(f"a fill of {fill!r} for {len(block.slots)} slots")
        for slot, value in zip(block.slots, fill, strict=True):
            self.put(slot, value)

    def put(self, slot: Slot, value: Any) -> None:
        """A value of a fill."""
        description, node, write = slot.description, slot.node, self._surface.write
        match description[0]:
            case SlotKind.TEXT:
                write(node, "", f"{description[2]}{_scalar(value)}{description[3]}")
            case SlotKind.ATTR:
                write(node, description[2], f"{description[3]}{_scalar(value)}{description[4]}")
            case SlotKind.ATTRS:
                if unknown := value.keys() - set(description[2]):
                    raise Misfit(f"the attributes {sorted(unknown)} are not among {description[2]}")
                for name in description[2]:
                    write(node, name, _scalar(value[name]) if name in value else None)
            case SlotKind.HTML:
                fresh = parse(value, slot.context)
                if serialise(fresh) != serialise(node.children):
                    node.put(fresh)
            case SlotKind.IF:
                self._switch(slot, value)
            case SlotKind.FOR:
                self._reset(slot, value)

    def _switch(self, slot: Slot, value: Any) -> None:
        if slot.inner is not None and slot.branch == value[0]:
            self.fill(slot.inner, value[1])
            return
        slot.branch = value[0]
        slot.inner = self.build(slot.description[2][value[0]], value[1], slot.context) if value[0] >= 0 else None
        slot.node.put(slot.inner.nodes if slot.inner else [])

    # Changing

    def change(self, block: Block, diff: list[Any]) -> None:
        """A diff of one block, without reserved operations."""
        for address, change in zip(diff[::2], diff[1::2], strict=True):
            self.change_slot(block.slots[address], change)

    def change_slot(self, slot: Slot, change: Any) -> None:
        """The change of one slot."""
        kind = slot.description[0]
        if kind == SlotKind.IF and len(change) == 1 and change != [-1]:
            if slot.inner is None:
                raise Misfit("a change in a branch that does not show")
            self.change(slot.inner, change[0])
        elif kind == SlotKind.FOR:
            self._change_rows(slot, change)
        elif kind == SlotKind.HTML and isinstance(change, list):
            edits.apply(slot.node, slot.context, change, self._surface.write)
        else:
            self.put(slot, change)

    def _change_rows(self, slot: Slot, ops: list[Any]) -> None:
        """List operations, one after the other."""
        at = 0
        while at < len(ops):
            code = ops[at]
            first: Any = ops[at + 1] if at + 1 < len(ops) else None
            second: Any = ops[at + 2] if at + 2 < len(ops) else None
            at += 3
            if code >= ListOp.CELL:
                self.change_slot(_row(slot, first).slots[code - ListOp.CELL], second)
            elif code == ListOp.UPDATE:
                self.change(_row(slot, first), second)
            elif code == ListOp.MOVE:
                row = _row(slot, first)
                del slot.rows[str(first)]
                _put_after(slot, second, {str(first): row})
            elif code == ListOp.INSERT:
                self._insert(slot, first, second)
            else:
                at -= 1
                self._shorten(slot, code, first)
        refresh(slot)

    def _shorten(self, slot: Slot, code: int, first: Any) -> None:
        if code == ListOp.DELETE:
            _row(slot, first)
            del slot.rows[str(first)]
        elif code == ListOp.TRUNCATE:
            slot.rows = dict(list(slot.rows.items())[:first])
        elif code == ListOp.RESET:
            self._reset(slot, first)
        else:
            raise Misfit(f"list operation {code}")

    def _reset(self, slot: Slot, pairs: list[Any]) -> None:
        """The whole list; rows that stay keep their nodes."""
        old, slot.rows = slot.rows, {}
        for key, fill in zip(pairs[::2], pairs[1::2], strict=True):
            name = str(key)
            if name in slot.rows:
                raise Misfit(f"the row {key!r} is there twice")
            row = old.get(name)
            if row is None:
                slot.rows[name] = self.build(slot.description[2], fill, slot.context)
            else:
                self.fill(row, fill)
                slot.rows[name] = row
        refresh(slot)

    def _insert(self, slot: Slot, after: Any, pairs: list[Any]) -> None:
        rows: dict[str, Block] = {}
        for key, fill in zip(pairs[::2], pairs[1::2], strict=True):
            if str(key) in rows or str(key) in slot.rows:
                raise Misfit(f"the row {key!r} is there already")
            rows[str(key)] = self.build(slot.description[2], fill, slot.context)
        _put_after(slot, after, rows)


def refresh(slot: Slot) -> None:
    """The nodes of a list follow from its rows."""
    slot.node.put([node for row in slot.rows.values() for node in row.nodes])


def _scalar(value: Any) -> str:
    if type(value) not in (str, int):
        raise Misfit(f"{value!r} is no scalar")
    return str(value)


def _row(slot: Slot, key: Any) -> Block:
    row = slot.rows.get(str(key))
    if row is None:
        raise Misfit(f"no row {key!r} among {list(slot.rows)}")
    return row


def _put_after(slot: Slot, after: Any, rows: dict[str, Block]) -> None:
    old = list(slot.rows.items())
    place = 0
    if after is not None:
        _row(slot, after)
        place = 1 + list(slot.rows).index(str(after))
    slot.rows = dict([*old[:place], *rows.items(), *old[place:]])
