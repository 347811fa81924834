"""flow.call: runs a sub-workflow."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.node import Node
from livets.flow.scope import FlowContext


class Call(Node):
    """Runs the sub-workflow `workflow` (a name under `definitions`) with `inputs`; gives its outputs as an object."""

    type = "flow.call"
    container = True

    class Config(msgspec.Struct):
        workflow: str

    class Inputs(msgspec.Struct):
        inputs: dict[str, Any] = {}

    class Outputs(msgspec.Struct):
        out: dict[str, Any]

    async def execute(self, ctx: FlowContext) -> Any:  # type: ignore[override]
        return await ctx.subflow(self.config.workflow, ctx.inputs["inputs"])
