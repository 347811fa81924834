"""Finds the places in a template where escaping does not make a value safe, and has it guarded there.

It owns which places these are: the beginning of a URL, a value without quotes, among attributes, in a name. The value
is put through a filter of `guards`; what stands in the template itself is trusted. Lines stay lines, white-space
control stays. The environment calls `guarded` for every source, after directives have become Jinja2.
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
from livets.render.directives_scan import Attribute, EndTag, Jinja, Scan, StartTag, Text, Unfinished
from livets.render.directives_values import ATTRIBUTE_FILTER
from livets.render.guarding_trans import header_edits

_DECIDED: Final = re.compile(r"[/?#:]")
"""After one of these in the template, a value can't be a URL's scheme any more."""
_SCRIPTED_SRC: Final = frozenset(["iframe", "frame", "embed", "script"])
_EQUALS: Final = re.compile(r"\s*=")
_GUARDED: Final = frozenset([ATTRIBUTE_FILTER, "xmlattr", *guards.FILTERS])
_TAIL: Final = 64

Edit = tuple[int, int, str]


def guarded(source: str, environment: jinja2.Environment, name: str = "<inline>") -> str:
    """The source with such values put through filters; `name` is told when one has to be changed.

    >>> print(guarded('<a href="{{ url }}" title={{ title }}>', jinja2.Environment(), "a.html"))
    <a href="{{ ( url )|ts_url(place='a.html, line 1') }}" title={{ ( title )|ts_value(place='a.html, line 1') }}>
    """
    opening = environment.variable_start_string
    return _Guard(source, environment, name).run() if opening in source and "<" in source else source


class _Part(NamedTuple):
    """Static text, an output, or another Jinja construct ("")."""

    kind: str
    start: int
    end: int


class _Guard:
    """One pass over one source."""

    def __init__(self, source: str, environment: jinja2.Environment, name: str) -> None:
        self.source = source
        self.environment = environment
        self.name = name
        self.opening, self.closing = environment.variable_start_string, environment.variable_end_string
        self.scan = Scan(environment, source)
        self.calls: dict[tuple[int, int], list[str]] = {}
        """Where outputs begin and end, and the filters that they need."""
        self.trans: list[tuple[int, int, int]] = []
        """Translated blocks: where the code of the header begins and ends, where the block ends."""
        self._open: Jinja | None = None

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
                    case Text():
                        text = self.source[token.start : token.end]  # "</" comes as two
                        is_tag = text == "<" or (text == "/" and before == token.start)
                        before = token.end if is_tag and not token.is_comment else before
                    case Jinja():
                        self._statement(token)
                        if before == token.start and self._is_output(token.start):
                            self._guard(token.start, token.end, guards.NAME_FILTER, "'', true")
        except Unfinished:
            pass
        out: list[str] = []
        at = 0
        for start, end, text in sorted(self._edits()):
            out += (self.source[at:start], text)
            at = end
        return "".join([*out, self.source[at:]])

    # Places

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
        for part in parts if not attribute.quote else ():
            if part.kind == "output":
                self._guard(part.start, part.end, guards.VALUE_FILTER)

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
                given = f"{lead!r}, {tail[:_TAIL]!r}" + (", true" if is_later else "")
                is_bare = not (lead or is_later or ":" in tail)
                self._guard(part.start, part.end, guards.URL_FILTER, "" if is_bare else given)
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
                self._guard(part.start, part.end, guards.NAME_FILTER, f"{lead!r}, {str(is_tag).lower()}")
        return end

    def _among(self, start: int, end: int) -> None:
        """Outputs between attributes."""
        for part in self._parts(start, end):
            if part.kind == "output":
                is_name = _EQUALS.match(self.source, part.end) is not None
                self._guard(part.start, part.end, guards.NAME_FILTER if is_name else guards.ATTRIBUTES_FILTER)

    def _parts(self, start: int, end: int) -> Iterator[_Part]:
        at = start
        while at < end:
            found = self.scan.starts.search(self.source, at, end)
            stop = found.start() if found else end
            if stop > at:
                yield _Part("text", at, stop)
            if found is None:
                return
            construct = self.scan.jinja(stop)
            self._statement(construct)
            at = construct.end
            yield _Part("output" if self._is_output(stop) else "", stop, at)

    def _is_output(self, at: int) -> bool:
        found = self.scan.starts.match(self.source, at)
        return found is not None and found[0] == self.opening

    def _statement(self, construct: Jinja) -> None:
        """Translated blocks: what is shown there has to be a name, so it is guarded where the block begins."""
        if construct.keyword == "trans":
            self._open = construct
        elif construct.keyword == "endtrans" and self._open is not None:
            opening, closing = self.scan.statement
            start, end = self._inside(self._open.start + len(opening), self._open.end - len(closing))
            self.trans.append((self.source.index("trans", start) + len("trans"), end, construct.start))
            self._open = None

    # Calls

    def _guard(self, start: int, end: int, filter_name: str, arguments: str = "") -> None:
        start, end = self._inside(start + len(self.opening), end - len(self.closing))
        if not self._is_trusted(self.source[start:end]):
            line = self.source.count("\n", 0, start) + 1
            place = f"place={f'{self.name}, line {line}'!r}"
            call = f"{filter_name}({', '.join(filter(None, (arguments, place)))})"
            self.calls.setdefault((start, end), []).append(call)

    def _inside(self, start: int, end: int) -> tuple[int, int]:
        """The code without the signs that control white space."""
        start += self.source[start] in "+-"
        return start, end - (end > start and self.source[end - 1] in "+-")

    def _is_trusted(self, expression: str) -> bool:
        """Whether all that it can become stands in the template, or has been guarded; what is wrong is Jinja2's."""
        try:
            parser = Parser(self.environment, "", state="variable")
            parser.stream = self.environment.lexer.tokenize(expression, state="variable")
            node = parser.parse_tuple()
        except jinja2.TemplateSyntaxError:
            return True
        return not parser.stream.eos or _is_constant(node) or (isinstance(node, nodes.Filter) and node.name in _GUARDED)

    def _edits(self) -> Iterator[Edit]:
        bound: dict[tuple[int, int, int], dict[str, list[str]]] = {}
        for (start, end), calls in self.calls.items():
            code, filters = self.source[start:end], "|".join(calls)
            block = next((block for block in self.trans if block[1] <= start < block[2]), None)
            if block is None:
                yield start, end, f" ({code})|{filters} "
            elif code.strip().isidentifier():
                known = bound.setdefault(block, {}).setdefault(code.strip(), [])
                known += [call for call in calls if call not in known]
        for block, names in bound.items():
            given = {name: "|".join(calls) for name, calls in names.items()}
            yield from header_edits(self.environment, self.source, block[0], block[1], given)


def _is_constant(node: nodes.Node | None) -> bool:
    if isinstance(node, nodes.CondExpr):
        return _is_constant(node.expr1) and _is_constant(node.expr2)
    return node is None or isinstance(node, nodes.Const)
