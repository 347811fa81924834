"""The document that a page shows: its tree of nodes, and finding elements in it by CSS selector.

Owns the tree and the parsed copy that selectors run on (lexbor's own engine, every selector that it knows; the simplest
are asked of the tree). Whoever changes the tree calls `touch`. Made by an engine; asked by `queries`, `element` and
`page`.
"""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from livets.mirror.nodes import RAW, VOID, Node, escape, tag_of
from livets.testing.errors import NotFound
from livets.testing.selectors import simple

_NUMBER = "data-livets-number"
_MAX_CHARACTERS = 1_000_000
"""Parsed in one copy: what it has held stays in memory until it goes."""


class Document:
    """A tree of nodes from the `html` element down."""

    def __init__(self, top: Node) -> None:
        self.top = top
        self.title = ""
        self.focused: Node | None = None
        """The element that has the focus; None: the body."""
        title = next((node for node in top.elements() if node.tag == "title"), None)
        if title is not None:
            self.title = " ".join(title.text.split())
        self.version = 0
        """Another one whenever the tree has changed."""
        self._root: Node | None = None
        self._root_of = -1
        self._nodes: dict[int, Node] = {}
        self._nodes_of = -1
        self._copy: LexborHTMLParser | None = None
        self._copy_of = -1
        self._copied = 0
        self._head: str | None = None

    def touch(self) -> None:
        """The tree has changed."""
        self.version += 1

    @property
    def body(self) -> Node:
        """What people see."""
        return next((node for node in self.top.children if node.tag == "body"), self.top)

    @property
    def root(self) -> Node | None:
        """The element whose content is the live view."""
        if self._root_of != self.version:
            self._root = next((node for node in self.body.elements() if "data-livets" in node.attributes), None)
            self._root_of = self.version
        return self._root

    def by_id(self, id: str) -> Node | None:
        """The first element with this id."""
        return next((node for node in self.top.elements() if node.attributes.get("id") == id), None)

    def by_number(self, number: int) -> Node | None:
        """The element that bears this number, if it is on the page now."""
        if self._nodes_of != self.version:
            self._nodes = {node.number: node for node in (self.top, *self.top.elements())}
            self._nodes_of = self.version
        return self._nodes.get(number)

    def css(self, selector: str, within: Node | None = None) -> list[Node]:
        """Elements that fit a CSS selector, in document order. Raises NotFound for a selector that is none."""
        fits = simple(selector)
        if fits is not None:
            top = within or self.top
            return [node for node in (*(() if within else (top,)), *top.elements()) if fits(node)]
        try:
            found = self._parsed().css(selector)
        except SelectolaxError as error:
            raise NotFound(f"{selector!r} is no CSS selector that the testing kit understands: {error}") from None
        numbers = dict.fromkeys(int(each.attributes.get(_NUMBER) or 0) for each in found)
        nodes = [node for number in numbers if (node := self.by_number(number)) is not None]
        if within is not None:
            nodes = [node for node in nodes if node is not within and within in node.around()]
        return nodes

    def _parsed(self) -> LexborHTMLParser:
        """The tree as it is now, for the engine of selectors: every element has its number."""
        if self._copy is not None and self._copy_of == self.version:
            return self._copy
        out: list[str] = []
        for child in self.top.children:
            if child.tag == "head":  # nothing that a person or a patch does changes it
                out.append(self._head if self._head is not None else self._write_head(child))
            else:
                _write(child, out)
        inner = "".join(out)
        self._copied += len(inner)
        if self._copy is None or self._copied > _MAX_CHARACTERS:
            start = tag_of(self.top, f' {_NUMBER}="{self.top.number}"')
            self._copy = LexborHTMLParser(f"<!doctype html>{start}{inner}</html>", scripting=True)
            self._copied = len(inner)
        else:
            root = self._copy.root
            assert root is not None
            root.inner_html = inner
        self._copy_of = self.version
        return self._copy

    def _write_head(self, head: Node) -> str:
        out: list[str] = []
        _write(head, out)
        self._head = "".join(out)
        return self._head


def _write(node: Node, out: list[str]) -> None:
    """HTML for the copy: numbered, and with check marks as they are now."""
    if node.kind == "text":
        raw = node.parent is not None and node.parent.tag in RAW
        out.append(node.data if raw else escape(node.data))
    elif node.kind == "range":
        for child in node.children:
            _write(child, out)
    elif node.kind == "element":
        out.append(f'<{node.tag} {_NUMBER}="{node.number}"')
        for name, value in node.attributes.items():
            if node.checked is None or name not in ("checked", "selected"):
                out.append(f' {name}="{escape(value)}"')
        if node.checked:
            out.append(" selected" if node.tag == "option" else " checked")
        out.append(">")
        for child in node.children:
            _write(child, out)
        if node.tag not in VOID:
            out.append(f"</{node.tag}>")
