"""transform.select: keeps some fields of an object (or of each in an array), or drops some."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.node import Node
from livets.flow.records import MISSING, each, get, put, remove


class SelectFields(Node):
    """Keeps the fields at the paths in `keep` (in that order), or all but those in `drop`; missing is no error."""

    type = "transform.select"

    class Config(msgspec.Struct):
        keep: list[str] = []
        drop: list[str] = []

        def __post_init__(self) -> None:
            if bool(self.keep) == bool(self.drop):
                raise ValueError("give keep or drop, one of the two")

    class Inputs(msgspec.Struct):
        value: dict[str, Any] | list[Any]

    class Outputs(msgspec.Struct):
        out: dict[str, Any] | list[Any]

    async def execute(self, ctx: NodeContext) -> Any:
        def changed(record: dict[str, Any]) -> dict[str, Any]:
            if self.config.drop:
                for path in self.config.drop:
                    record = remove(record, path)
                return record
            new: dict[str, Any] = {}
            for path in self.config.keep:
                value = get(record, path, MISSING)
                if value is not MISSING:
                    new = put(new, path, value)
            return new

        return each(ctx.inputs["value"], changed)
