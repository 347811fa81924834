"""transform.set: puts fields into an object, or into each of an array of objects."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.encoding import from_plain
from livets.engine.node import Node
from livets.flow.records import each, get, put


class SetFields(Node):
    """Sets fields by path (`a.b`): `fields` to constants, `copy` from other paths of the same object, in this order.

    Takes an object, or an array of objects, and gives the same with the fields set; nothing else is touched.
    """

    type = "transform.set"

    class Config(msgspec.Struct):
        fields: dict[str, Any] = {}
        copy: dict[str, str] = {}

    class Inputs(msgspec.Struct):
        value: dict[str, Any] | list[Any]

    class Outputs(msgspec.Struct):
        out: dict[str, Any] | list[Any]

    async def initialize(self) -> None:
        self._fields = {path: from_plain(raw) for path, raw in self.config.fields.items()}

    async def execute(self, ctx: NodeContext) -> Any:
        def changed(record: dict[str, Any]) -> dict[str, Any]:
            new = record
            for path, value in self._fields.items():
                new = put(new, path, value)
            for path, source in self.config.copy.items():
                new = put(new, path, get(record, source))
            return new

        return each(ctx.inputs["value"], changed)
