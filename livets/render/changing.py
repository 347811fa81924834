"""Objects that a template makes and then changes: everything from where one is made to its last use is one region.

It owns the question what is changed (`xs.append(x)`, an attribute of a namespace) and which names have to do with it:
those that the object came from, those that are computed from it. A call of a macro changes what it is given when the
macro does: `changers` says which. It never looks at HTML. `attempts` asks it for every block, the builder for every
macro that it writes out.
"""

from __future__ import annotations

from livets.render.changers import Changers, given, mentioned, reached
from livets.render.items import Item, Mark, Static, defined, definitions, to_nodes
from livets.render.regions import wrap_range


def wrap_changing(items: list[Item], changers: Changers) -> list[Item]:
    """The items (unfolded) with a region around the life of each object that changes."""
    found = {number: to_nodes([item]) for number, item in enumerate(items) if not isinstance(item, Static | Mark)}
    changes = {name: why for statements in found.values() for name, why in changers.changes(statements)}
    if not changes:
        return items
    steps = [each for statements in found.values() for each in given(statements)]
    changed = reached({*changes}, steps)  # and what they were made of: a change may be theirs
    onwards = [(read, targets) for targets, read in steps]
    for first in found:
        tainted = reached(changed.intersection(defined(definitions([items[first]]))), onwards)
        last = max(number for number in found if number <= first or tainted & mentioned(found[number]))
        if last > first:  # what one item has for itself is asked again for the block that it becomes
            reason = next(why for name, why in changes.items() if name in tainted)
            return wrap_changing(wrap_range(items, first, last, reason), changers)
    return items
