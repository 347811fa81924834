"""transform.aggregate: groups an array and reckons one object for each group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node
from livets.flow.records import MISSING, get, order_key


def _numbers(values: list[Any]) -> list[Any]:
    wrong = next((value for value in values if type(value) not in (int, float)), MISSING)
    if wrong is not MISSING:
        raise NodeError(f"{wrong!r:.60} is no number: sum and mean take Int and Number", "input", retryable=False)
    return values


FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "count": len,
    "sum": lambda values: sum(_numbers(values)),
    "mean": lambda values: sum(_numbers(values)) / len(values) if values else None,
    "min": lambda values: min(values, key=order_key, default=None),
    "max": lambda values: max(values, key=order_key, default=None),
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
    "list": list,
    "unique": lambda values: [value for place, value in enumerate(values) if value not in values[:place]],
}


class Measure(msgspec.Struct):
    """One field of the result: a function over the values at `path` (null and missing ones are left out)."""

    function: Literal["count", "sum", "mean", "min", "max", "first", "last", "list", "unique"]
    path: str = ""


class Aggregate(Node):
    """Groups `items` by the values at the paths in `by` and gives one object for each group, in order of appearance.

    An object has the grouping fields, and one for each of `measures` (name to function and path). Without `by` there
    is one group, of everything, even of nothing.
    """

    type = "transform.aggregate"

    class Config(msgspec.Struct):
        measures: dict[str, Measure]
        by: list[str] = []

    class Inputs(msgspec.Struct):
        items: list[Any]

    class Outputs(msgspec.Struct):
        out: list[Any]

    async def execute(self, ctx: NodeContext) -> Any:
        groups: dict[Any, tuple[list[Any], list[Any]]] = {}
        for item in ctx.inputs["items"]:
            keys = [get(item, path) for path in self.config.by]
            groups.setdefault(_same(keys), (keys, []))[1].append(item)
        if not self.config.by:
            groups.setdefault(_same([]), ([], []))
        return [self._measured(keys, items) for keys, items in groups.values()]

    def _measured(self, keys: list[Any], items: list[Any]) -> dict[str, Any]:
        found = dict(zip(self.config.by, keys, strict=True))
        for name, measure in self.config.measures.items():
            values = [value for item in items if (value := get(item, measure.path, MISSING)) is not MISSING]
            found[name] = FUNCTIONS[measure.function]([value for value in values if value is not None])
        return found


def _same(keys: list[Any]) -> bytes:
    """What equal keys share; 1, 1.0 and true are three."""
    from livets.engine.encoding import canonical

    return canonical(keys)
