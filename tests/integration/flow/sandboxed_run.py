"""A run whose node sleeps in the sandbox, to be killed. Arguments: how many seconds, and layers to do without."""

from __future__ import annotations

import asyncio
import sys

from livets.flow import Flow, FlowRuntime, Grants, Sandbox


async def main(seconds: str, *without: str) -> None:
    """Run until somebody kills us."""
    grants = Grants(shell=True, sandbox=Sandbox(without=without))
    flow = Flow("sleeps")
    command = f"(setsid sleep {seconds} &); sleep {seconds} & sleep {seconds}"
    flow.add("process.shell", id="n", config={"command": command, "limits": {"seconds": 600}})
    async with FlowRuntime(grants=grants) as runtime:
        await runtime.run(flow)


asyncio.run(main(*sys.argv[1:]))
