"""transform.rename: gives fields of an object (or of each in an array) other names."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node
from livets.flow.records import MISSING, each, get, put, remove


class RenameFields(Node):
    """Moves each field named in `fields` (old path to new path); all at once, so two names can be swapped.

    A field that is not there is passed over, or fails with the kind "missing" when `strict`.
    """

    type = "transform.rename"

    class Config(msgspec.Struct):
        fields: dict[str, str]
        strict: bool = False

    class Inputs(msgspec.Struct):
        value: dict[str, Any] | list[Any]

    class Outputs(msgspec.Struct):
        out: dict[str, Any] | list[Any]

    async def execute(self, ctx: NodeContext) -> Any:
        def changed(record: dict[str, Any]) -> dict[str, Any]:
            found = {old: get(record, old, MISSING) for old in self.config.fields}
            gone = [old for old, value in found.items() if value is MISSING]
            if gone and self.config.strict:
                raise NodeError(f"there is no field {', '.join(map(repr, gone))}", "missing", retryable=False)
            for old in found:
                record = remove(record, old)
            for old, value in found.items():
                if value is not MISSING:
                    record = put(record, self.config.fields[old], value)
            return record

        return each(ctx.inputs["value"], changed)
