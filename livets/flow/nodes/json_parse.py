"""transform.json_parse: JSON text to a value."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node
from livets.engine.values import Json


class JsonParse(Node):
    """Parses JSON `text` (a String, or Bytes of UTF-8) to plain values; with `opaque` to one Json value.

    `lines` reads one document a line and gives an array. What is no JSON fails with the kind "json".
    """

    type = "transform.json_parse"

    class Config(msgspec.Struct):
        lines: bool = False
        opaque: bool = False

    class Inputs(msgspec.Struct):
        text: str | bytes

    class Outputs(msgspec.Struct):
        out: Any

    async def execute(self, ctx: NodeContext) -> Any:
        text = ctx.inputs["text"]
        if not isinstance(text, str | bytes):
            raise NodeError(f"it takes text or bytes, not {type(text).__name__}", "input", retryable=False)
        decoder = msgspec.json.Decoder()
        try:
            found = decoder.decode_lines(text) if self.config.lines else decoder.decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise NodeError(f"no JSON: {error}", "json", retryable=False) from None
        return Json(found) if self.config.opaque else found
