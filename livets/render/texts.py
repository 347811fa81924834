"""The slot of a run of text: one text node, of which perhaps a part is dynamic.

It owns what of a run is prefix, value and suffix. It never looks at elements. The builder calls it.
"""

from __future__ import annotations

from livets.render.draft import Draft
from livets.render.entities import decode_text, may_continue
from livets.render.items import Branches, Define, Item, Loop, Static, Value, to_nodes
from livets.render.markup import LITERAL, RCDATA, Hard
from livets.render.names import Names, Reads, loads, reads
from livets.render.outputs import is_html, is_json
from livets.render.plans import SlotPlan
from livets.wire import SlotKind

Part = str | tuple[Item, int]


def write_run(draft: Draft, parts: list[Part], seen: list[Names], *, newline: bool) -> None:
    """Write a run; `seen`: the names at each item of it, `newline`: a parser drops a line end before it."""
    places = [number for number, part in enumerate(parts) if not isinstance(part, str)]
    if not places:
        source = str(parts[0])
        draft.emit(source)
        draft.count("#space" if not source.strip(" \t\n\r\f") else "#text")
        return
    literal = draft.stack[-1].tag in LITERAL and not draft.stack[-1].space
    if literal:
        _check_literal(draft, [part for part in parts if not isinstance(part, str)], draft.stack[-1].tag)
    first, last = places[0], places[-1]
    prefix = str(parts[0]) if first else ""
    suffix = str(parts[-1]) if last + 1 < len(parts) else ""
    raw = literal or any(isinstance(part, str) and may_continue(part) for part in parts[:last])
    if (raw and not literal) or (newline and first == 0 and suffix.startswith("\n")):
        raw, first, last, prefix, suffix = True, 0, len(parts) - 1, "", ""
    middle: list[Item] = [Static(part, 1) if isinstance(part, str) else part[0] for part in parts[first : last + 1]]
    index = next(part[1] for part in parts if not isinstance(part, str))
    slot = draft.slot(SlotKind.TEXT, draft.path(), index, middle)
    _give_names(draft, slot, middle, seen)
    slot.raw, slot.literal = raw or draft.is_raw(middle), literal
    slot.promotes = draft.stack[-1].tag not in RCDATA or bool(draft.stack[-1].space)
    slot.prefix, slot.suffix = (prefix, suffix) if literal else (decode_text(prefix), decode_text(suffix))
    slot.trims_newline = newline and first == 0 and not prefix
    if draft.stack[-1].tag == "textarea":
        slot.bound = draft.stack[-1].model
    draft.source += [prefix, len(draft.slots) - 1, suffix]
    draft.html.append(f"{prefix}x{suffix}")
    draft.count("#text")


def _check_literal(draft: Draft, parts: list[tuple[Item, int]], tag: str) -> None:
    """Raises Hard where something could end the element: markup in values, end tags in branches."""
    for item, index in parts:
        inside: list[Item] = []
        match item:
            case Static():
                if f"</{tag}" in item.text.lower():
                    raise Hard(index, f"</{tag}> in a branch", enclosing=True)
            case Value():
                is_markup = item.site in draft.context.promoted or is_html(item.node, draft.names)
                if is_markup and not is_json(item.node):
                    raise Hard(index, f"markup inside <{tag}>", enclosing=True)
            case Branches():
                inside = [part for body in item.bodies for part in body]
            case Loop():
                inside = [*item.body, *item.orelse]
            case Define():
                pass
            case _:
                raise Hard(index, f"a statement inside <{tag}>", enclosing=True)
        _check_literal(draft, [(part, index) for part in inside], tag)


def _give_names(draft: Draft, slot: SlotPlan, middle: list[Item], seen: list[Names]) -> None:
    """The names that the parts see: the same for all of them, or each its own (a macro that is called twice)."""
    environment = draft.context.environment
    common = _common_names(middle, seen)
    if common is not None:
        slot.names = common
        slot.reads = reads(environment, common, to_nodes(middle))
        return
    every = iter(seen)
    slot.part_names = [slot.names if isinstance(part, Static) else next(every) for part in middle]
    slot.reads = Reads(set(), set(), False, [], True, False)
    for part, names in zip(middle, slot.part_names, strict=True):
        slot.reads.add(reads(environment, names, to_nodes([part])))
    if not slot.reads.plain:
        raise Hard(slot.item, "a name set twice within one text", enclosing=True)


def _common_names(middle: list[Item], seen: list[Names]) -> Names | None:
    """The names under which every part of a text run means what it says."""
    items = [part for part in middle if not isinstance(part, Static)]
    needed = [{name for node in to_nodes([item]) for name in loads(node)} for item in items]
    for names in reversed(seen):
        if all(
            _entry(names, name) is _entry(own, name) for own, read in zip(seen, needed, strict=True) for name in read
        ):
            return names
    return None


def _entry(names: Names, name: str) -> object:
    place = names.find(name)
    return place.entry if place is not None else None
