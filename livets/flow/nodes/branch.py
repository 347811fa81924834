"""flow.branch: sends its value one of two ways."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.node import Node, Outputs
from livets.flow.conditions import checked_condition, holds


class Branch(Node):
    """Sends `value` to `true` when the condition holds for it, else to `false`; what hangs on the other is skipped."""

    type = "flow.branch"
    stays = True

    class Config(msgspec.Struct):
        when: dict[str, Any]

        def __post_init__(self) -> None:
            checked_condition(self.when)

    class Inputs(msgspec.Struct):
        value: Any

    class Outputs(msgspec.Struct):
        true: Any
        false: Any

    async def execute(self, ctx: NodeContext) -> Any:
        value = ctx.inputs["value"]
        return Outputs({"true" if holds(self.config.when, value) else "false": value})
