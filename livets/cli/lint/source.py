"""A template's source as rules see it: elements with their attributes, loops around them, Jinja's syntax tree.

Owns positions and line numbers, in the template and in the file that it stands in. Finds nothing wrong by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import jinja2
from jinja2 import nodes

from livets.render.directives_scan import Attribute, EndTag, Jinja, Scan, StartTag, Text, Unfinished
from livets.render.markup import RAW_TEXT, VOID

_FOR = re.compile(r"\{%[-+]?\s*for\s+(.+?)\s+in\s", re.DOTALL)
_TS_FOR = re.compile(r"\s*(.+?)\s+in\s", re.DOTALL)
_WORD = re.compile(r"[^\W\d]\w*")
_KEYS = ("ts-key", "id", "data-key")


@dataclass(slots=True, eq=False)
class Loop:
    """`{% for %}` or `ts-for`."""

    names: tuple[str, ...]
    """What a row's item is called, or its parts are, as they are written."""
    start: int
    outer: Loop | None
    stop: int | None = None
    """Where it ends, as far as that is known."""
    rows: list[Element] = field(default_factory=list)
    """Elements directly in its body."""

    @property
    def targets(self) -> frozenset[str]:
        """Its names, in no order."""
        return frozenset(self.names)


@dataclass(slots=True, eq=False)
class Element:
    """A start tag, with what surrounds it."""

    tag: StartTag
    parent: Element | None
    loop: Loop | None
    """The nearest loop; for `ts-for` its own."""
    inner: list[Element] = field(default_factory=list)
    raw: list[Jinja] = field(default_factory=list)
    """Jinja in the content of <script> and <style>."""

    @property
    def name(self) -> str:
        """In lower case."""
        return self.tag.name

    def get(self, name: str) -> Attribute | None:
        """The attribute, if it is written down."""
        return next((each for each in self.tag.attributes if each.name == name), None)

    def all(self) -> Iterator[Element]:
        """Itself and everything inside."""
        yield self
        for element in self.inner:
            yield from element.all()


@dataclass(eq=False)
class Source:
    """One template (`text`), named `name`, which begins at `first_line` of `file`."""

    environment: jinja2.Environment
    name: str
    text: str
    file: str
    first_line: int = 1
    elements: list[Element] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    unfinished: bool = False

    def __post_init__(self) -> None:
        _Reader(self).read()

    @cached_property
    def lines(self) -> list[str]:
        """The source's lines."""
        return self.text.split("\n")

    @cached_property
    def tree(self) -> nodes.Template | None:
        """Jinja's syntax tree; None when there is none (the compiler says why)."""
        try:
            return self.environment.parse(self.text, self.name)
        except jinja2.TemplateSyntaxError:
            return None

    def line(self, position: int) -> int:
        """The template's line of a position."""
        return self.text.count("\n", 0, position) + 1

    def value(self, attribute: Attribute) -> str:
        """What is written as its value; empty when there is none."""
        return "" if attribute.value is None else self.text[slice(*attribute.value)]

    def parts(self, text: str) -> list[tuple[str, str]]:
        """A value as ("text", …), ("output", inner) and ("statement", …) parts."""
        scan, at, parts = Scan(self.environment, text), 0, []
        starts = re.compile(r"\{\{|\{%|\{#")
        while (found := starts.search(text, at)) is not None:
            if found.start() > at:
                parts.append(("text", text[at : found.start()]))
            try:
                end = scan.jinja(found.start()).end
            except Unfinished:
                return parts
            inner = text[found.start() + 2 : end - 2].strip("-+ \t\r\n")
            kind = {"{{": "output", "{%": "statement"}.get(found[0])
            if kind:
                parts.append((kind, inner))
            at = end
        return [*parts, ("text", text[at:])] if at < len(text) else parts


class _Reader:
    """Fills a Source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._open: list[Element] = []
        self._loops: list[tuple[Loop, int]] = []
        """With the number of elements that were open at its start."""

    def read(self) -> None:
        source = self._source
        try:
            for token in Scan(source.environment, source.text).tokens():
                if isinstance(token, Jinja):
                    self._jinja(token)
                elif isinstance(token, StartTag):
                    self._start(token)
                elif isinstance(token, EndTag):
                    self._end(token)
                else:
                    assert isinstance(token, Text)
        except Unfinished:
            source.unfinished = True

    def _jinja(self, token: Jinja) -> None:
        if token.keyword == "for":
            found = _FOR.match(self._source.text, token.start)
            self._enter(Loop(_names(found[1] if found else ""), token.start, self._loop), len(self._open))
        elif token.keyword == "endfor" and self._loops:
            self._loops.pop()[0].stop = token.start
        if self._open and self._open[-1].name in RAW_TEXT and not token.is_comment and token.keyword != "raw":
            self._open[-1].raw.append(token)

    def _start(self, tag: StartTag) -> None:
        own = next((each for each in tag.attributes if each.name == "ts-for"), None)
        if own is not None:
            found = _TS_FOR.match(self._source.value(own))
            self._enter(Loop(_names(found[1] if found else ""), tag.start, self._loop), len(self._open))
        element = Element(tag, self._open[-1] if self._open else None, self._loop)
        if element.parent is not None:
            element.parent.inner.append(element)
        if self._loops and self._loops[-1][1] == len(self._open):
            self._loops[-1][0].rows.append(element)
        self._source.elements.append(element)
        if tag.name not in VOID and self._source.text[tag.close] != "/":
            self._open.append(element)
        elif own is not None:
            self._loops.pop()[0].stop = tag.close

    def _end(self, tag: EndTag) -> None:
        if any(element.name == tag.name for element in self._open):
            while True:
                element = self._open.pop()
                if element.get("ts-for") is not None and self._loops and self._loops[-1][0] is element.loop:
                    self._loops.pop()[0].stop = tag.start
                if element.name == tag.name:
                    return

    @property
    def _loop(self) -> Loop | None:
        return self._loops[-1][0] if self._loops else None

    def _enter(self, loop: Loop, depth: int) -> None:
        self._source.loops.append(loop)
        self._loops.append((loop, depth))


def _names(targets: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(targets))


def key_of(element: Element) -> Attribute | None:
    """The attribute that could be the row's key."""
    return next((found for name in _KEYS if (found := element.get(name)) is not None), None)


def words(text: str) -> set[str]:
    """Names in an expression."""
    return set(_WORD.findall(text))
