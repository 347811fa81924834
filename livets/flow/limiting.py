"""Pools and rates by name: those of the runtime, those that a workflow brings for all its runs, one for each value.

Owned by FlowRuntime; asked by executions when a node with `pool` or `rate` is prepared. Takes no places itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from livets.engine.limits import Limiter, Pool, RateLimit
from livets.flow.compiled import CompiledWorkflow

MAX_LIMITERS = 10_000
"""When there are more limits by value, those that nobody uses are forgotten."""


class Limiters:
    """All limiters of one runtime; `pools` are shared by every workflow that names them."""

    def __init__(self, pools: Mapping[str, int]) -> None:
        self._known: dict[tuple[str, ...], Limiter] = {("pool", name): Pool(limit) for name, limit in pools.items()}

    def find(self, compiled: CompiledWorkflow, kind: str, name: str, by: str) -> Limiter:
        """The pool or rate of that name: of the runtime, else of this workflow in all its runs; one for each `by`."""
        shared = self._known.get((kind, name))
        if shared is not None and not by:
            return shared
        key = (kind, name, "" if shared is not None else compiled.head.id, by)
        if key not in self._known:
            if by and len(self._known) > MAX_LIMITERS:
                self._known = {k: one for k, one in self._known.items() if len(k) < 4 or not one.idle}
            settings = compiled.head.settings
            if kind == "rate":
                rate = settings.rates[name]
                self._known[key] = RateLimit(rate.per_second, rate.burst)
            else:
                self._known[key] = Pool(shared.limit if isinstance(shared, Pool) else settings.pools[name])
        return self._known[key]
