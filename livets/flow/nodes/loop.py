"""flow.loop: runs a sub-workflow again and again, a bounded number of times."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.errors import NodeError
from livets.engine.node import Node
from livets.flow.conditions import checked_condition, holds
from livets.flow.scope import FlowContext


class Loop(Node):
    """Runs `workflow` with the input `value`; its output becomes the next `value`, until `until` holds for it.

    After `max_iterations` it ends: with the last value, or as a failure when `fail_at_limit`. `all` lists every value.
    """

    type = "flow.loop"
    container = True

    class Config(msgspec.Struct):
        workflow: str
        max_iterations: int
        until: dict[str, Any] | None = None
        fail_at_limit: bool = False

        def __post_init__(self) -> None:
            if self.max_iterations < 1:
                raise ValueError("max_iterations is 1 or more")
            if self.until is not None:
                checked_condition(self.until)

    class Inputs(msgspec.Struct):
        value: Any

    class Outputs(msgspec.Struct):
        out: Any
        all: list[Any]

    async def execute(self, ctx: FlowContext) -> Any:  # type: ignore[override]
        value, config = ctx.inputs["value"], self.config
        values: list[Any] = []
        for round_ in range(config.max_iterations):
            outputs = await ctx.subflow(config.workflow, {"value": value}, f"[{round_}]")
            value = next(iter(outputs.values())) if len(outputs) == 1 else outputs
            values.append(value)
            if config.until is not None and holds(config.until, value):
                return {"out": value, "all": values}
        if config.until is not None and config.fail_at_limit:
            raise NodeError(f"its condition did not hold within {config.max_iterations} rounds", "limit")
        return {"out": value, "all": values}
