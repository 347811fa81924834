"""transform.json_stringify: a value to JSON text."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.encoding import to_plain
from livets.engine.errors import NodeError
from livets.engine.node import Node
from livets.engine.values import Json


class JsonStringify(Node):
    """Writes `value` as JSON text, `indent` spaces deep (0: on one line), with `sort_keys` in one order.

    Bytes and Numbers that JSON lacks (nan, inf) fail, unless `tagged` writes them as `{"$bytes": ...}` and the like.
    """

    type = "transform.json_stringify"

    class Config(msgspec.Struct):
        indent: int = 0
        sort_keys: bool = False
        tagged: bool = False

    class Inputs(msgspec.Struct):
        value: Any

    class Outputs(msgspec.Struct):
        out: str

    async def execute(self, ctx: NodeContext) -> Any:
        value = ctx.inputs["value"]
        plain = to_plain(value) if self.config.tagged else as_json(value)
        text = msgspec.json.encode(plain, order="sorted" if self.config.sort_keys else None)
        return (msgspec.json.format(text, indent=self.config.indent) if self.config.indent else text).decode()


def as_json(value: Any) -> Any:
    """Return `value` with Json opened up; raises NodeError for what JSON cannot say."""
    kind = type(value)
    if kind is Json:
        return value.data
    if kind is list:
        return [as_json(item) for item in value]
    if kind is dict:
        return {key: as_json(item) for key, item in value.items()}
    if kind is float and not math.isfinite(value):
        raise NodeError(f"JSON has no {value!r}: replace it first, or set tagged", "json", retryable=False)
    if kind not in (type(None), bool, int, float, str):
        raise NodeError(f"JSON has no {kind.__name__}: encode it first, or set tagged", "json", retryable=False)
    return value
