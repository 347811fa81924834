"""trace.task: stands for a task of an imported scientific workflow."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.node import Node, Suspend


class TraceTask(Node):
    """Comes after the tasks that lead into `after`, waits `seconds` (durably), and gives its own name.

    `program` and `arguments` say what the task ran where the trace was taken; they are kept, and not run.
    """

    type = "trace.task"
    many = {"after": "list"}

    class Config(msgspec.Struct):
        seconds: float = 0.0
        program: str = ""
        arguments: list[str] = []

    class Inputs(msgspec.Struct):
        after: list[Any] = []

    class Outputs(msgspec.Struct):
        out: str

    async def execute(self, ctx: NodeContext) -> Any:
        if ctx.wake is None and self.config.seconds > 0:
            return Suspend(until=time.time() + self.config.seconds)
        return ctx.node
