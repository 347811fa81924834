"""flow.approval: a person says yes or no before the run goes on."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node, Outputs, Suspend


class Approval(Node):
    """Waits, for days if need be and across restarts, for `handle.signal(node, answer)`.

    The answer is true, false, or an object `{"approved": true, "by": "...", "comment": "..."}`. `value` goes to
    `approved` or to `rejected`; `decision` gives the answer as an object. After `deadline_s` seconds `value` goes
    to `late` instead, or where `at_deadline` says.
    """

    type = "flow.approval"
    stays = True

    class Config(msgspec.Struct):
        prompt: str = ""
        deadline_s: float | None = None
        at_deadline: str = "late"

        def __post_init__(self) -> None:
            if self.at_deadline not in ("late", "approved", "rejected"):
                raise ValueError("at_deadline is late, approved or rejected")
            if self.deadline_s is not None and not self.deadline_s > 0:
                raise ValueError("deadline_s is more than 0")

    class Inputs(msgspec.Struct):
        value: Any = None

    class Outputs(msgspec.Struct):
        approved: Any
        rejected: Any
        late: Any
        decision: dict[str, Any]

    async def execute(self, ctx: NodeContext) -> Any:
        config, value = self.config, ctx.inputs["value"]
        if ctx.wake is None:
            until = None if config.deadline_s is None else time.time() + config.deadline_s
            return Suspend(until, "approval", {"prompt": config.prompt, "value": value})
        if ctx.wake["by"] == "time":
            return Outputs({config.at_deadline: value})
        answer = ctx.wake["value"]
        decision = dict(answer) if isinstance(answer, dict) else {"approved": answer}
        if not isinstance(decision.get("approved"), bool):
            raise NodeError(f"an approval is true or false, not {answer!r:.60}", "input", retryable=False)
        return Outputs({"approved" if decision["approved"] else "rejected": value, "decision": decision})
