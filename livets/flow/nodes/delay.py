"""time.delay: waits, durably: a restart does not begin the wait anew."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.node import Node, Suspend


class Delay(Node):
    """Gives `value` after `seconds`, or at the time `until` (Unix seconds); holds no slot meanwhile."""

    type = "time.delay"
    stays = True

    class Config(msgspec.Struct):
        seconds: float = 0.0
        until: float | None = None

    class Inputs(msgspec.Struct):
        value: Any = None

    class Outputs(msgspec.Struct):
        out: Any

    async def execute(self, ctx: NodeContext) -> Any:
        if ctx.wake is None:
            return Suspend(until=self.config.until or time.time() + self.config.seconds)
        return ctx.inputs["value"]
