"""Finds the places in a template where escaping does not make a value safe, and has it guarded there.

It owns which places these are: the beginning of a URL, a value without quotes, among attributes, in a name. The value
is put through a filter of `guards`; what stands in the template itself is trusted. Lines stay lines. The environment
calls `guarded` for every source, after directives have become Jinja2.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import jinja2
from jinja2 import nodes
from jinja2.parser import Parser

from livets.render import guards
from livets.render.directives_scan import Attribute, EndTag, Scan, StartTag, Text, Unfinished
from livets.render.directives_values import ATTRIBUTE_FILTER

_DECIDED: Final = re.compile(r"[/?#:]")
"""After one of these in the template, a value can't be a URL's scheme any more."""
_SCRIPTED_SRC: Final = frozenset(["iframe", "frame", "embed", "script"])
_GUARDED: Final = frozenset(
    [ATTRIBUTE_FILTER, "xmlattr", guards.URL_FILTER, guards.ATTRIBUTES_FILTER, guards.NAME_FILTER]
)


def guarded(source: str, environment: jinja2.Environment) -> str:
    """The source with such values put through filters.

    >>> guarded('<a href="{{ url }}" title={{ title }}>', jinja2.Environment())
    '<a href="{{ (url)|ts_url }}" title="{{ title }}">'
    """
    opening = environment.variable_start_string
    return _Guard(source, environment).run() if opening in source and "<" in source else source


class _Part(NamedTuple):
    """Static text, an output, or another Jinja construct ("")."""

    kind: str
    start: int
    end: int


class _Guard:
    """One pass over one source."""

    def __init__(self, source: str, environment: jinja2.Environment) -> None:
        self.source = source
        self.environment = environment
        self.opening, self.closing = environment.variable_start_string, environment.variable_end_string
        self.scan = Scan(environment, source)
        self.edits: list[tuple[int, int, str]] = []

    def run(self) -> str:
        """The rewritten source."""
        before = -1
        try:
            for token in self.scan.tokens():
                match token:
                    case StartTag():
                        self._tag(token)
                    case EndTag():
                        self._name(token.start + 2, token.end - 1, is_tag=True)
                    case Text(is_comment=False) if self.source[token.start : token.end] in ("<", "</"):
                        before = token.end
                    case _ if before == token.start and self._is_output(token.start):
                        self._wrap(token.start, token.end, f"{guards.NAME_FILTER}('', true)")
        except Unfinished:
            pass
        out: list[str] = []
        at = 0
        for start, end, text in sorted(self.edits):
            out += (self.source[at:start], text)
            at = end
        return "".join([*out, self.source[at:]])

    def _tag(self, tag: StartTag) -> None:
        at = self._name(tag.start + 1, tag.close, is_tag=True)
        for attribute in tag.attributes:
            self._among(at, attribute.start)
            self._attribute(tag, attribute)
            at = attribute.end
        self._among(at, tag.close)

    def _attribute(self, tag: StartTag, attribute: Attribute) -> None:
        if attribute.name[0] in "=\"'":
            return  # what follows a name that is a value
        value_start = attribute.end if attribute.value is None else attribute.value[0]
        self._name(attribute.start, value_start, is_tag=False)
        if attribute.value is None or not attribute.has_jinja:
            return
        parts = list(self._parts(*attribute.value))
        name = attribute.name
        if name in guards.URL_ATTRIBUTES and (name != "src" or tag.name in _SCRIPTED_SRC):
            self._url(parts)
        statics = [self.source[part.start : part.end] for part in parts if part.kind == "text"]
        is_plain = all(part.kind for part in parts) and not any(set(text) & set("\"'") for text in statics)
        if not attribute.quote and is_plain:
            self.edits += [(attribute.value[0],) * 2 + ('"',), (attribute.value[1],) * 2 + ('"',)]

    def _url(self, parts: list[_Part]) -> None:
        """The outputs up to the place where the template itself has decided what kind of URL it is."""
        has_statements = any(not part.kind for part in parts)
        lead, is_later = "", False
        for at, part in enumerate(parts):
            if part.kind == "text":
                lead = "" if has_statements or is_later else html.unescape(self.source[part.start : part.end])
                if not has_statements and _DECIDED.search(self.source, part.start, part.end):
                    return
            elif part.kind == "output":
                following = parts[at + 1] if at + 1 < len(parts) and parts[at + 1].kind == "text" else None
                tail = "" if following is None else html.unescape(self.source[following.start : following.end])
                given = f"({lead!r}, {tail[:64]!r}, true)" if is_later else f"({lead!r}, {tail[:64]!r})"
                is_bare = not (lead or is_later or ":" in tail)
                self._wrap(part.start, part.end, guards.URL_FILTER + ("" if is_bare else given))
                is_later = not has_statements
                lead = ""

    def _name(self, start: int, end: int, *, is_tag: bool) -> int:
        """Outputs in a name that begins at `start`; returns where it ends."""
        stops = " \t\r\n\f/>" if is_tag else " \t\r\n\f/>="
        end = min(end, self.scan.plain(start, stops))
        lead = ""
        for part in self._parts(start, end):
            if part.kind == "text":
                lead = self.source[start : part.end] if part.start == start else lead
            elif part.kind == "output":
                self._wrap(part.start, part.end, f"{guards.NAME_FILTER}({lead!r}, {str(is_tag).lower()})")
        return end

    def _among(self, start: int, end: int) -> None:
        """Outputs between attributes."""
        for part in self._parts(start, end):
            if part.kind == "output":
                is_name = self.source[part.end : part.end + 1] == "="
                self._wrap(part.start, part.end, guards.NAME_FILTER if is_name else guards.ATTRIBUTES_FILTER)

    def _parts(self, start: int, end: int) -> Iterator[_Part]:
        at = start
        while at < end:
            found = self.scan.starts.search(self.source, at, end)
            stop = found.start() if found else end
            if stop > at:
                yield _Part("text", at, stop)
            if found is None:
                return
            at = self.scan.jinja(stop).end
            yield _Part("output" if self._is_output(stop) else "", stop, at)

    def _is_output(self, at: int) -> bool:
        found = self.scan.starts.match(self.source, at)
        return found is not None and found[0] == self.opening

    def _wrap(self, start: int, end: int, call: str) -> None:
        start, end = start + len(self.opening), end - len(self.closing)
        start += self.source[start] in "+-"
        end -= end > start and self.source[end - 1] in "+-"
        expression = self.source[start:end]
        if not self._is_trusted(expression):
            self.edits.append((start, end, f" ({expression.strip()})|{call} "))

    def _is_trusted(self, expression: str) -> bool:
        """Whether all that it can become stands in the template, or has been guarded; what is wrong is Jinja2's."""
        try:
            parser = Parser(self.environment, expression, state="variable")
            node = parser.parse_tuple()
        except jinja2.TemplateSyntaxError:
            return True
        return not parser.stream.eos or _is_constant(node) or (isinstance(node, nodes.Filter) and node.name in _GUARDED)


def _is_constant(node: nodes.Node | None) -> bool:
    if isinstance(node, nodes.CondExpr):
        return _is_constant(node.expr1) and _is_constant(node.expr2)
    return node is None or isinstance(node, nodes.Const)
