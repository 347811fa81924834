"""process.shell: a command line of the shell, in the sandbox."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node
from livets.engine.sandbox.limits import Limits
from livets.flow.nodes.program import SEARCHED, Form, Program, as_bytes, result_of, texts

SHELL = "/bin/sh"


class Shell(Node):
    """Runs `command` with /bin/sh in the sandbox, when the program has granted it: Grants(shell=True).

    Values never become part of the command: `arguments` are its `$1`, `$2`, ..., `stdin` is what it reads. Outputs,
    exit codes and what it sees are those of process.program.
    """

    type = "process.shell"

    class Config(msgspec.Struct):
        command: str
        form: Form = "text"
        any_code: bool = False
        limits: Limits | None = None

    Inputs = Program.Inputs
    Outputs = Program.Outputs

    async def execute(self, ctx: NodeContext) -> Any:
        config = self.config
        if not self.grants.shell:
            message = "no shell is granted: Grants(shell=True), or name a program and use process.program"
            raise NodeError(message, "forbidden", retryable=False)
        outcome = await self.grants.sandbox.run(
            "program",
            {"argv": [SHELL, "-c", config.command, "sh", *texts(ctx.inputs["arguments"])], "environment": SEARCHED},
            stdin=as_bytes(ctx.inputs["stdin"]),
            limits=config.limits,
        )
        return result_of(outcome, config.form, config.any_code)
