"""A process that begins a journaled run and is killed or stopped by its parent.

Usage: leased_run.py FOLDER [fork]. Each node appends its name and this process to FOLDER/executed. The node `hold`
waits for FOLDER/go; one slot only, so that all others wait for it. With `fork` a child without exec lives on.
"""

from __future__ import annotations

import asyncio
import functools
import os
import sys
import time
from pathlib import Path

import livets.flow.execution
from livets.engine.errors import EngineError
from livets.flow import Flow, FlowRuntime

WHERE = Path(sys.argv[1]) if __name__ == "__main__" else Path()


def workflow(folder: Path) -> Flow:
    """Four nodes that need nothing of each other, and one that waits for `hold`."""

    def note(name: str) -> str:
        with (folder / "executed").open("a") as file:
            file.write(f"{name} {os.getpid()}\n")
        return name

    async def hold() -> str:
        note("hold")
        while not (folder / "go").exists():
            await asyncio.sleep(0.005)
        return "held"

    def after(value: str) -> str:
        return note("after")

    flow = Flow("leased", max_parallel=1)
    held = flow.add(hold, id="hold")
    flow.set(held, priority=1)
    held >> flow.add(after, id="after")
    for name in ("one", "two", "three"):
        flow.add(functools.partial(note, name), id=name)
    return flow


async def main() -> None:
    livets.flow.execution.STALE_S = 0.02  # stopped for a moment counts as stopped for long
    async with FlowRuntime(WHERE) as runtime:
        handle = await runtime.start(workflow(WHERE), run="run")
        if sys.argv[2:] == ["fork"] and os.fork() == 0:
            (WHERE / "child").write_text(str(os.getpid()))
            time.sleep(60)
            os._exit(0)
        try:
            await handle.result()
        except EngineError as error:
            print(type(error).__name__, error)
            raise SystemExit(3) from None


if __name__ == "__main__":
    asyncio.run(main())
