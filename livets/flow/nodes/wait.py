"""flow.wait: waits, durably, for an input or an approval from outside."""

from __future__ import annotations

import time
from typing import Any, Literal

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node, Outputs, Suspend


class Wait(Node):
    """Waits for `handle.signal(node, value)`, and gives that value to `out`, or `{"timeout": true}` to `late`.

    With `approval` the signal must be true or false, and `value` goes to `approved` or to `rejected`.
    """

    type = "flow.wait"
    stays = True

    class Config(msgspec.Struct):
        for_: Literal["input", "approval"] = msgspec.field(default="input", name="for")
        prompt: str = ""
        deadline_s: float | None = None

    class Inputs(msgspec.Struct):
        value: Any = None

    class Outputs(msgspec.Struct):
        out: Any
        approved: Any
        rejected: Any
        late: Any

    async def execute(self, ctx: NodeContext) -> Any:
        config = self.config
        if ctx.wake is None:
            until = None if config.deadline_s is None else time.time() + config.deadline_s
            return Suspend(until, config.for_, {"prompt": config.prompt, "value": ctx.inputs["value"]})
        if ctx.wake["by"] == "time":
            return Outputs(late={"timeout": True})
        given = ctx.wake["value"]
        if config.for_ == "input":
            return Outputs(out=given)
        if not isinstance(given, bool):
            raise NodeError(f"an approval is true or false, not {given!r:.60}", "input", retryable=False)
        return Outputs({"approved" if given else "rejected": ctx.inputs["value"]})
