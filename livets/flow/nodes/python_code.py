"""python.code: runs Python that stands in the workflow, in the sandbox."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.node import Node
from livets.engine.sandbox.limits import Limits
from livets.flow.nodes.json_stringify import as_json

MAX_CHARACTERS = 1_000_000


class PythonCode(Node):
    """Runs `source` and calls its `function` with the object `arguments` as keyword arguments; JSON in, JSON out.

    It runs in a process of its own that sees the standard library (and packages that the program names), an empty
    folder, no other file, no network and no other process; what it prints is reported as "stdout". An exception fails
    the node with the exception's name as kind; a limit with "timeout", "cpu", "memory", "output" or "work".
    """

    type = "python.code"

    class Config(msgspec.Struct):
        source: str
        function: str = "main"
        limits: Limits | None = None

        def __post_init__(self) -> None:
            if len(self.source) > MAX_CHARACTERS:
                raise ValueError(f"a source may have {MAX_CHARACTERS} characters")

    class Inputs(msgspec.Struct):
        arguments: dict[str, Any] = {}

    class Outputs(msgspec.Struct):
        out: Any

    async def execute(self, ctx: NodeContext) -> Any:
        config = self.config
        job = {"source": config.source, "function": config.function, "arguments": as_json(ctx.inputs["arguments"])}
        value, printed = await self.grants.sandbox.call("python", job, limits=config.limits)
        if printed:
            ctx.emit("stdout", text=printed)
        return value
