"""The slots of one start tag: a value, or the region where attributes come and go.

It owns how attributes become slots. It never looks at text or ranges. The builder calls it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from livets.render.draft import Draft
from livets.render.entities import SVG_ATTRIBUTES, decode_attribute, may_continue
from livets.render.items import Branches, Item, Loop, Static, Value
from livets.render.markup import Hard, Piece
from livets.render.tags import Attribute, Tag
from livets.wire import SlotKind


def attribute_slots(
    draft: Draft,
    tag: Tag,
    path: list[int],
    index: int,
    implied: tuple[str, list[Item]] | None,
    model: str | None,
) -> None:
    """Write the tag's source and HTML, and a slot for each dynamic value and for the region."""
    seen: set[str] = set()
    draft.emit(tag.open)
    for attribute in tag.attributes:
        if not attribute.dynamic:
            text = "".join(str(part) for part in attribute.parts)
            draft.emit(f"{attribute.lead}{text}{attribute.tail}")
        else:
            if attribute.name in seen or attribute.name.startswith("xlink:"):
                raise Hard(index_of(attribute.parts, index), f"the attribute {attribute.name} twice", enclosing=True)
            _value(draft, attribute, path, index, tag, model)
        seen.add(attribute.name)
    if implied is not None and implied[0] == "value":
        parts: list[Piece] = [(item, index) for item in implied[1]]
        _value(draft, Attribute("value", ' value="', parts, '"'), path, index, tag, model)
    region = list(tag.region)
    candidates = list(tag.candidates)
    if implied is not None and implied[0] in ("checked", "selected"):
        region += [(item, index) for item in implied[1]]
        candidates.append(implied[0])
    if region:
        draft.emit(tag.region_lead)
        slot = draft.slot(SlotKind.ATTRS, path, index_of(region, index), [_item(part) for part in region])
        slot.tag = tag.name
        slot.raw, slot.candidates, slot.taken, slot.told = True, sorted(candidates), frozenset(seen), tag.told
        slot.svg = draft.stack[-1].inner_space == "svg" or tag.name == "svg"
        if slot.svg:
            slot.candidates = [SVG_ATTRIBUTES.get(name, name) for name in slot.candidates]
        slot.bound = model if model and {"value", "checked", "selected"} & set(candidates) else None
        draft.source.append(len(draft.slots) - 1)
        draft.emit(tag.close)
    else:
        draft.emit(tag.region_lead + tag.close)


def index_of(parts: list[Piece], otherwise: int) -> int:
    """The index of the first item among the parts."""
    return next((part[1] for part in parts if not isinstance(part, str)), otherwise)


def _item(part: Piece) -> Item:
    return Static(part, 1) if isinstance(part, str) else part[0]


def _value(draft: Draft, attribute: Attribute, path: list[int], index: int, tag: Tag, model: str | None) -> None:
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
    sites = [*_sites(middle)]
    if any((site, attribute.tail) in draft.context.promoted for site in sites):
        raise Hard(
            index_of(parts, index), f"markup with a {attribute.tail} in it, which ends the attribute", enclosing=True
        )
    slot = draft.slot(SlotKind.ATTR, path, index_of(parts, index), middle)
    slot.raw = raw or draft.is_raw(middle)
    slot.ends = (sites[0], attribute.tail) if slot.raw and sites and attribute.tail else None
    slot.attribute, slot.tag = attribute.name, tag.name
    if draft.stack[-1].inner_space == "svg" or tag.name == "svg":
        slot.attribute = SVG_ATTRIBUTES.get(attribute.name, attribute.name)
    slot.prefix, slot.suffix = decode_attribute(prefix), decode_attribute(suffix)
    slot.bound = model if attribute.name in ("value", "checked") else None
    draft.source += [lead, len(draft.slots) - 1, tail]


def _sites(items: Iterable[Item]) -> Iterator[int]:
    """The numbers of all outputs."""
    for item in items:
        match item:
            case Value():
                yield item.site
            case Branches():
                yield from (site for body in item.bodies for site in _sites(body))
            case Loop():
                yield from _sites([*item.body, *item.orelse])
            case _:
                pass
