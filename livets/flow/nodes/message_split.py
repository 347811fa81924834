"""message.split: one message for each part of a message's payload."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node
from livets.flow.records import get, put

MAX_PARTS = 1_000_000


class MessageSplit(Node):
    """Gives an array with a message for each part of what is at `path` in `message` (an object): all else is copied.

    Text is cut at `separator`, or every `length` characters; an array into its items (arrays of `size`, when it is
    above 1); an object into its values, whose name goes to `name_to` if given. Each message has `parts` (type, index,
    count, and what a message.join needs). Of all else nothing comes.
    """

    type = "message.split"

    class Config(msgspec.Struct):
        path: str = "payload"
        separator: str = "\n"
        length: int = 0
        size: int = 1
        name_to: str = ""

        def __post_init__(self) -> None:
            if self.size < 1 or self.length < 0:
                raise ValueError("size is 1 or more, length 0 (cut at the separator) or more")

    class Inputs(msgspec.Struct):
        message: dict[str, Any]

    class Outputs(msgspec.Struct):
        out: list[Any]

    async def execute(self, ctx: NodeContext) -> Any:
        message, config = ctx.inputs["message"], self.config
        about, found = self._cut(get(message, config.path))
        if len(found) > MAX_PARTS:
            raise NodeError(f"more than {MAX_PARTS} parts", "limit", retryable=False)
        made = []
        for index, (key, part) in enumerate(found):
            parts = {**about, "index": index, "count": len(found)} | ({} if key is None else {"key": key})
            if "parts" in message:  # of a split around this one: given back by the join
                parts["parts"] = message["parts"]
            new = {**put(message, config.path, part), "parts": parts}
            made.append(put(new, config.name_to, key) if key is not None and config.name_to else new)
        return made

    def _cut(self, value: Any) -> tuple[dict[str, Any], list[tuple[str | None, Any]]]:
        size, length = self.config.size, self.config.length
        if isinstance(value, str) and length:
            cut = [value[at : at + length] for at in range(0, len(value), length)]
            return {"type": "string", "ch": "", "len": length}, [(None, one) for one in cut]
        if isinstance(value, str):
            separator = self.config.separator
            cut = value.split(separator) if separator else list(value)
            return {"type": "string", "ch": separator}, [(None, one) for one in cut]
        if isinstance(value, list):
            many = [value[at : at + size] for at in range(0, len(value), size)] if size > 1 else value
            return {"type": "array", "len": size}, [(None, one) for one in many]
        if isinstance(value, dict):
            return {"type": "object"}, list(value.items())
        return {}, []
