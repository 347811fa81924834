"""transform.compute: sets fields of an object, or of each of an array, to what expressions find."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.encoding import from_plain
from livets.engine.node import Node
from livets.flow.nodes.json_query import compiled, find
from livets.flow.nodes.json_stringify import as_json
from livets.flow.records import each_one, put

MAX_CHARACTERS = 20_000


class Compute(Node):
    """Sets `fields` (by path) to constants, `compute` to what JMESPath expressions find, in each object of `value`.

    An expression sees `{"item", "index", "others", "paired"}`: the object, its place, the input `others`, and of each
    array in there the item at the same place (the first, when it is of another length). `keep: false` gives the new
    fields alone.
    """

    type = "transform.compute"

    class Config(msgspec.Struct):
        fields: dict[str, Any] = {}
        compute: dict[str, str] = {}
        keep: bool = True

        def __post_init__(self) -> None:
            if any(len(expression) > MAX_CHARACTERS for expression in self.compute.values()):
                raise ValueError(f"an expression may have {MAX_CHARACTERS} characters")

    class Inputs(msgspec.Struct):
        value: dict[str, Any] | list[Any]
        others: dict[str, Any] = {}

    class Outputs(msgspec.Struct):
        out: dict[str, Any] | list[Any]

    async def initialize(self) -> None:
        self._fields = {path: from_plain(raw) for path, raw in self.config.fields.items()}
        self._searches = {path: compiled(expression) for path, expression in self.config.compute.items()}

    async def execute(self, ctx: NodeContext) -> Any:
        value, others = as_json(ctx.inputs["value"]), as_json(ctx.inputs["others"])
        items = value if isinstance(value, list) else [value]
        new = [self._changed(item, place, len(items), others) for place, item in enumerate(items)]
        return new if isinstance(value, list) else new[0]

    def _changed(self, item: Any, place: int, count: int, others: dict[str, Any]) -> dict[str, Any]:
        seen: dict[str, Any] = {"item": item, "index": place, "others": others}
        if others and self._searches:
            seen["paired"] = {name: _at(value, place, count) for name, value in others.items()}

        def change(record: dict[str, Any]) -> dict[str, Any]:
            new = record if self.config.keep else {}
            for path, constant in self._fields.items():
                new = put(new, path, constant)
            for path, search in self._searches.items():
                new = put(new, path, find(search, seen))
            return new

        return each_one(item, change, f"item {place} ")


def _at(value: Any, place: int, count: int) -> Any:
    if not isinstance(value, list):
        return value
    return None if not value else value[place if len(value) == count else 0]
