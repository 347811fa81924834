"""process.program: starts a granted program in the sandbox."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node
from livets.engine.sandbox.job import Outcome
from livets.engine.sandbox.limits import Limits
from livets.flow.nodes.json_stringify import as_json

Form = Literal["text", "bytes", "json"]
SEARCHED = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
_LAST_CHARACTERS = 500


class Program(Node):
    """Starts the granted `program` with `arguments` (those of the config, then the input's); no shell reads them.

    `stdin` is what it reads: text, bytes, or anything else as JSON. `out` is what it prints, as text, bytes or read as
    JSON; `errors` what it says on standard error; `code` its exit code (minus a signal that killed it). A code that is
    not 0 fails the node with the kind "exit", unless `any_code`. It runs in the sandbox, in an empty folder, and sees
    the system's programs and what was granted with it; no network.
    """

    type = "process.program"

    class Config(msgspec.Struct):
        program: str
        arguments: list[str] = []
        form: Form = "text"
        any_code: bool = False
        limits: Limits | None = None

    class Inputs(msgspec.Struct):
        stdin: Any = ""
        arguments: list[Any] = []

    class Outputs(msgspec.Struct):
        out: Any
        errors: str
        code: int

    async def execute(self, ctx: NodeContext) -> Any:
        config, granted = self.config, self.grants.program(self.config.program)
        argv = [granted.path, *config.arguments, *texts(ctx.inputs["arguments"])]
        outcome = await self.grants.sandbox.run(
            "program",
            {"argv": argv, "environment": {**SEARCHED, **granted.environment}},
            stdin=as_bytes(ctx.inputs["stdin"]),
            limits=config.limits,
            visible=(granted.path, *granted.reads),
        )
        return result_of(outcome, config.form, config.any_code)


def texts(arguments: list[Any]) -> list[str]:
    """Return arguments as texts; raises NodeError for one that a program cannot be given."""
    found = []
    for one in arguments:
        if isinstance(one, bool) or not isinstance(one, str | int | float):
            raise NodeError(f"an argument is text or a number, not {type(one).__name__}", "input", retryable=False)
        found.append(str(one))
    return found


def as_bytes(value: Any) -> bytes:
    """Return what a program reads: text and bytes as they are, anything else as JSON."""
    if isinstance(value, bytes):
        return value
    return value.encode("utf-8", "replace") if isinstance(value, str) else msgspec.json.encode(as_json(value))


def result_of(outcome: Outcome, form: Form, any_code: bool) -> dict[str, Any]:
    """Return the outputs by port; raises NodeError with what the program said last."""
    errors = outcome.stderr.decode("utf-8", "replace")
    if outcome.code and not any_code:
        how = f"exit code {outcome.code}" if outcome.code > 0 else f"killed by signal {-outcome.code}"
        raise NodeError(f"{how}: {errors.strip()[-_LAST_CHARACTERS:]}", "exit", retryable=True)
    out: Any = outcome.stdout
    try:
        if form == "text":
            out = outcome.stdout.decode()
        elif form == "json":
            out = msgspec.json.decode(outcome.stdout)
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError) as error:
        raise NodeError(f"what it printed is no {form}: {error}", "output", retryable=False) from None
    return {"out": out, "errors": errors, "code": outcome.code}
