"""flow.map: runs a sub-workflow for each item of an array."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import msgspec

from livets.engine.errors import Interrupted, NodeError
from livets.engine.node import Node
from livets.flow.scope import FlowContext


class Map(Node):
    """Runs `workflow` once for each of `items`, at most `concurrency` at once, and collects what it gives, in order.

    The item goes to the sub-workflow's input `item`, its place to `index` (`with_index`), `shared` to further inputs.
    With one output its value is collected, otherwise the object of all. `on_error`: `stop` fails the map at the first
    failing item, `skip` leaves it out, `null` puts null in its place; `errors` lists them.
    """

    type = "flow.map"
    container = True

    class Config(msgspec.Struct):
        workflow: str
        concurrency: int = 10
        on_error: Literal["stop", "skip", "null"] = "stop"
        with_index: bool = False

        def __post_init__(self) -> None:
            if self.concurrency < 1:
                raise ValueError("concurrency is 1 or more")

    class Inputs(msgspec.Struct):
        items: list[Any]
        shared: dict[str, Any] = {}

    class Outputs(msgspec.Struct):
        out: list[Any]
        errors: list[Any]

    async def execute(self, ctx: FlowContext) -> Any:  # type: ignore[override]
        items, config = ctx.inputs["items"], self.config
        results: list[Any] = [None] * len(items)
        errors: list[dict[str, Any]] = []
        places = iter(range(len(items)))

        async def work() -> None:
            for place in places:
                given = {**ctx.inputs["shared"], "item": items[place]}
                if config.with_index:
                    given["index"] = place
                try:
                    outputs = await ctx.subflow(config.workflow, given, f"[{place}]")
                    results[place] = next(iter(outputs.values())) if len(outputs) == 1 else outputs
                except NodeError as error:
                    if config.on_error == "stop":
                        raise NodeError(f"item {place}: {error}", error.kind) from error
                    errors.append({"index": place, "message": str(error)})

        await _all(*(work() for _ in range(min(config.concurrency, len(items)))))
        if config.on_error == "skip":
            failed = {error["index"] for error in errors}
            results = [result for place, result in enumerate(results) if place not in failed]
        return {"out": results, "errors": sorted(errors, key=lambda error: error["index"])}


async def _all(*work: Any) -> None:
    """Wait for all; the first error cancels the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except ExceptionGroup as errors:
        gone = errors.subgroup(Interrupted)  # weighs more than what else has failed meanwhile
        raise (gone or errors).exceptions[0] from None
