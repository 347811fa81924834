"""Paper for a parser: documents in which one fragment after the other is parsed.

Owns the documents and how long each is used. A document of lexbor's costs twenty microseconds to make, a small fragment
one to parse, and a page in development or under test needs many. Nodes are valid until the next fragment only, so
whoever parses copies at once what it wants. Called by `nodes`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from selectolax.lexbor import LexborHTMLParser, LexborNode

T = TypeVar("T")

_MAX_CHARACTERS: Final = 200_000
"""Parsed in one document: what it has held stays in memory until it goes."""
_free: list[_Scratch] = []
"""Documents that nobody writes in now; there are as many as threads parse at once."""


class _Scratch:
    """One document, with an empty element for each tag that fragments were parsed in."""

    __slots__ = ("_characters", "_elements", "_parser")

    def __init__(self) -> None:
        self._parser = LexborHTMLParser("<!doctype html>", scripting=True)
        self._elements: dict[str, LexborNode] = {}
        self._characters = 0

    def parse(self, html: str, tag: str) -> LexborNode | None:
        element = self._elements.get(tag)
        if element is None:
            element = self._elements[tag] = self._parser.create_node(tag)
        try:
            element.inner_html = html
        except UnicodeEncodeError:  # half a character (a lone surrogate): parsers of documents leave it out, too
            element.inner_html = html.encode("utf-8", "ignore").decode()
        self._characters += len(html) + 50
        return element.first_child

    @property
    def has_room(self) -> bool:
        return self._characters < _MAX_CHARACTERS


def read(html: str, tag: str, take: Callable[[LexborNode | None], T]) -> T:
    """What `take` makes of the first node of a fragment inside an HTML element `tag`; None: there is no node.

    >>> read("<b>1</b>2", "div", lambda node: node.tag)
    'b'
    """
    try:
        scratch = _free.pop()
    except IndexError:
        scratch = _Scratch()
    taken = take(scratch.parse(html, tag))
    if scratch.has_room:
        _free.append(scratch)
    return taken
