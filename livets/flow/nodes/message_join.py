"""message.join: one message of those that message.split has made."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node, Outputs
from livets.flow.records import get, put


class MessageJoin(Node):
    """Gives the last of `messages` with what all of them have at `path`: put together as it was split (`auto`).

    Or, by `build`: an `array`; `text` with `joiner` between; an `object` by what each message has at `key`; objects
    `merged` into one. When a part is missing (a null in its place), or there are none, nothing comes.
    """

    type = "message.join"

    class Config(msgspec.Struct):
        build: Literal["auto", "array", "text", "object", "merged"] = "auto"
        path: str = "payload"
        joiner: str = ""
        key: str = "topic"

    class Inputs(msgspec.Struct):
        messages: list[Any]

    class Outputs(msgspec.Struct):
        out: dict[str, Any]

    async def execute(self, ctx: NodeContext) -> Any:
        messages = ctx.inputs["messages"]
        if not messages or not all(isinstance(one, dict) and one for one in messages):
            return Outputs({})
        last = messages[-1]
        parts = last.get("parts") if isinstance(last.get("parts"), dict) else {}
        whole = put(last, self.config.path, self._whole(messages, parts))
        outer = {"parts": parts["parts"]} if "parts" in parts else {}
        return Outputs({"out": {name: value for name, value in whole.items() if name != "parts"} | outer})

    def _whole(self, messages: list[Any], parts: dict[str, Any]) -> Any:
        found = [get(one, self.config.path) for one in messages]
        build, joiner = self.config.build, self.config.joiner
        names = [get(one, self.config.key) for one in messages]
        if build == "auto":
            build = {"string": "text", "object": "object"}.get(str(parts.get("type")), "array")
            joiner = str(parts.get("ch", ""))
            names = [get(one, "parts.key") for one in messages]
            if build == "array" and parts.get("len", 1) > 1:
                return [item for one in found for item in (one if isinstance(one, list) else [one])]
        if build == "text":
            return joiner.join(_text(one) for one in found)
        if build == "object":
            return {_text(name): one for name, one in zip(names, found, strict=True) if name is not None}
        if build == "merged":
            if not all(isinstance(one, dict) for one in found):
                raise NodeError(f"merged: not all have an object at {self.config.path!r}", "input", retryable=False)
            return {name: value for one in found for name, value in one.items()}
        return found


def _text(value: Any) -> str:
    """A value as text: whole numbers without a point."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: ""}[value]
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value) if isinstance(value, int | float) else msgspec.json.encode(value).decode()
