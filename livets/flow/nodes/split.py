"""transform.split: cuts a value into an array."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node

MAX_PARTS = 1_000_000


class Split(Node):
    """Cuts an array, a String or Bytes into parts of `size`, a String at `separator`, an object into `[key, value]`.

    Of an array each part is an array; the last part may be shorter. `separator: "\\n"` gives lines, no empty last.
    """

    type = "transform.split"

    class Config(msgspec.Struct):
        size: int | None = None
        separator: str | None = None

        def __post_init__(self) -> None:
            if self.size is not None and self.size < 1:
                raise ValueError("size is 1 or more")
            if self.separator == "":
                raise ValueError("separator is one character or more")

    class Inputs(msgspec.Struct):
        value: Any

    class Outputs(msgspec.Struct):
        out: list[Any]

    async def execute(self, ctx: NodeContext) -> Any:
        value, size, separator = ctx.inputs["value"], self.config.size, self.config.separator
        if isinstance(value, dict):
            return [[key, item] for key, item in value.items()]
        if isinstance(value, str) and separator is not None:
            parts = value.split(separator)
            return parts[:-1] if separator == "\n" and not parts[-1] else parts
        if isinstance(value, list | str | bytes) and size is not None:
            if len(value) > size * MAX_PARTS:
                raise NodeError(f"more than {MAX_PARTS} parts: choose a larger size", "limit", retryable=False)
            return [value[at : at + size] for at in range(0, len(value), size)]
        if isinstance(value, list):
            return value
        message = f"{type(value).__name__} cannot be cut: give size (arrays, text, bytes) or separator (text)"
        raise NodeError(message, "input", retryable=False)
