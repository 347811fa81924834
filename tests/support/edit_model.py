"""An independent model of what the browser does with edits: nodes, addresses and scripts as docs/protocol.md says.

It must not import livets.render. Nodes are plain lists so that whole trees compare with ==.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

LEAVES = {"textarea", "title", "script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "template"}
HTML_INSIDE = {"foreignobject", "desc", "title", "annotation-xml", "mi", "mo", "mn", "ms", "mtext"}


class Lost(AssertionError):
    """An edit names what is not there: a browser would ask for the block again."""


@dataclass
class Node:
    """An element, a text or a comment."""

    kind: str
    tag: str = ""
    data: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    inside: str = ""
    """The namespace of its children: "svg", "math", or "" for HTML."""

    @property
    def is_leaf(self) -> bool:
        return self.tag in LEAVES or "ts-ignore" in self.attributes

    @property
    def key(self) -> str | None:
        return self.attributes.get("ts-key") or self.attributes.get("id") or self.attributes.get("data-key")


def parse(html: str, tag: str = "div", namespace: str = "") -> list[Node]:
    """The nodes of a fragment inside an element."""
    options: dict[str, Any] = {"is_fragment": True, "fragment_tag": tag, "scripting": True}
    if namespace:
        options["fragment_namespace"] = namespace
    return _siblings(LexborHTMLParser(html, **options).root, namespace)


def _siblings(node: LexborNode | None, space: str) -> list[Node]:
    nodes = []
    while node is not None:
        nodes.append(_copy(node, space))
        node = node.next
    return nodes


def _copy(node: LexborNode, space: str) -> Node:
    if node.is_text_node:
        return Node("#", data=node.text_content or "")
    if node.is_comment_node:
        return Node("!", data=(node.html or "")[4:].partition("-->")[0])  # .html of a top-level node goes on
    copied = Node("<", node.tag or "", attributes={name: value or "" for name, value in node.attributes.items()})
    if copied.tag in ("textarea", "title", "script", "style"):
        copied.data = "".join(child.data for child in _siblings(node.first_child, ""))
    elif copied.is_leaf:
        copied.data = (node.html or "").partition(">")[2].partition(f"</{copied.tag}>")[0]
    else:
        copied.inside = (
            copied.tag if copied.tag in ("svg", "math") else "" if copied.tag.lower() in HTML_INSIDE else space
        )
        copied.children = _siblings(node.first_child, copied.inside)
    return copied


def count(nodes: list[Node]) -> int:
    """Nodes in all, without those inside leaves."""
    return sum(1 + count(node.children) for node in nodes)


def apply(top: list[Node], ops: list[Any]) -> None:
    """Edit the nodes of a slot."""
    if count(top) != ops[0]:
        raise Lost(f"{count(top)} nodes, not {ops[0]}")
    rest = ops[1:]
    while rest:
        code, address, *rest = rest
        parent, siblings, at = _locate(top, address)
        tag = address[-1]
        if code == 0:
            node = _node(siblings, at)
            if node.kind == "#":
                _check_tag(parent, tag)
            elif node.tag.lower() != (tag or node.tag.lower()) or not node.is_leaf:
                raise Lost(f"no text at {address}")
            node.data, rest = rest[0], rest[1:]
            if not node.data and node.kind == "#":
                raise Lost("an empty text node")
        elif code in (1, 2):
            node = _node(siblings, at)
            if node.kind != "<" or node.tag.lower() != (tag or node.tag.lower()):
                raise Lost(f"no element <{tag}> at {address}")
            first, value, *rest = rest
            name = "class" if code == 2 else first
            if code == 2 and node.attributes.get("class") != first:
                raise Lost(f"the class was not {first!r}")
            if value is None:
                del node.attributes[name]
            else:
                node.attributes[name] = value
        elif code == 3:
            _check_tag(parent, tag)
            _rearrange(siblings, at, rest[0], parent)
            rest = rest[1:]
        else:
            raise Lost(f"code {code}")


def _node(siblings: list[Node], at: int) -> Node:
    if not 0 <= at < len(siblings):
        raise Lost(f"no node {at}")
    return siblings[at]


def _check_tag(parent: Node | None, tag: str | None) -> None:
    if tag is not None and tag != (parent.tag.lower() if parent else ""):
        raise Lost(f"in <{parent and parent.tag}>, not in <{tag}>")


def _find(nodes: list[Node], parent: Node | None, key: str) -> list[tuple[Node | None, list[Node], int]]:
    found = [(parent, nodes, at) for at, node in enumerate(nodes) if node.key == key]
    for node in nodes:
        found += _find(node.children, node, key)
    return found


def _locate(top: list[Node], address: list[Any]) -> tuple[Node | None, list[Node], int]:
    parent, siblings, at = None, top, -1
    for number, step in enumerate(address[:-1]):
        if isinstance(step, str):
            found = _find(top, None, step)
            if number or len(found) != 1:
                raise Lost(f"the key {step!r} is there {len(found)} times")
            parent, siblings, at = found[0]
        elif step < 0:
            at -= step
        else:
            if at >= 0:
                parent = _node(siblings, at)
                if parent.is_leaf:
                    raise Lost("an address inside of a leaf")
                siblings = parent.children
            at = step
    return parent, siblings, at


def _rearrange(siblings: list[Node], at: int, script: list[Any], parent: Node | None) -> None:
    old = siblings[at:]
    if not 0 <= at <= len(siblings):
        raise Lost("beyond the last node")
    run: list[Node] = []
    taken = 0
    for step in script:
        if isinstance(step, str):
            run += _parse_piece(step, parent)
        elif isinstance(step, list):
            run += old[step[0] : step[0] + step[1]]
        else:
            if taken + abs(step) > len(old):
                raise Lost("a script that is too long")
            if step > 0:
                run += old[taken : taken + step]
            taken += abs(step)
    siblings[at:] = run + old[taken:]


def _parse_piece(html: str, parent: Node | None) -> list[Node]:
    wrapper = parent.inside if parent else ""
    if not wrapper:
        return parse(html, "template")
    return parse(f"<{wrapper}>{html}</{wrapper}>", "template")[0].children
