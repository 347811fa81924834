"""A block is built by attempts: what can't be split is made opaque or written otherwise, then it starts again.

It owns the loop around the builder and the answer to each fault: balanced branches, an opaque region, or the news that
whatever encloses the block must give way. It never looks at HTML. The compiler calls `build`; so does the builder, for
the blocks inside.
"""

from __future__ import annotations

from typing import Final

from livets.render.balancing import balanced
from livets.render.builder import Builder
from livets.render.changing import wrap_changing
from livets.render.draft import Frame
from livets.render.faults import Torn, Unbalanced
from livets.render.inlining import MAX_EXPANSIONS
from livets.render.items import Item, Opaque, unfold
from livets.render.lines import OpaquePart, file_of
from livets.render.markup import Hard
from livets.render.names import Names
from livets.render.plans import BlockPlan, Context
from livets.render.regions import wrap
from livets.render.verify import verify

_LEFT_OPEN: Final = "is not closed before"
"""A reason that stays when the region has to grow: all that follows is because of it."""
_MENDED: Final = 10
"""What a mended branch counts for among the expansions: what follows it is written twice."""


def build(context: Context, items: list[Item], names: Names, around: Frame, *, root: bool = False) -> BlockPlan:
    """The plan of a block. Raises Unbalanced when even its whole content can't be one block."""
    items = wrap_changing(unfold(items), context.changers)
    names_at_start = names
    opaque = len(context.findings.opaque)
    while True:
        del context.findings.opaque[opaque:]
        builder = Builder(context, items, names_at_start, around, build, root=root)
        try:
            plan = builder.run()
            is_everything = root and len(items) == 1 and isinstance(items[0], Opaque)
            fault = None if is_everything else verify(plan)
            if fault is not None:
                fault.reason = builder.left_open or fault.reason
                raise fault
        except Hard as hard:
            items = _soften(context, items, hard, root=root)
            continue
        context.findings.opaque += [
            OpaquePart(file_of(item.lineno, context.name), int(item.lineno), item.reason)
            for item in items
            if isinstance(item, Opaque)
        ]
        return plan


def _soften(context: Context, items: list[Item], hard: Hard, *, root: bool) -> list[Item]:
    index = min(hard.index, len(items) - 1)
    if isinstance(hard, Torn) and context.findings.expansions < MAX_EXPANSIONS:
        context.findings.expansions += _MENDED
        mended = balanced(items, index, is_steady=hard.is_steady)
        if mended is not None:
            return mended
    grown = items[index] if items else None
    reason = grown.reason if isinstance(grown, Opaque) and _LEFT_OPEN in grown.reason else hard.reason
    enclosing = hard.enclosing or isinstance(grown, Opaque)
    wrapped = wrap(items, index, index, reason, enclosing=enclosing) if items else None
    if wrapped is not None:
        return wrapped
    if not root or (len(items) == 1 and isinstance(items[0], Opaque)):
        raise Unbalanced(hard.reason)
    lineno = items[index].lineno
    return [Opaque(items, [], lineno, reason)]
