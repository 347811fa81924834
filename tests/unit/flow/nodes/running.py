"""Runs one node of a type in a workflow of its own, with grants."""

from __future__ import annotations

from typing import Any

from livets.flow import Flow, FlowRuntime, Grants
from livets.flow.result import RunFailed


async def give(type: str, config: dict[str, Any] | None = None, grants: Grants | None = None, **inputs: Any) -> Any:
    """Return what the node gives: its only output, or all of them by port; raises RunFailed."""
    flow = Flow("one")
    flow.add(type, id="node", config=config or {}, **inputs)
    async with FlowRuntime(grants=grants) as runtime:
        return (await runtime.run(flow)).raise_if_failed().outputs.get("node")


async def failure(type: str, config: dict[str, Any] | None = None, grants: Grants | None = None, **inputs: Any) -> str:
    """Return "kind: message" of the node's failure."""
    try:
        given = await give(type, config, grants, **inputs)
    except RunFailed as error:
        one = error.result.failures[0]
        return f"{one.kind}: {one.message}"
    raise AssertionError(f"it did not fail, but gave {given!r}")
