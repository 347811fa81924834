"""flow.filter: lets through what fulfils a condition."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.node import Node, Outputs
from livets.flow.conditions import checked_condition, holds


class Filter(Node):
    """Of an array the items that fulfil the condition; any other value, or nothing (what follows is skipped)."""

    type = "flow.filter"
    stays = True

    class Config(msgspec.Struct):
        when: dict[str, Any]

        def __post_init__(self) -> None:
            checked_condition(self.when)

    class Inputs(msgspec.Struct):
        value: Any

    class Outputs(msgspec.Struct):
        out: Any

    async def execute(self, ctx: NodeContext) -> Any:
        value, when = ctx.inputs["value"], self.config.when
        if isinstance(value, list):
            return [item for item in value if holds(when, item)]
        return value if holds(when, value) else Outputs()
