"""One start tag: its static attributes, its dynamic values, and the region where attributes come and go.

It owns the grammar inside `<...>`. It never evaluates and never builds a tree. The builder calls it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from jinja2 import nodes

from livets.render import directives_values
from livets.render.entities import decode_attribute, parse_attributes
from livets.render.items import Branches, Item, Loop, Mark, Opaque, Static, Value
from livets.render.markup import Hard, Piece
from livets.render.told_names import told_names
from livets.render.values import Site

_SPACE: Final = " \t\n\r\f"


@dataclass(slots=True)
class Attribute:
    """One attribute. `lead` is the source before the value, `tail` its closing quote."""

    name: str
    lead: str
    parts: list[Piece]
    tail: str

    @property
    def dynamic(self) -> bool:
        """True when the value has something dynamic in it."""
        return any(not isinstance(part, str) for part in self.parts)

    @property
    def static(self) -> str:
        """The decoded value of a static attribute."""
        return decode_attribute("".join(part for part in self.parts if isinstance(part, str)))


@dataclass(slots=True)
class Tag:
    """A start tag in order: attributes, then (perhaps) a region of which only the names are known."""

    name: str
    open: str = ""
    """`<name`, as written."""
    attributes: list[Attribute] = field(default_factory=list)
    region: list[Piece] = field(default_factory=list)
    region_lead: str = ""
    candidates: list[str] = field(default_factory=list)
    told: int | None = None
    """The number of the region when only rendering tells its names."""
    close: str = ">"

    def static(self, name: str) -> str | None:
        """The value of a static attribute, None when there is none."""
        return next((a.static for a in self.attributes if a.name == name and not a.dynamic), None)

    def has(self, name: str) -> bool:
        """True when an attribute of this name may be there."""
        return any(a.name == name for a in self.attributes) or name in self.candidates


def parse_tag(name: str, pieces: list[Piece], told: Collection[Site] = ()) -> Tag:
    """The parts of a start tag; `told`: what rendering has told. Raises Hard when names can't be known."""
    tag = Tag(name.lower())
    last = pieces[-1]
    assert isinstance(last, str)
    close = "/>" if last.endswith("/>") else ">"
    pieces = [*pieces[:-1], last[: -len(close)]]
    last_item = pieces[-2] if len(pieces) > 1 and pieces[-1] == "" else ""
    if close == "/>" and not isinstance(last_item, str) and not _starts_with_space(last_item[0]):
        raise Hard(last_item[1], "no space before />, which may belong to an unquoted value", enclosing=True)
    tag.close = close
    reader = _Reader(tag, pieces, told)
    reader.read()
    return tag


