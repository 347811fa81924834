"""Sibling nodes of a piece of source as small trees: only spans and names, no attributes, no decoded text.

It owns how tokens nest. It never guesses: what is not closed in order is doubt. `edits` grows one for the old and
one for the new source of a changed region, `align` compares them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from livets.render.strings.tokens import LEAVES, SPACES, Doubt, Token, key_of, tokens


@dataclass(slots=True, eq=False)
class Node:
    """An element, a text or a comment and the source that makes it."""

    source: str
    """The whole element with its content."""
    kind: str
    """`<` element, `#` text, `!` comment."""
    name: str = ""
    key: str | None = None
    tag: str = ""
    """The source of its start tag."""
    leaf: bool = False
    children: list[Node] = field(default_factory=list)

    @property
    def is_ignored(self) -> bool:
        """Does its content belong to other scripts?"""
        return "ts-ignore" in self.tag

    @property
    def is_blank(self) -> bool:
        """White space only?"""
        return not self.source.strip(SPACES)

    @property
    def content(self) -> str:
        """The source between its tags."""
        return self.source[len(self.tag) : self.source.rindex("<")] if self.source != self.tag else ""


def grow(source: str, start: int, end: int) -> list[Node]:
    """The nodes of a balanced piece of source. Raises Doubt."""
    siblings: list[Node] = []
    stack: list[tuple[list[Node], Node, int]] = []
    for token in tokens(source, start, end):
        kind = token.kind
        if kind == "/":
            if not stack or stack[-1][1].name != token.name:
                raise Doubt("an end tag without its start")
            siblings, node, begin = stack.pop()
            node.source = source[begin : token.end]
            if node.leaf:
                node.children = []
        elif kind == "<" or kind == "0":
            node = _element(source, token)
            siblings.append(node)
            if kind == "<":
                stack.append((siblings, node, token.start))
                siblings = node.children
        else:
            siblings.append(Node(source[token.start : token.end], kind))
    if stack:
        raise Doubt("an element that is not closed")
    return siblings


def _element(source: str, token: Token) -> Node:
    tag = source[token.start : token.end]
    leaf = token.name in LEAVES or "ts-ignore" in tag
    return Node(tag, "<", token.name, key_of(source, token), tag, leaf)


def count_nodes(nodes: list[Node]) -> int:
    """How many there are in all."""
    return sum(1 + (count_nodes(node.children) if node.children else 0) for node in nodes)
