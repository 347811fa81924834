"""An independent model of the browser: a tree, a shape, fills and diffs, exactly as docs/protocol.md says.

It owns what the connector does to the DOM, written a second time so that tests can compare. It must not import
livets.render; all it knows of livets are the numbers of the protocol.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from livets.wire import ListOp, ReservedOp, SlotKind


class Misfit(AssertionError):
    """The live nodes do not fit the shape, or an operation names what is not there."""


@dataclass(eq=False)
class Node:
    """An element, a text, a comment, or (kind "range") what stands between two marker comments."""

    kind: str
    tag: str = ""
    space: str = ""
    data: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)


@dataclass(eq=False)
class Slot:
    """A slot of one block on the page: what it writes to."""

    description: list[Any]
    node: Node
    context: tuple[str, str]
    branch: int = -1
    inner: Block | None = None
    rows: dict[str, Block] = field(default_factory=dict)


@dataclass(eq=False)
class Block:
    """A block on the page."""

    nodes: list[Node]
    slots: list[Slot]


# Parsing


def parse(html: str, context: tuple[str, str] = ("div", "")) -> list[Node]:
    """The nodes of a fragment inside an element (tag, namespace)."""
    options: dict[str, Any] = {"is_fragment": True, "fragment_tag": context[0] or "div", "scripting": True}
    if context[1]:
        options["fragment_namespace"] = context[1]
    node = LexborHTMLParser(html, **options).root
    nodes = []
    while node is not None:
        nodes.append(_copy(node, context[1]))
        node = node.next
    return nodes


def _copy(node: LexborNode, space: str) -> Node:
    if node.is_text_node:
        return Node("text", data=node.text_content or "")
    if node.is_comment_node:
        return Node("comment", data=node.comment_content or "")
    tag = node.tag or ""
    space = tag if tag in ("svg", "math") else space
    copied = Node("element", tag, space, attributes={name: value or "" for name, value in node.attributes.items()})
    inner = "" if space == "svg" and tag.lower() in ("foreignobject", "desc", "title") else space
    child = node.first_child
    while child is not None:
        copied.children.append(_copy(child, inner))
        child = child.next
    return copied


def _inner(node: Node) -> tuple[str, str]:
    space = "" if node.space == "svg" and node.tag.lower() in ("foreignobject", "desc", "title") else node.space
    return node.tag, space


# Serialising


def serialise(nodes: list[Node]) -> str:
    """Normalised HTML: attributes sorted, texts merged, markers gone."""
    out: list[str] = []
    _write(nodes, out)
    return "".join(out)


def _write(nodes: list[Node], out: list[str]) -> None:
    for node in nodes:
        if node.kind == "text":
            out.append(escape(node.data))
        elif node.kind == "comment":
            if not is_marker(node):
                out.append(f"<!--{node.data}-->")
        elif node.kind == "range":
            _write(node.children, out)
        else:
            attributes = "".join(f' {name}="{escape(value)}"' for name, value in sorted(node.attributes.items()))
            out.append(f"<{node.tag}{attributes}>")
            _write(node.children, out)
            out.append(f"</{node.tag}>")


def is_marker(node: Node) -> bool:
    """True for the comments that livets writes around ranges."""
    return node.kind == "comment" and (node.data == "]" or _opens(node))


def _opens(node: Node) -> bool:
    return node.kind == "comment" and node.data[:1] == "[" and (node.data == "[" or node.data[1:].lstrip("-").isdigit())


class Page:
    """The root element of a view: its nodes, under a shape."""

    def __init__(self, shape: list[Any], html: str | None = None, fill: list[Any] | None = None) -> None:
        self.shape = shape
        self.root = build(shape[0], fill, ("div", "")) if html is None else hydrate(shape[0], parse(html))

    def apply(self, diff: list[Any]) -> None:
        """A diff as it comes in a frame."""
        for address, change in zip(diff[::2], diff[1::2], strict=True):
            if address >= 0:
                change_slot(self.root.slots[address], change)
            elif address == ReservedOp.FILL:
                self.root = build(self.shape[0], change, ("div", ""))
            elif address == ReservedOp.SHAPE:
                self.shape = change[1]
            elif address == ReservedOp.BUILD:
                self._build(*change)
            else:
                raise Misfit(f"operation {address}")

    def _build(self, address: list[Any], fill: Any) -> None:
        if not address:
            self.root = build(self.shape[0], fill, ("div", ""))
            return
        block, rest = self.root, list(address)
        while True:
            slot = block.slots[rest.pop(0)]
            if not rest:
                put(slot, fill)
                return
            if slot.description[0] == SlotKind.FOR:
                key = str(rest.pop(0))
                if not rest:
                    slot.rows[key] = build(slot.description[2], fill, slot.context)
                    _refresh(slot)
                    return
                block = slot.rows[key]
            else:
                assert slot.inner is not None
                block = slot.inner

    def html(self) -> str:
        """Normalised."""
        return serialise(self.root.nodes)


# Building from a shape


def _skeleton(block: list[Any], context: tuple[str, str]) -> Block:
    nodes = parse(block[0], context)
    found: list[tuple[list[Node], Node, tuple[str, str]]] = []
    for description in block[1]:
        siblings, at, node = nodes, context, None
        for index in description[1]:
            if node is not None:
                siblings, at = node.children, _inner(node)
            if index >= len(siblings):
                raise Misfit(f"no node at {description[1]} of {block[0]!r}")
            node = siblings[index]
        assert node is not None
        found.append((siblings, node, at))
    slots = []
    for description, (siblings, node, at) in zip(block[1], found, strict=True):
        if description[0] in (SlotKind.HTML, SlotKind.IF, SlotKind.FOR):
            place = next(index for index, other in enumerate(siblings) if other is node)
            following = siblings[place + 1]
            if (node.kind, node.data, following.data) != ("comment", "[", "]"):
                raise Misfit(f"no markers at {description[1]}")
            node = Node("range")
            siblings[place : place + 2] = [node]
        slots.append(Slot(description, node, at))
    return Block(nodes, slots)


def build(block: list[Any], fill: list[Any] | None, context: tuple[str, str]) -> Block:
    """A block made anew and filled."""
    built = _skeleton(block, context)
    if fill is None or len(fill) != len(built.slots):
        raise Misfit(f"a fill of {fill!r} for {len(built.slots)} slots")
    for slot, value in zip(built.slots, fill, strict=True):
        put(slot, value)
    return built


def put(slot: Slot, value: Any) -> None:
    """A value of a fill."""
    description, node = slot.description, slot.node
    match description[0]:
        case SlotKind.TEXT:
            node.data = f"{description[2]}{_scalar(value)}{description[3]}"
        case SlotKind.ATTR:
            node.attributes[description[2]] = f"{description[3]}{_scalar(value)}{description[4]}"
        case SlotKind.ATTRS:
            for name in description[2]:
                node.attributes.pop(name, None)
            for name, text in value.items():
                if name not in description[2]:
                    raise Misfit(f"the attribute {name} is not one of {description[2]}")
                node.attributes[name] = _scalar(text)
        case SlotKind.HTML:
            node.children = parse(value, slot.context)
        case SlotKind.IF:
            slot.branch = value[0]
            slot.inner = build(description[2][value[0]], value[1], slot.context) if value[0] >= 0 else None
            node.children = slot.inner.nodes if slot.inner else []
        case SlotKind.FOR:
            slot.rows = {}
            _insert(slot, None, value)


def _scalar(value: Any) -> str:
    if type(value) not in (str, int):
        raise Misfit(f"{value!r} is no scalar")
    return str(value)


# Changing


def change_slot(slot: Slot, change: Any) -> None:
    """A change of a diff."""
    kind = slot.description[0]
    if kind == SlotKind.IF and len(change) == 1 and change != [-1]:
        assert slot.inner is not None
        change_block(slot.inner, change[0])
        slot.node.children = slot.inner.nodes
    elif kind == SlotKind.FOR:
        change_rows(slot, change)
    else:
        put(slot, change)


def change_block(block: Block, diff: list[Any]) -> None:
    """A diff of one block."""
    for address, change in zip(diff[::2], diff[1::2], strict=True):
        change_slot(block.slots[address], change)


def change_rows(slot: Slot, ops: list[Any]) -> None:
    """List operations, one after the other."""
    position = 0
    while position < len(ops):
        code = ops[position]
        if code >= ListOp.CELL:
            change_slot(_row(slot, ops[position + 1]).slots[code - ListOp.CELL], ops[position + 2])
            position += 3
        elif code == ListOp.UPDATE:
            change_block(_row(slot, ops[position + 1]), ops[position + 2])
            position += 3
        elif code == ListOp.MOVE:
            key = str(ops[position + 1])
            row = _row(slot, key)
            del slot.rows[key]
            _put_after(slot, ops[position + 2], {key: row})
            position += 3
        elif code == ListOp.DELETE:
            _row(slot, ops[position + 1])
            del slot.rows[str(ops[position + 1])]
            position += 2
        elif code == ListOp.INSERT:
            _insert(slot, ops[position + 1], ops[position + 2])
            position += 3
        elif code == ListOp.CLEAR:
            slot.rows = {}
            position += 1
        elif code == ListOp.RESET:
            slot.rows = {}
            _insert(slot, None, ops[position + 1])
            position += 2
        elif code == ListOp.TRUNCATE:
            slot.rows = dict(list(slot.rows.items())[: ops[position + 1]])
            position += 2
        else:
            raise Misfit(f"list operation {code}")
    _refresh(slot)


def _row(slot: Slot, key: Any) -> Block:
    row = slot.rows.get(str(key))
    if row is None:
        raise Misfit(f"no row {key!r} among {list(slot.rows)}")
    return row


def _insert(slot: Slot, after: Any, pairs: list[Any]) -> None:
    rows: dict[str, Block] = {}
    for key, fill in zip(pairs[::2], pairs[1::2], strict=True):
        if str(key) in rows or str(key) in slot.rows:
            raise Misfit(f"the row {key!r} is there already")
        rows[str(key)] = build(slot.description[2], fill, slot.context)
    _put_after(slot, after, rows)


def _put_after(slot: Slot, after: Any, rows: dict[str, Block]) -> None:
    old = list(slot.rows.items())
    if after is None:
        place = 0
    else:
        _row(slot, after)
        place = 1 + next(index for index, (key, _) in enumerate(old) if key == str(after))
    slot.rows = dict([*old[:place], *rows.items(), *old[place:]])
    _refresh(slot)


def _refresh(slot: Slot) -> None:
    slot.node.children = [node for row in slot.rows.values() for node in row.nodes]


# Hydration: the first HTML under its shape


def hydrate(block: list[Any], nodes: list[Node], context: tuple[str, str] = ("div", "")) -> Block:
    """The live nodes of a block, with a slot for each description. Raises Misfit where they do not fit."""
    skeleton = _skeleton(block, context)
    slots = {id(slot.node): slot for slot in skeleton.slots if slot.description[0] not in (1, 2)}
    named: dict[int, list[Slot]] = {}
    for slot in skeleton.slots:
        if slot.description[0] in (SlotKind.ATTR, SlotKind.ATTRS):
            named.setdefault(id(slot.node), []).append(slot)
    live = _walk(skeleton.nodes, nodes, slots, named)
    return Block(live, skeleton.slots)


def _walk(wanted: list[Node], live: list[Node], slots: dict[int, Slot], named: dict[int, list[Slot]]) -> list[Node]:
    result: list[Node] = []
    position = 0
    for node in wanted:
        at = live[position] if position < len(live) else None
        slot = slots.get(id(node))
        if node.kind == "range":
            assert slot is not None
            if at is None or not _opens(at):
                raise Misfit("a range does not begin where it should")
            stop = _end(live, position)
            _adopt(slot, at, live[position + 1 : stop])
            result.append(slot.node)
            position = stop + 1
        elif slot is not None:
            if at is None or at.kind != "text":
                at = Node("text")  # an empty text has no node in HTML
            else:
                position += 1
            if not at.data.startswith(slot.description[2]) or not at.data.endswith(slot.description[3]):
                raise Misfit(f"the text {at.data!r} does not fit")
            slot.node = at
            result.append(at)
        else:
            if at is None or (at.kind, at.tag) != (node.kind, node.tag):
                raise Misfit(f"{at} where {node.tag or node.data!r} should be")
            if node.kind != "element" and at.data != node.data:
                raise Misfit(f"{at.data!r} where {node.data!r} should be")
            for other in named.get(id(node), []):
                other.node = at
            at.children = _walk(node.children, at.children, slots, named)
            result.append(at)
            position += 1
    if position < len(live):
        raise Misfit(f"too many nodes: {live[position:]}")
    return result


def _end(live: list[Node], start: int) -> int:
    depth = 0
    for position in range(start, len(live)):
        if _opens(live[position]):
            depth += 1
        elif live[position].kind == "comment" and live[position].data == "]":
            depth -= 1
            if depth == 0:
                return position
    raise Misfit("a range does not end")


def _adopt(slot: Slot, start: Node, inside: list[Node]) -> None:
    match slot.description[0]:
        case SlotKind.HTML:
            if start.data != "[":
                raise Misfit("a branch where HTML should be")
            slot.node.children = inside
        case SlotKind.IF:
            slot.branch = int(start.data[1:])
            if slot.branch < 0:
                if inside:
                    raise Misfit("nodes where no branch shows")
                return
            slot.inner = hydrate(slot.description[2][slot.branch], inside, slot.context)
            slot.node.children = slot.inner.nodes
        case _:
            _adopt_rows(slot, inside)


def _adopt_rows(slot: Slot, inside: list[Node]) -> None:
    block, key = slot.description[2], slot.description[3]
    pattern = _skeleton(block, slot.context).nodes
    place = next(index for index, node in enumerate(pattern) if node.kind == "element")
    lead = "".join(node.data for node in pattern[:place])
    tail = "".join(node.data for node in pattern[place + 1 :])
    elements = [index for index, node in enumerate(inside) if node.kind == "element"]
    texts = "".join(node.data for node in inside if node.kind == "text")
    if texts != (lead + tail) * len(elements) or any(node.kind == "comment" for node in inside):
        raise Misfit(f"between rows: {texts!r}")
    for number, index in enumerate(elements):
        element = inside[index]
        nodes = [Node("text", data=lead)] * bool(lead) + [element] + [Node("text", data=tail)] * bool(tail)
        if key is None:
            name = str(number)
        else:
            value = element.attributes[key[0]]
            if not value.startswith(key[1]) or not value.endswith(key[2]):
                raise Misfit(f"the key {value!r}")
            name = value[len(key[1]) : len(value) - len(key[2])]
        own, number = name, 2
        while name in slot.rows:
            name, number = f"{own}~{number}", number + 1
        slot.rows[name] = hydrate(block, nodes, slot.context)
    _refresh(slot)
