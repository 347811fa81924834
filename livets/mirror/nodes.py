"""Nodes of a page: elements, texts, comments, and the ranges that livets keeps between two marker comments.

Owns the tree, parsing (by lexbor, as browsers parse) and serialising. Knows nothing of slots, events or servers.
Used by `blocks`, `document` and everything that looks at a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from livets.mirror import scratch

Context = tuple[str, str]
"""Where HTML is parsed: tag and namespace of the element around it."""

BODY: Context = ("div", "")
VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
RAW = frozenset(["script", "style", "xmp", "iframe", "noembed", "noframes", "plaintext"])
_FOREIGN = frozenset(["svg", "math"])
_numbers = count(1)


class Node:
    """An element, a text, a comment, or (kind "range") what stands between two marker comments."""

    __slots__ = ("attributes", "checked", "children", "data", "kind", "number", "parent", "space", "tag", "value")

    def __init__(self, kind: str, tag: str = "", space: str = "", data: str = "", number: int = 0) -> None:
        self.kind = kind
        self.tag = tag
        self.space = space
        self.data = data
        self.attributes: dict[str, str] = {}
        self.children: list[Node] = []
        self.parent: Node | None = None
        self.number = number or next(_numbers)
        """Names the node for as long as it lives."""
        self.value: str | None = None
        """The live value of a control; None while it is what the attribute (or the text) says."""
        self.checked: bool | None = None
        """The live state of a check box, radio button or option; None while it is what the attribute says."""

    def __repr__(self) -> str:
        return f"<{self.tag or self.kind} {self.data!r}>" if self.kind != "element" else tag_of(self)

    def put(self, children: list[Node]) -> None:
        """Replace all children."""
        for child in self.children:
            if child.parent is self:
                child.parent = None
        self.children = children
        for child in children:
            child.parent = self

    @property
    def element(self) -> Node | None:
        """The element around this node."""
        node = self.parent
        while node is not None and node.kind == "range":
            node = node.parent
        return node

    def around(self) -> Iterator[Node]:
        """This element and those around it, innermost first."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.element

    def elements(self) -> Iterator[Node]:
        """Every element below, in document order."""
        waiting = self.children[::-1]
        while waiting:
            node = waiting.pop()
            if node.kind == "element":
                yield node
            if node.children:
                waiting += node.children[::-1]

    @property
    def text(self) -> str:
        """All text inside, as it is."""
        if self.kind == "text":
            return self.data
        return "".join([child.text for child in self.children if child.kind != "comment"])


def parse(html: str, context: Context = BODY) -> list[Node]:
    """The nodes of a fragment inside an element."""
    tag, space = context
    if not space:
        return scratch.read(html, tag or "div", _siblings)
    options: dict[str, Any] = {"is_fragment": True, "scripting": True, "fragment_namespace": space}
    try:
        found = LexborHTMLParser(html, fragment_tag=tag or space, **options).root
    except ValueError:  # the parser has no number for this tag (<g>, a custom element), and nothing special about it
        found = LexborHTMLParser(html, fragment_tag=space, **options).root
    return _siblings(found, space)


def parse_document(html: str) -> Node:
    """A whole document; the node returned is its `html` element."""
    root = LexborHTMLParser(html, scripting=True).root
    assert root is not None
    return _copy(root, "")


def copies(nodes: list[Node]) -> list[Node]:
    """The same nodes once more, with numbers of their own; they have no parent."""
    made = []
    for node in nodes:
        copy = Node(node.kind, node.tag, node.space, node.data)
        if node.attributes:
            copy.attributes = node.attributes.copy()
        if node.children:
            copy.put(copies(node.children))
        made.append(copy)
    return made


def _siblings(found: LexborNode | None, space: str = "") -> list[Node]:
    nodes = []
    while found is not None:
        nodes.append(_copy(found, space))
        found = found.next
    return nodes


def _copy(found: LexborNode, space: str) -> Node:
    tag = found.tag or ""
    if tag == "-text":
        return Node("text", data=found.text_content or "")
    if tag == "-comment":
        return Node("comment", data=found.comment_content or "")
    node = Node("element", tag, tag if tag in _FOREIGN else space)
    attributes = found.attributes
    if attributes:
        node.attributes = {name: value or "" for name, value in attributes.items()}
    child = found.first_child
    if child is not None:
        node.put(_siblings(child, inside(node)[1]))
    return node


def inside(node: Node) -> Context:
    """The context of HTML inside an element."""
    back = node.space == "svg" and node.tag.lower() in ("foreignobject", "desc", "title")
    return node.tag, "" if back else node.space


def is_marker(node: Node) -> bool:
    """True for the comments that livets writes around ranges."""
    return node.kind == "comment" and (node.data == "]" or opens(node))


def opens(node: Node) -> bool:
    """True for the comment that starts a range."""
    return node.kind == "comment" and node.data[:1] == "[" and (node.data == "[" or node.data[1:].lstrip("-").isdigit())


def escape(text: str) -> str:
    """Text as it stands in HTML, in attributes too."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def tag_of(node: Node, extra: str = "") -> str:
    """An element's start tag."""
    attributes = "".join(
        [f' {name}="{escape(value)}"' if value else f" {name}" for name, value in node.attributes.items()]
    )
    return f"<{node.tag}{attributes}{extra}>"


def html_of(nodes: list[Node]) -> str:
    """HTML as a person would write it: no markers, empty attributes without a value."""
    out: list[str] = []
    for node in nodes:
        if node.kind == "text":
            raw = node.parent is not None and node.parent.tag in RAW
            out.append(node.data if raw else node.data.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
        elif node.kind == "comment":
            if not is_marker(node):
                out.append(f"<!--{node.data}-->")
        elif node.kind == "range":
            out.append(html_of(node.children))
        else:
            out.append(tag_of(node))
            out.append(html_of(node.children))
            if node.tag not in VOID:
                out.append(f"</{node.tag}>")
    return "".join(out)


def serialise(nodes: list[Node]) -> str:
    """Normalised HTML for comparisons: attributes sorted, texts merged, markers gone."""
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
            attributes = "".join([f' {name}="{escape(value)}"' for name, value in sorted(node.attributes.items())])
            out.append(f"<{node.tag}{attributes}>")
            _write(node.children, out)
            out.append(f"</{node.tag}>")
