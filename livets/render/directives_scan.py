"""A template's source as tags, texts and Jinja statements, so that directives can be found in it.

It owns where things begin and end: quotes, `>` inside attributes, comments, scripts, raw blocks, Jinja inside tags.
It never changes the source and knows no directive. `directives` reads it; what does not end is left to Jinja2 and to
the compiler, whose errors say more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import jinja2

from livets.render.markup import RAW_TEXT, RCDATA

_SPACE: Final = re.compile(r"[\s/]*")
_STRING: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_KEYWORD: Final = re.compile(r"[-+]?\s*(\w+)")
_OPENERS: Final = frozenset(["if", "for", "block", "macro", "call", "filter", "with", "autoescape", "trans"])


@dataclass(slots=True)
class Jinja:
    """`{{ }}`, `{% %}`, `{# #}` or a whole raw block; `keyword` of a statement, "" for the others."""

    start: int
    end: int
    keyword: str = ""
    opens: bool = False
    is_comment: bool = False


@dataclass(slots=True)
class Text:
    """Text between tags, or a comment."""

    start: int
    end: int
    is_comment: bool = False


@dataclass(slots=True)
class Attribute:
    """One attribute in the source. `quote` is empty when the value has none."""

    name: str
    start: int
    end: int = 0
    value: tuple[int, int] | None = None
    quote: str = ""
    has_jinja: bool = False
    is_conditional: bool = False
    """True inside of `{% if %}` or the like within the tag."""


@dataclass(slots=True)
class StartTag:
    """A start tag; `close` is where its `>` or `/>` begins."""

    name: str
    start: int
    end: int = 0
    close: int = 0
    attributes: list[Attribute] = field(default_factory=list)


@dataclass(slots=True)
class EndTag:
    """An end tag."""

    name: str
    start: int
    end: int


Token = Jinja | Text | StartTag | EndTag


class Unfinished(Exception):
    """A tag or a statement does not end."""


class Scan:
    """Reads one source."""

    def __init__(self, environment: jinja2.Environment, source: str) -> None:
        self.source = source
        self.statement = (environment.block_start_string, environment.block_end_string)
        self.variable = (environment.variable_start_string, environment.variable_end_string)
        self.comment = (environment.comment_start_string, environment.comment_end_string)
        starts = sorted((self.statement[0], self.variable[0], self.comment[0]), key=len, reverse=True)
        self.starts = re.compile("|".join(map(re.escape, starts)))
        self._word = re.compile(f"{self.starts.pattern}|<")
        opening, closing = map(re.escape, self.statement)
        self._raw = re.compile(rf"{opening}[-+]?\s*endraw\s*[-+]?{closing}")
        self._in_svg = 0

    def tokens(self) -> Iterator[Token]:
        """All tokens in order. Raises Unfinished at something that does not end."""
        at, size = 0, len(self.source)
        while at < size:
            found = self._word.search(self.source, at)
            start = found.start() if found else size
            if start > at:
                yield Text(at, start)
            if found is None:
                return
            token = self._markup(start) if found.group() == "<" else self.jinja(start)
            yield token
            at = token.end
            if isinstance(token, StartTag):
                self._in_svg += token.name in ("svg", "math") and self.source[token.close] != "/"
                if token.name in RAW_TEXT or (token.name in RCDATA and not self._in_svg):
                    yield from self._raw_text(token)
                    at = self._raw_end
            elif isinstance(token, EndTag) and token.name in ("svg", "math"):
                self._in_svg = max(0, self._in_svg - 1)

    def jinja(self, at: int) -> Jinja:
        """The Jinja construct that starts here."""
        source = self.source
        if source.startswith(self.comment[0], at) and self.starts.match(source, at)[0] == self.comment[0]:  # type: ignore[index]
            return Jinja(at, self._after(self.comment[1], at + len(self.comment[0])), is_comment=True)
        opening, closing = self.statement if source.startswith(self.statement[0], at) else self.variable
        end = self._code_end(at + len(opening), closing)
        if opening != self.statement[0]:
            return Jinja(at, end)
        word = _KEYWORD.match(source, at + len(opening))
        keyword = word[1] if word else ""
        if keyword == "raw":
            closed = self._raw.search(source, end)
            if closed is None:
                raise Unfinished
            return Jinja(at, closed.end(), "raw")
        opens = keyword in _OPENERS or (keyword == "set" and "=" not in source[at:end])
        return Jinja(at, end, keyword, opens)

    def _after(self, mark: str, at: int) -> int:
        found = self.source.find(mark, at)
        if found < 0:
            raise Unfinished
        return found + len(mark)

    def _code_end(self, at: int, closing: str) -> int:
        """After `closing`, which does not count inside strings and brackets."""
        source, depth = self.source, 0
        while at < len(source):
            if depth <= 0 and source.startswith(closing, at):
                return at + len(closing)
            char = source[at]
            if char in "'\"":
                string = _STRING.match(source, at)
                if string is None:
                    raise Unfinished
                at = string.end()
                continue
            depth += (char in "([{") - (char in ")]}")
            at += 1
        raise Unfinished

    def _markup(self, at: int) -> Token:
        source = self.source
        if source.startswith("<!--", at):
            return Text(at, self._over(at + 4, "-->"), is_comment=True)
        following = source[at + 1 : at + 2]
        if following and following in "!?":
            return Text(at, self._over(at + 2, ">"), is_comment=True)
        if following == "/" and source[at + 2 : at + 3].isalpha():
            end = self._over(at + 2, ">")
            return EndTag(_name(source[at + 2 : end - 1]), at, end)
        if following.isascii() and following.isalpha():
            return self._tag(at)
        return Text(at, at + 1)

    def _over(self, at: int, mark: str) -> int:
        """After `mark`, skipping what is Jinja."""
        pattern = re.compile(f"{self.starts.pattern}|{re.escape(mark)}")
        while (found := pattern.search(self.source, at)) is not None:
            if found.group() == mark:
                return found.end()
            at = self.jinja(found.start()).end
        raise Unfinished

    def _raw_text(self, tag: StartTag) -> Iterator[Token]:
        """Everything up to the end tag of a <script>, <textarea>, ..."""
        pattern = re.compile(rf"{self.starts.pattern}|</{re.escape(tag.name)}(?=[\s/>])", re.IGNORECASE)
        at = tag.end
        while (found := pattern.search(self.source, at)) is not None:
            if found.start() > at:
                yield Text(at, found.start())
            self._raw_end = found.start()
            if found.group().startswith("</"):
                return
            statement = self.jinja(found.start())
            yield statement
            self._raw_end = at = statement.end
        raise Unfinished

    # Inside a start tag

    def _tag(self, start: int) -> StartTag:
        source = self.source
        at = self.plain(start + 1, " \t\r\n\f/>")
        tag = StartTag(_name(source[start + 1 : at]), start)
        depth = 0
        while True:
            before = at
            at = _SPACE.match(source, at).end()  # type: ignore[union-attr]
            if at >= len(source):
                raise Unfinished
            if source[at] == ">":
                slash = at > before and source[at - 1] == "/"
                tag.close, tag.end = at - slash, at + 1
                return tag
            if self.starts.match(source, at):
                statement = self.jinja(at)
                depth += statement.opens - statement.keyword.startswith("end")
                at = statement.end
                continue
            attribute = self._attribute(at)
            attribute.is_conditional = depth > 0
            tag.attributes.append(attribute)
            at = attribute.end

    def _attribute(self, at: int) -> Attribute:
        source, start = self.source, at
        at = self.plain(at + 1, " \t\r\n\f/>=")
        attribute = Attribute(source[start:at].lower(), start, at)
        found = re.compile(r"\s*=\s*").match(source, at)
        if found is None:
            return attribute
        at = found.end()
        if at < len(source) and source[at] in "\"'":
            attribute.quote = source[at]
            end = self._over(at + 1, attribute.quote)
            attribute.value = at + 1, end - 1
        else:
            end = self.plain(at, " \t\r\n\f>")
            attribute.value = at, end
        attribute.end = end
        attribute.has_jinja = self.starts.search(source, *attribute.value) is not None
        return attribute

    def plain(self, at: int, stops: str) -> int:
        """The next of `stops` that is not in Jinja."""
        while at < len(self.source) and self.source[at] not in stops:
            at = self.jinja(at).end if self.starts.match(self.source, at) else at + 1
        return at


def _name(text: str) -> str:
    return text.strip().lower()
