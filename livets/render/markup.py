"""The HTML of a template as words, although parts of it are not known yet.

It owns the scanner: static text goes in piece by piece, dynamic items in between, and a handler is told of
texts, start tags, end tags and comments. It never builds a tree. `builder` and `regions` drive it.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

from livets.render.items import Item

VOID: Final = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
RCDATA: Final = frozenset({"textarea", "title"})
LITERAL: Final = frozenset({"script", "style"})
"""Raw text whose content may be dynamic: it is shown as it is written, references are not decoded."""
RAW_TEXT: Final = frozenset({"script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext"})

_TAG_NAME: Final = re.compile(r"[A-Za-z][^\s/>]*")
_IN_TAG: Final = re.compile(r"""\s+|[^\s"'>=]+|["'>=]""")


class Hard(Exception):
    """A place that can't be split; `index` is the item, `enclosing` says that its element must go with it."""

    def __init__(self, index: int, reason: str, *, enclosing: bool) -> None:
        super().__init__(reason)
        self.index = index
        self.reason = reason
        self.enclosing = enclosing


Piece = str | tuple[Item, int]
"""Source of a start tag: static text, or an item and its index."""


class Handler(Protocol):
    """Whoever is told of words. `at` and `end` are (item index, offset)."""

    def text(self, source: str, index: int) -> None:
        """A piece of text, undecoded."""

    def start(self, name: str, pieces: list[Piece], at: tuple[int, int], end: tuple[int, int]) -> str | None:
        """A start tag; returns the name of a raw text element that it opens."""

    def end(self, name: str, source: str, at: tuple[int, int], end: tuple[int, int]) -> None:
        """An end tag."""

    def comment(self, source: str, index: int) -> None:
        """A comment, or what a parser takes for one."""

    def dynamic(self, item: Item, index: int, inside: str | None) -> None:
        """An item between nodes, or in the text of the raw text element `inside`."""


class Scanner:
    """Feeds a handler with the words of static text and the items between."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.state = "text"
        self.raw: str | None = None
        self._pieces: list[Piece] = []
        self._pending = ""
        self.at = (0, 0)
        self.end = (0, 0)
        """Where the comment that the handler is told of begins and ends."""
        self._quote = ""
        self._equals = False

    def item(self, item: Item, index: int) -> None:
        """Something whose output is not known."""
        if self.state == "tag":
            self._pieces.append((item, index))
            self._equals = False
        elif self.state == "text":
            if self.raw is not None and self.raw not in RCDATA and self.raw not in LITERAL:
                raise Hard(index, f"something dynamic inside <{self.raw}>", enclosing=True)
            self.handler.dynamic(item, index, self.raw)
        else:
            raise Hard(index, "something dynamic in a tag's name or in a comment", enclosing=True)

    def static(self, source: str, index: int, *, followed: bool) -> None:
        """Static text; `followed` says that something dynamic comes directly after it."""
        position = 0
        while position < len(source):
            position = getattr(self, f"_{self.state}")(source, position, index)
        if followed and self.state == "name":
            raise Hard(index, "a tag's name that is not constant", enclosing=True)

    def finish(self, index: int) -> None:
        """No more source."""
        if self.state != "text":
            raise Hard(index, "a tag or comment that does not end", enclosing=True)

    def _text(self, source: str, position: int, index: int) -> int:
        found = source.find("<", position)
        if found < 0:
            self.handler.text(source[position:], index)
            return len(source)
        if found > position:
            self.handler.text(source[position:found], index)
        following = source[found + 1 : found + 2]
        if self.raw is not None:
            if re.match(rf"</{re.escape(self.raw)}[\s/>]", source[found:], re.IGNORECASE):
                self.raw = None
                return self._open(source, found, index)
            self.handler.text("<", index)
            return found + 1
        if not following:
            self.state, self.at = "name", (index, found)
            self._pending = ""
            return len(source)
        return self._open(source, found, index)

    def _open(self, source: str, found: int, index: int) -> int:
        self.at = (index, found)
        self._pending = ""
        following = source[found + 1 : found + 2]
        if source.startswith("<!--", found):
            self.state = "comment"
        elif following in "!?":
            self.state = "bogus"
        elif following == "/" and source[found + 2 : found + 3].isalpha():
            self.state = "closing"
        elif following.isascii() and following.isalpha():
            name = _TAG_NAME.match(source, found + 1)
            assert name is not None
            self._pieces, self._quote, self._equals = [source[found : name.end()]], "", False
            self.state = "tag"
            return name.end()
        elif following:
            self.handler.text("<", index)
            return found + 1
        return found

    def _name(self, source: str, position: int, index: int) -> int:
        raise Hard(index, "a lone < before something dynamic", enclosing=True)

    def _until(self, mark: str, source: str, position: int) -> int:
        found = source.find(mark, position)
        if found < 0:
            self._pending += source[position:]
            return -1
        self._pending += source[position : found + len(mark)]
        self.state = "text"
        return found + len(mark)

    def _comment(self, source: str, position: int, index: int) -> int:
        if not self._pending:
            self._pending = source[position : position + 4]
            position += 4
        found = self._until("-->", source, position)
        if found < 0:
            return len(source)
        self.end = (index, found)
        self.handler.comment(self._pending, index)
        return found

    def _bogus(self, source: str, position: int, index: int) -> int:
        found = self._until(">", source, position)
        if found < 0:
            return len(source)
        self.end = (index, found)
        self.handler.comment(self._pending, index)
        return found

    def _closing(self, source: str, position: int, index: int) -> int:
        found = self._until(">", source, position)
        if found < 0:
            return len(source)
        name = _TAG_NAME.match(self._pending, 2)
        assert name is not None
        self.handler.end(name.group().lower(), self._pending, self.at, (index, found))
        return found

    def _tag(self, source: str, position: int, index: int) -> int:
        start = position
        while position < len(source):
            if self._quote:
                found = source.find(self._quote, position)
                if found < 0:
                    position = len(source)
                    break
                self._quote = ""
                position = found + 1
                continue
            match = _IN_TAG.match(source, position)
            assert match is not None
            word = match.group()
            position = match.end()
            if word == ">":
                self._pieces.append(source[start:position])
                self._finish_tag((index, position))
                return position
            if word in "\"'" and self._equals:
                self._quote = word
            if not word.isspace():
                self._equals = word == "="
        self._pieces.append(source[start:position])
        return position

    def _finish_tag(self, end: tuple[int, int]) -> None:
        pieces, self._pieces = self._pieces, []
        first = pieces[0]
        assert isinstance(first, str)
        name = _TAG_NAME.match(first, 1)
        assert name is not None
        self.state = "text"
        self.raw = self.handler.start(name.group(), pieces, self.at, end)
