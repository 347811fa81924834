"""Ranges between nodes: HTML that comes as a whole, branches, rows of a loop.

It owns which slot each of them becomes, and what keeps it from being one. It never looks at tags: the blocks inside
are built by the builder again. The builder calls it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from jinja2 import nodes

from livets.render.balancing import into_the_tag
from livets.render.faults import Torn, Unbalanced
from livets.render.items import Branches, Define, Item, Loop, definitions, fold, to_nodes, unfold
from livets.render.loops import find_key, has_controls, ranged, row_fault, target_names
from livets.render.markup import Hard
from livets.render.mentions import mentioned
from livets.render.names import Definition, Names, reads
from livets.render.plans import SlotPlan
from livets.render.runs import Run
from livets.wire import SlotKind

_NO_KEY: Final = (
    "the rows of this loop have form controls and no key: what was typed stays at its position when rows come and go; "
    'give the row\'s element a key: ts-key="{{ row.id }}", or "{{ row }}" if rows are texts'
)


def write_html(draft: Run, parts: list[Item], index: int) -> SlotPlan:
    """HTML as a whole: an HTML slot."""
    trims = draft.check_newline(parts, index)
    draft.flush()
    slot = draft.slot(SlotKind.HTML, draft.path(), index, parts)
    _note_controls(draft, slot)
    draft.open_range()
    draft.may_trim = trims
    return slot


def _note_controls(draft: Run, slot: SlotPlan) -> None:
    """Bound fields and handlers that only the HTML of the slot names, or a macro that it may call."""
    chain = [at.entry for at in slot.names] if slot.reads.volatile else slot.reads.chain
    called: list[nodes.Node] = [entry.node for entry in chain if isinstance(entry, Definition)]
    found = mentioned(draft.context.environment, [*called, *to_nodes(slot.parts)])
    slot.models = frozenset(found.models)
    slot.reads.names |= found.models
    draft.context.findings.models |= found.models
    draft.context.findings.handlers |= found.handlers


def write_branches(draft: Run, item: Branches, index: int) -> None:
    """Blocks of which one shows: an IF slot. Raises Hard or Torn."""
    exported = definitions([item])
    written = [body for body in item.bodies if any(not isinstance(part, Define) for part in body)]
    if not written and item.bodies:
        draft.export(exported)
        return
    trims = draft.check_newline([item], index)
    draft.flush()
    found = reads(draft.context.environment, draft.names, item.tests)
    if not found.plain:
        raise Hard(index, "a condition that needs a macro or an import", enclosing=False)
    blocks = []
    path = draft.path()
    for body in item.bodies:
        try:
            blocks.append(draft.block(body, draft.names))
        except Unbalanced as error:
            raise Torn(index, str(error), is_steady=not found.volatile) from None
    slot = draft.slot(SlotKind.IF, path, index, [])
    slot.tests, slot.blocks, slot.reads, slot.lineno = item.tests, blocks, found, item.lineno
    draft.open_range()
    draft.may_trim = trims
    draft.export(exported)


def write_rows(draft: Run, item: Loop, index: int) -> None:
    """Rows, and what shows when there are none: a FOR slot, and an IF slot for the latter. Raises Hard."""
    trims = draft.check_newline([item], index)
    draft.flush()
    targets = target_names(item.target)
    inner = draft.names.row(targets)
    sources = [item.source]
    found = reads(draft.context.environment, draft.names, sources)
    if item.test is not None:
        test_reads = reads(draft.context.environment, draft.names.row(targets, loop=False), [item.test])
        found.names |= test_reads.names
        found.volatile |= test_reads.volatile
        found.plain &= test_reads.plain
        found.positional |= test_reads.positional
    if not found.plain:
        raise Hard(index, "a loop whose source needs a macro or an import", enclosing=False)
    opaque = len(draft.context.findings.opaque)
    try:
        row = draft.block(item.body, inner)
        orelse = draft.block(item.orelse, draft.names) if item.orelse else None
    except Unbalanced as error:
        raise Hard(index, str(error), enclosing=True) from None
    is_ranged = row_fault(row) is not None
    if is_ranged:
        merged = _row_of_one_element(draft, item, inner)
        if merged is not None:
            del draft.context.findings.opaque[opaque:]
            draft.items[index] = merged
            write_rows(draft, merged, index)
            return
        row = ranged(row, inner, item.lineno, index)
    slot = draft.slot(SlotKind.FOR, draft.path(), index, [])
    slot.loop, slot.blocks, slot.reads, slot.row_names, slot.lineno = item, [row], found, inner, item.lineno
    slot.ranged = is_ranged
    find_key(slot, inner)
    if slot.key is None and has_controls(row):
        draft.advise(item.lineno, _NO_KEY)
    draft.open_range()
    if orelse is not None:
        other = draft.slot(SlotKind.IF, draft.path(), index, [])
        other.empty_of, other.blocks, other.reads = item, [orelse], found
        draft.open_range()
    draft.may_trim = trims


def _row_of_one_element(draft: Run, item: Loop, inner: Names) -> Loop | None:
    """The loop with a condition that is around its row's element, in every branch the same, put into the tag."""
    body = unfold(item.body)
    for place, part in enumerate(body):
        if isinstance(part, Branches) and not reads(draft.context.environment, inner, part.tests).volatile:
            merged = into_the_tag(part)
            if merged is not None:
                body[place : place + 1] = merged
                return replace(item, body=fold(body))
    return None
