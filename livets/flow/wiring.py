"""How the nodes of a table are connected, seen from those that take: a source and a way for each connection.

A way is a pair of forms and ports; a large workflow has few. The soundness check looks at each way once, the compiler
chooses a coercion for each once, and a run reads `sources` and `way_of` as it gathers what a node takes.
"""

from __future__ import annotations

from livets.engine.graph import Plan, packed, picked
from livets.flow.table import Table

Way = tuple[int, int, int, int]
"""From which form and port to which form and port, by number."""


class Wiring:
    """Node n takes from `sources[start[n]:start[n + 1]]`, by the `ways` of these numbers in `way_of`."""

    __slots__ = ("plan", "sources", "start", "way_of", "ways")

    def __init__(self, table: Table) -> None:
        self.plan = plan = Plan(table.graph)
        self.start, edges = plan.in_start, plan.in_edges
        self.sources = picked(plan.edge_source, edges)
        numbers: dict[Way, int] = {}
        form = table.form_of.__getitem__
        rows = zip(
            map(form, self.sources),
            map(plan.edge_source_port.__getitem__, edges),
            map(form, map(plan.edge_target.__getitem__, edges)),
            map(plan.edge_target_port.__getitem__, edges),
            strict=True,
        )
        self.way_of = packed(numbers.setdefault(row, len(numbers)) for row in rows)
        self.ways = list(numbers)