class _Reader:
    def __init__(self, tag: Tag, pieces: list[Piece], told: Collection[Site]) -> None:
        self.tag = tag
        self.told = told
        self.pieces = pieces
        self.state = "gap"
        self.source = ""  # not yet given to an attribute
        self.name_at = 0
        self.lead = ""
        self.parts: list[Piece] = []

    def read(self) -> None:
        first = self.pieces[0]
        assert isinstance(first, str)
        skip = 1 + len(self.tag.name)
        self.tag.open = first[:skip]
        for number, piece in enumerate(self.pieces):
            if isinstance(piece, str):
                self._static(piece[skip:] if number == 0 else piece)
            elif self.state in ("double", "single"):
                check_quoted(piece, '"' if self.state == "double" else "'")
                self.parts.append(piece)
            else:
                self._region(number)
                return
        self._flush()
        self.tag.region_lead = self.source

    def _flush(self) -> None:
        """What is pending is a complete attribute (if it is one at all)."""
        if self.state in ("name", "after", "before", "plain"):
            self._attribute("")
        self.state = "gap"

    def _attribute(self, tail: str) -> None:
        if self.state in ("name", "after"):
            self.lead, self.parts = self.source, []
        name = self.lead[self.name_at :].rstrip(_SPACE + "\"'")
        name = name.removesuffix("=").rstrip(_SPACE).lower()
        self.tag.attributes.append(Attribute(name, self.lead, self.parts, tail))
        self.source, self.parts = "", []

    def _static(self, text: str) -> None:
        for char in text:
            getattr(self, f"_{self.state}")(char)

    def _gap(self, char: str) -> None:
        if char not in _SPACE and char != "/":
            self.name_at = len(self.source)
            self.state = "name"
        self.source += char

    def _name(self, char: str) -> None:
        if char == "=" and len(self.source) > self.name_at:
            self.state = "before"
        elif char in _SPACE:
            self.state = "after"
        elif char == "/":
            self._attribute("")
            self.state = "gap"
        self.source += char

    def _after(self, char: str) -> None:
        if char == "=":
            self.state = "before"
        elif char not in _SPACE:
            trimmed = self.source.rstrip(_SPACE)
            spaces = self.source[len(trimmed) :]
            self.source = trimmed
            self._attribute("")
            self.source, self.state = spaces, "gap"
            self._gap(char)
            return
        self.source += char

    def _before(self, char: str) -> None:
        if char in "\"'":
            self.state = "double" if char == '"' else "single"
            self.lead, self.source, self.parts = self.source + char, "", []
        elif char not in _SPACE:
            self.state = "plain"
            self.lead, self.source, self.parts = self.source, "", [char]
        else:
            self.source += char

    def _double(self, char: str) -> None:
        self._quoted(char, '"')

    def _single(self, char: str) -> None:
        self._quoted(char, "'")

    def _quoted(self, char: str, quote: str) -> None:
        if char == quote:
            self._attribute(quote)
            self.state = "gap"
        else:
            self._grow(char)

    def _plain(self, char: str) -> None:
        if char in _SPACE:
            self._attribute("")
            self.state = "gap"
            self.source = char
        else:
            self._grow(char)

    def _grow(self, char: str) -> None:
        last = self.parts[-1] if self.parts else None
        if isinstance(last, str):
            self.parts[-1] = last + char
        else:
            self.parts.append(char)

    def _region(self, number: int) -> None:
        """From here on only names are known: everything to the end of the tag is one slot."""
        rest = self.pieces[number:]
        if self.state in ("gap", "after"):
            if self.state == "after":
                trimmed = self.source.rstrip(_SPACE)
                spaces, self.source = self.source[len(trimmed) :], trimmed
                self._attribute("")
                self.source = spaces
            lead, before = self.source, ""
            piece = rest[0]
            assert not isinstance(piece, str)
            if not lead and not self.tag.attributes and not _starts_with_space(piece[0]):
                raise Hard(piece[1], "a tag's name that is not constant", enclosing=True)
        elif self.state == "before":
            lead, before = self.source[: self.name_at], self.source[self.name_at :]
        elif self.state == "plain":
            lead, before = self.lead[: self.name_at], self.lead[self.name_at :] + "".join(map(str, self.parts))
        else:
            piece = rest[0]
            assert not isinstance(piece, str)
            if not _starts_with_space(piece[0]):
                raise Hard(piece[1], "the name of an attribute is not constant", enclosing=True)
            self._attribute("")
            lead, before = "", ""
        self.tag.region_lead = lead
        self.tag.region = [before, *rest] if before else rest
        taken = {attribute.name for attribute in self.tag.attributes}
        names = dict.fromkeys(self._names())
        self.tag.candidates = [name for name in names if name not in taken]

    def _names(self) -> list[str]:
        region = self.tag.region
        try:
            return candidate_names(region)
        except Hard:
            items = [part[0] for part in region if not isinstance(part, str)]
            told = None if self.tag.close == "/>" else told_names(items, self.told)
            if told is None:
                raise
            self.tag.told = told[0]
            return told[1]


