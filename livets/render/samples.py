"""What slots and blocks may look like before anything is rendered: their own text, `x` for what is not known.

It owns the choice among branches: one sample for each, so that together they show all that is written. It never
parses. `verify` holds each sample against a parser.
"""

from __future__ import annotations

from collections.abc import Iterable

from jinja2 import nodes

from livets.render.balancing import effect
from livets.render.items import Branches, Item, Loop, Opaque, Scoped, Static, Value, to_nodes
from livets.render.names import Definition
from livets.render.plans import BlockPlan, SlotPlan
from livets.render.walk import every
from livets.wire import SlotKind


def contents(slot: SlotPlan) -> set[str]:
    """What an HTML slot may hold: of several branches each in turn."""
    called = _called(slot)
    return {_content(slot, called, pick) for pick in range(max(_branches(slot.parts), _widest(called)))}


def samples(plan: BlockPlan) -> set[str]:
    """What a block may look like: of several branches each in turn."""
    return {sample(plan, pick) for pick in range(_depth(plan))}


def _content(slot: SlotPlan, called: list[nodes.Node], pick: int) -> str:
    return statics(slot.parts, pick) + _text(called, pick)


def _called(slot: SlotPlan) -> list[nodes.Node]:
    """The macros and set blocks that write a part of the slot; only HTML is not known without them."""
    if slot.kind is not SlotKind.HTML:
        return []
    if slot.called is None:
        slot.called = _found(slot)
    return slot.called


def _found(slot: SlotPlan) -> list[nodes.Node]:
    found: list[nodes.Node] = [entry.node for entry in slot.reads.chain if isinstance(entry, Definition)]
    for part in to_nodes(slot.parts):
        found += [each for each in every(part)[1:] if isinstance(each, nodes.Macro | nodes.AssignBlock)]
    return found + _imported(slot)


def _imported(slot: SlotPlan) -> list[nodes.Node]:
    """Imported macros that it calls, and those that they call."""
    inside = [*to_nodes(slot.parts), *(entry.node for entry in slot.reads.chain if isinstance(entry, Definition))]
    everything = [found for node in inside for found in every(node)]
    called = {name.name for name in everything if isinstance(name, nodes.Name)}
    called |= {attribute.attr for attribute in everything if isinstance(attribute, nodes.Getattr)}
    aliases = [entry.aliases for entry in slot.reads.chain if isinstance(entry, Definition) and entry.aliases]
    return [macro for found in aliases for name, macros in found.written.items() if name in called for macro in macros]


def statics(items: list[Item], pick: int) -> str:
    """What an opaque region may look like: its own text, `x` for what is not known, the branches number `pick`."""
    text = ""
    for item in items:
        match item:
            case Static():
                text += item.text
            case Value():
                text += "" if item is items[0] and len(items) == 1 else "x"
            case Branches():
                text += statics(item.bodies[min(pick, len(item.bodies) - 1)], pick)
            case Loop():
                text += statics(item.orelse if pick and item.orelse else item.body, pick)
            case Scoped():
                text += statics(item.body, pick)
            case Opaque():
                text += statics(item.body, pick) or _text(item.raw, pick)
            case _:
                pass
    return text


def _text(body: Iterable[nodes.Node], pick: int) -> str:
    """The text of statements; of branches that open and close the same elements number `pick`, else all of them."""
    text = ""
    for node in body:
        match node:
            case nodes.TemplateData():
                text += node.data
            case nodes.If():
                written = [node.body, *(branch.body for branch in node.elif_), node.else_]
                branches = [_text(branch, pick) for branch in written]
                text += branches[min(pick, len(branches) - 1)] if _are_alike(branches) else "".join(branches)
            case _:
                text += _text(node.iter_child_nodes(), pick)
    return text


def _are_alike(branches: list[str]) -> bool:
    effects = {effect([Static(branch, 1)]) for branch in branches}
    return len(effects) == 1 and None not in effects


def _widest(body: list[nodes.Node]) -> int:
    """How many branches the widest condition in statements has."""
    conditions = [found for node in body for found in every(node) if isinstance(found, nodes.If)]
    return max([1, *(len(condition.elif_) + 2 for condition in conditions)])


def sample(plan: BlockPlan, pick: int = 0) -> str:
    """The block with its ranges filled by what they may show: of several branches number `pick`, or the last."""
    return plan.html(
        {
            number: sample(slot.blocks[min(pick, len(slot.blocks) - 1)], pick)
            if slot.blocks
            else _content(slot, _called(slot), pick)
            for number, slot in enumerate(plan.slots)
            if slot.blocks or slot.kind is SlotKind.HTML
        }
    )


def _depth(plan: BlockPlan) -> int:
    """How many branches the widest condition inside has: so many samples show them all."""
    inner = [_depth(block) for slot in plan.slots for block in slot.blocks]
    widths = [max(len(slot.blocks), _branches(slot.parts), _widest(_called(slot))) for slot in plan.slots]
    return max([1, *inner, *widths])


def _branches(items: list[Item]) -> int:
    """The same for items."""
    widest = 1
    for item in items:
        match item:
            case Branches():
                widest = max(widest, len(item.bodies), *(_branches(body) for body in item.bodies))
            case Loop():
                widest = max(widest, 2 if item.orelse else 1, _branches(item.body), _branches(item.orelse))
            case Scoped():
                widest = max(widest, _branches(item.body))
            case Opaque():
                widest = max(widest, _branches(item.body), _widest(item.raw))
            case _:
                pass
    return widest
