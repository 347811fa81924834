"""Does a parser see the same nodes as the builder did? Asked once for every block, at compile time.

It owns the only use of an HTML parser in the compiler. It catches foster parenting, implied elements, dropped
newlines and elements that close each other. It never mends: it answers with the place that does not fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from livets.render.markup import Hard
from livets.render.plans import BlockPlan, SlotPlan
from livets.render.samples import contents, samples
from livets.wire import SlotKind

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

Signature = list[Any]


def parse(html: str, parent: str, namespace: str) -> list[LexborNode]:
    """The top-level nodes of a fragment inside an element `parent`; the parser is imported for the first template."""
    otherwise = namespace or "div"
    try:
        node = _fragment(html, parent or otherwise, namespace)
    except ValueError:  # a tag that the parser has no number for (<g>, a custom element): to HTML it is like any other
        node = _fragment(html, otherwise, namespace)
    found: list[LexborNode] = []
    while node is not None:
        found.append(node)
        node = node.next
    return found


def _fragment(html: str, parent: str, namespace: str) -> LexborNode | None:
    from selectolax.lexbor import LexborHTMLParser

    space: dict[str, Any] = {"fragment_namespace": namespace} if namespace else {}
    return LexborHTMLParser(html, is_fragment=True, fragment_tag=parent, scripting=True, **space).root


def children(node: LexborNode) -> list[LexborNode]:
    """All child nodes, texts and comments too."""
    found: list[LexborNode] = []
    child = node.first_child
    while child is not None:
        found.append(child)
        child = child.next
    return found


def signature(siblings: list[LexborNode]) -> Signature:
    """The structure of nodes: tags, texts, comments."""
    result: Signature = []
    for node in siblings:
        if node.is_text_node:
            result.append(node.text_content)
        elif node.is_comment_node:
            result.append(("#", node.comment_content))
        else:
            result.append((node.tag, signature(children(node))))
    return result


def verify(plan: BlockPlan) -> Hard | None:
    """The first place where a parser disagrees, or None."""
    if not plan.slots:
        return None
    top = parse(plan.html(), plan.parent, plan.namespace)
    for slot in plan.slots:
        fault = _check_path(top, slot)
        if fault is not None:
            return Hard(slot.item, fault, enclosing=True)
    for number, slot in enumerate(plan.slots):
        if slot.kind is SlotKind.HTML:
            parsed = [parse(plan.html({number: inside}), plan.parent, plan.namespace) for inside in contents(slot)]
            if any(_range(top, slot.path) is None for top in parsed):
                reason = "a parser moves these elements elsewhere (an implied <tbody>, a <div> inside a <p>?)"
                return Hard(slot.item, reason, enclosing=True)
        for block in slot.blocks:
            for inside in samples(block):
                inside *= 2 if slot.kind is SlotKind.FOR else 1
                found = _range(parse(plan.html({number: inside}), plan.parent, plan.namespace), slot.path)
                alone = signature(parse(inside, block.parent, block.namespace))
                if found is None or signature(found) != alone:
                    reason = "a parser moves these elements elsewhere (is one not allowed inside the other?)"
                    return Hard(slot.item, reason, enclosing=True)
    return None


def _at(top: list[LexborNode], path: list[int]) -> tuple[list[LexborNode], LexborNode] | None:
    siblings = top
    node = None
    for index in path:
        if node is not None:
            siblings = children(node)
        if index >= len(siblings):
            return None
        node = siblings[index]
    return None if node is None else (siblings, node)


def _check_path(top: list[LexborNode], slot: SlotPlan) -> str | None:
    place = _at(top, slot.path)
    node = place[1] if place is not None else None
    if place is None or node is None:
        return "a parser puts this somewhere else"
    if slot.kind is SlotKind.TEXT:
        if not node.is_text_node or node.text_content != f"{slot.prefix}x{slot.suffix}":
            return "a parser reads this text differently"
    elif slot.kind in (SlotKind.ATTR, SlotKind.ATTRS):
        if not node.is_element_node or (node.tag or "").lower() != slot.tag:
            return "a parser puts this element somewhere else"
    else:
        siblings = place[0]
        following = siblings[slot.path[-1] + 1] if slot.path[-1] + 1 < len(siblings) else None
        if following is None or not _is_marker(node, "[") or not _is_marker(following, "]"):
            return "a parser allows no such elements here"
    return None


def _is_marker(node: LexborNode, text: str) -> bool:
    return node.is_comment_node and node.comment_content == text


def _range(top: list[LexborNode], path: list[int]) -> list[LexborNode] | None:
    place = _at(top, path)
    if place is None or not _is_marker(place[1], "["):
        return None
    depth = 0
    inside: list[LexborNode] = []
    for node in place[0][path[-1] + 1 :]:
        if _is_marker(node, "]"):
            if depth == 0:
                return inside
            depth -= 1
        elif _is_marker(node, "["):
            depth += 1
        inside.append(node)
    return None
