"""Hydration: the first HTML under its shape, node by node, as strict as the connector is.

Owns the walk. Raises Misfit where live nodes do not fit; the connector would ask for the block again, a test wants to
know. Called by `liveroot`.
"""

from __future__ import annotations

from typing import Any

from livets.mirror.blocks import Block, Slot, refresh, skeleton
from livets.mirror.misfit import Misfit
from livets.mirror.nodes import BODY, Context, Node, opens
from livets.wire import SlotKind


def hydrate(block: list[Any], parent: Node, nodes: list[Node], context: Context = BODY) -> Block:
    """The live `nodes` of a block, with a slot for each description; they become children of `parent`."""
    wanted = skeleton(block, context)
    slots = {id(slot.node): slot for slot in wanted.slots if slot.description[0] not in (SlotKind.ATTR, SlotKind.ATTRS)}
    named: dict[int, list[Slot]] = {}
    for slot in wanted.slots:
        if slot.description[0] in (SlotKind.ATTR, SlotKind.ATTRS):
            named.setdefault(id(slot.node), []).append(slot)
    live = _walk(wanted.nodes, nodes, slots, named)
    parent.put(live)
    return Block(live, wanted.slots)


def _walk(wanted: list[Node], live: list[Node], slots: dict[int, Slot], named: dict[int, list[Slot]]) -> list[Node]:
    result: list[Node] = []
    position = 0
    for node in wanted:
        at = live[position] if position < len(live) else None
        slot = slots.get(id(node))
        if node.kind == "range":
            assert slot is not None
            if at is None or not opens(at):
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
                raise Misfit(f"{at} where {node} should be")
            if node.kind != "element" and at.data != node.data:
                raise Misfit(f"{at.data!r} where {node.data!r} should be")
            for other in named.get(id(node), ()):
                other.node = at
            at.put(_walk(node.children, at.children, slots, named))
            result.append(at)
            position += 1
    if position < len(live):
        raise Misfit(f"too many nodes: {live[position:]}")
    return result


def _end(live: list[Node], start: int) -> int:
    depth = 0
    for position in range(start, len(live)):
        if opens(live[position]):
            depth += 1
        elif live[position].kind == "comment" and live[position].data == "]":
            depth -= 1
            if depth == 0:
                return position
    raise Misfit("a range does not end")


def _adopt(slot: Slot, start: Node, content: list[Node]) -> None:
    match slot.description[0]:
        case SlotKind.HTML:
            if start.data != "[":
                raise Misfit("a branch where HTML should be")
            slot.node.put(content)
        case SlotKind.IF:
            slot.branch = int(start.data[1:])
            if slot.branch < 0:
                if content:
                    raise Misfit("nodes where no branch shows")
                return
            slot.inner = hydrate(slot.description[2][slot.branch], slot.node, content, slot.context)
        case _:
            _adopt_rows(slot, content)


def _adopt_rows(slot: Slot, content: list[Node]) -> None:
    block, key = slot.description[2], slot.description[3]
    pattern = skeleton(block, slot.context).nodes
    if pattern[0].kind == "range":
        _adopt_ranges(slot, content)
        return
    place = next(index for index, node in enumerate(pattern) if node.kind == "element")
    lead = "".join(node.data for node in pattern[:place])
    tail = "".join(node.data for node in pattern[place + 1 :])
    elements = [node for node in content if node.kind == "element"]
    texts = "".join(node.data for node in content if node.kind == "text")
    if texts != (lead + tail) * len(elements) or any(node.kind == "comment" for node in content):
        raise Misfit(f"between rows: {texts!r}")
    for number, element in enumerate(elements):
        nodes = [Node("text", data=lead)] * bool(lead) + [element] + [Node("text", data=tail)] * bool(tail)
        name = str(number) if key is None else _key_of(element, key)
        slot.rows[_unique(slot, name)] = hydrate(block, Node("range"), nodes, slot.context)
    refresh(slot)


def _adopt_ranges(slot: Slot, content: list[Node]) -> None:
    """Rows that are ranges: one after the other, with nothing between them; the first element has the key."""
    block, key = slot.description[2], slot.description[3]
    position = number = 0
    while position < len(content):
        stop = _end(content, position) + 1
        nodes = content[position:stop]
        element = next((node for node in nodes if node.kind == "element"), None)
        if key is not None and element is None:
            raise Misfit("a row without an element has no key")
        name = str(number) if key is None or element is None else _key_of(element, key)
        slot.rows[_unique(slot, name)] = hydrate(block, Node("range"), nodes, slot.context)
        position, number = stop, number + 1
    refresh(slot)


def _unique(slot: Slot, name: str) -> str:
    """What the server calls a row whose key is there already: `7~2`, `7~3`, …"""
    own, repeat = name, 2
    while name in slot.rows:
        name, repeat = f"{own}~{repeat}", repeat + 1
    return name


def _key_of(element: Node, key: list[str]) -> str:
    value = element.attributes.get(key[0])
    if value is None or not value.startswith(key[1]) or not value.endswith(key[2]):
        raise Misfit(f"the key of {element}")
    return value[len(key[1]) : len(value) - len(key[2])]