def check_quoted(piece: Piece, quote: str) -> None:
    """Raises Hard when something inside a quoted value could end it."""
    assert not isinstance(piece, str)
    item, index = piece
    match item:
        case Value():
            return
        case Static():
            if quote in item.text:
                raise Hard(index, "a quote inside a branch ends the attribute", enclosing=True)
        case Branches():
            for body in item.bodies:
                for inner in body:
                    check_quoted((inner, index), quote)
        case Loop():
            for inner in [*item.body, *item.orelse]:
                check_quoted((inner, index), quote)
        case Opaque() | Mark():
            raise Hard(index, "an attribute's value with statements in it", enclosing=True)
        case _:
            raise Hard(index, "an attribute's value with statements in it", enclosing=True)


def candidate_names(parts: list[Piece]) -> list[str]:
    """All names of attributes that a region may write. Raises Hard when they can't be known."""
    names: list[str] = []
    skeleton = ""
    for number, piece in enumerate(parts):
        if isinstance(piece, str):
            skeleton += piece
            continue
        item, index = piece
        quoted, valued = _inside(skeleton)
        if quoted:
            check_quoted(piece, quoted)
            skeleton += "x"
        elif valued and isinstance(item, Value):
            skeleton += "x"
        else:
            alternatives = _alternatives(item, index)
            before = skeleton[-1:] in ("", *_SPACE, '"', "'")
            following = parts[number + 1] if number + 1 < len(parts) else " "
            after = following[:1] in (*_SPACE, "") if isinstance(following, str) else _starts_with_space(following[0])
            for alternative in alternatives:
                text = "".join(part if isinstance(part, str) else "x" for part in alternative)
                if (text and not before and text[0] not in _SPACE) or (text and not after and text[-1] not in _SPACE):
                    raise Hard(index, "attributes that touch each other", enclosing=True)
                names += candidate_names(alternative)
            skeleton += " "
    if _inside(skeleton)[0] or ">" in _outside_quotes(skeleton):
        raise Hard(0, "a branch that ends inside an attribute", enclosing=True)
    return [name for name, _ in parse_attributes(skeleton)] + names


def _inside(source: str) -> tuple[str, bool]:
    """(the open quote or "", True when an unquoted value has begun) at the end of `source`."""
    quote, valued, equals = "", False, False
    for char in source:
        if quote:
            if char == quote:
                quote, valued = "", False
        elif char in "\"'" and equals:
            quote, equals = char, False
        elif char in _SPACE:
            valued = False
        elif char == "=" and not valued:
            equals = True
        else:
            valued, equals = valued or equals, False
    return quote, valued or equals


def _outside_quotes(source: str) -> str:
    quote, kept = "", ""
    for char in source:
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        else:
            kept += char
    return kept


def _alternatives(item: Item, index: int) -> list[list[Piece]]:
    match item:
        case Branches():
            return [
                [inner.text if isinstance(inner, Static) else (inner, index) for inner in body] for body in item.bodies
            ]
        case Value():
            texts = _constants(item.node)
            if texts is not None:
                return [[text] for text in texts]
    raise Hard(index, "attributes whose names are not constant", enclosing=True)


def _constants(node: nodes.Expr) -> list[str] | None:
    match node:
        case nodes.Filter(name=directives_values.ATTRIBUTE_FILTER, args=[nodes.Const() as name]):
            return ["", f" {name.value}"]
        case nodes.Const() | nodes.TemplateData():
            value = node.value if isinstance(node, nodes.Const) else node.data
            text = "" if value is None else str(value)
            return [text] if not set(text) & set("\"'<>&") else None
        case nodes.CondExpr():
            first = _constants(node.expr1)
            second = [""] if node.expr2 is None else _constants(node.expr2)
            return first + second if first is not None and second is not None else None
        case nodes.Filter(name="safe") if node.node is not None:
            return _constants(node.node)
    return None


def _starts_with_space(item: Item) -> bool:
    match item:
        case Branches():
            return all(
                not body or (isinstance(body[0], Static) and body[0].text[:1] in (*_SPACE,)) for body in item.bodies
            )
        case Value(node=nodes.Filter(name="xmlattr", args=[], kwargs=[])):
            return True
        case Value():
            texts = _constants(item.node)
            return texts is not None and all(text[:1] in ("", *_SPACE) for text in texts)
    return False
