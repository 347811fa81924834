"""Where the builder stands among elements, and the slots of one start tag.

It owns how attributes become slots. It never looks at text or ranges. The builder calls it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from livets.render.entities import SVG_ATTRIBUTES, decode_attribute, may_continue
from livets.render.items import Item, Static
from livets.render.markup import Hard, Piece
from livets.render.tags import Attribute, Tag
from livets.wire import SlotKind

if TYPE_CHECKING:
    from livets.render.builder import Builder

_HTML_INSIDE_SVG = frozenset({"foreignobject", "desc", "title"})


@dataclass(slots=True)
class Frame:
    """An open element: its place among its siblings, its namespace ("" for HTML), its children so far."""

    tag: str
    index: int
    space: str
    parent: str
    lineno: int = 1
    count: int = 0
    model: str | None = None
    implied: tuple[Item, int] | None = None

    @property
    def inner_space(self) -> str:
        """The namespace of its children."""
        return "" if self.space == "svg" and self.tag in _HTML_INSIDE_SVG else self.space


def attribute_slots(
    builder: Builder,
    tag: Tag,
    path: list[int],
    index: int,
    implied: tuple[str, list[Item]] | None,
    model: str | None,
) -> None:
    """Write the tag's source and HTML, and a slot for each dynamic value and for the region."""
    seen: set[str] = set()
    builder._emit(tag.open)
    for attribute in tag.attributes:
        if not attribute.dynamic:
            text = "".join(str(part) for part in attribute.parts)
            builder._emit(f"{attribute.lead}{text}{attribute.tail}")
        else:
            if attribute.name in seen or attribute.name.startswith("xlink:"):
                raise Hard(index_of(attribute.parts, index), f"the attribute {attribute.name} twice", enclosing=True)
            _value(builder, attribute, path, index, tag, model)
        seen.add(attribute.name)
    if implied is not None and implied[0] == "value":
        parts: list[Piece] = [(item, index) for item in implied[1]]
        _value(builder, Attribute("value", ' value="', parts, '"'), path, index, tag, model)
    region = list(tag.region)
    candidates = list(tag.candidates)
    if implied is not None and implied[0] == "checked":
        region += [(item, index) for item in implied[1]]
        candidates.append("checked")
    if region:
        builder._emit(tag.region_lead)
        slot = builder._slot(SlotKind.ATTRS, path, index_of(region, index), [_item(part) for part in region])
        slot.tag = tag.name
        slot.raw, slot.candidates, slot.taken = True, sorted(candidates), frozenset(seen)
        slot.svg = builder.stack[-1].inner_space == "svg" or tag.name == "svg"
        if slot.svg:
            slot.candidates = [SVG_ATTRIBUTES.get(name, name) for name in slot.candidates]
        slot.bound = model if model and {"value", "checked"} & set(candidates) else None
        builder.source.append(len(builder.slots) - 1)
        builder._emit(tag.close)
    else:
        builder._emit(tag.region_lead + tag.close)


def index_of(parts: list[Piece], otherwise: int) -> int:
    """The index of the first item among the parts."""
    return next((part[1] for part in parts if not isinstance(part, str)), otherwise)


def _item(part: Piece) -> Item:
    return Static(part, 1) if isinstance(part, str) else part[0]


def _value(builder: Builder, attribute: Attribute, path: list[int], index: int, tag: Tag, model: str | None) -> None:
    parts = attribute.parts
    places = [number for number, part in enumerate(parts) if not isinstance(part, str)]
    first, last = places[0], places[-1]
    prefix = "".join(str(part) for part in parts[:first])
    suffix = "".join(str(part) for part in parts[last + 1 :])
    raw = any(isinstance(part, str) and may_continue(part) for part in parts[:last])
    lead, tail = attribute.lead + prefix, suffix + attribute.tail
    if raw:
        first, last, prefix, suffix = 0, len(parts) - 1, "", ""
        lead, tail = attribute.lead, attribute.tail
    middle = [_item(part) for part in parts[first : last + 1]]
    slot = builder._slot(SlotKind.ATTR, path, index_of(parts, index), middle)
    slot.raw = raw or builder._is_raw(middle)
    slot.attribute, slot.tag = attribute.name, tag.name
    if builder.stack[-1].inner_space == "svg" or tag.name == "svg":
        slot.attribute = SVG_ATTRIBUTES.get(attribute.name, attribute.name)
    slot.prefix, slot.suffix = decode_attribute(prefix), decode_attribute(suffix)
    slot.bound = model if attribute.name in ("value", "checked") else None
    builder.source += [lead, len(builder.slots) - 1, tail]
