"""A process that runs (or resumes) a journaled workflow; its parent kills it.

Usage: killed_run.py FOLDER SHAPE DURABILITY [KILL_AT]. Each node that executes appends its path to FOLDER/executed,
with one write. With KILL_AT n the process kills itself right before (odd n) or right after (even n) a commit, which are
the boundaries where a journal can be wrong. Ends with the outputs as one JSON line on stdout.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from livets.engine.context import NodeContext
from livets.engine.errors import EngineError
from livets.engine.log import SqliteLog
from livets.engine.log.base import Durability
from livets.engine.log.request import Request
from livets.flow import Flow, FlowRuntime

SIZE = 24


class KillingLog(SqliteLog):
    """Kills its process at a chosen boundary of a commit."""

    kill_at = 0
    _commits = 0

    def _commit(self, requests: list[Request]) -> None:
        self._commits += 1
        if self.kill_at == 2 * self._commits - 1:
            os.kill(os.getpid(), signal.SIGKILL)
        super()._commit(requests)
        if self.kill_at == 2 * self._commits:
            os.kill(os.getpid(), signal.SIGKILL)


def flow_of(shape: str, executed: int) -> Flow:
    """A chain, a fan or a mixture with a map, each node of which counts its executions in a file."""

    async def step(ctx: NodeContext, n: int = 0, rest: Any = None) -> int:
        os.write(executed, f"{ctx.node}\n".encode())
        if len(ctx.node) % 3 == 0:
            await asyncio.sleep(0.0005)
        ctx.state["sum"] = 1
        return n + 1

    flow = Flow(shape, reducers={"sum": "add"})
    if shape == "chain":
        ref = flow.add(step, id="n0")
        for n in range(1, SIZE):
            ref = ref >> flow.add(step, id=f"n{n}")["n"]
    else:
        start = flow.add(step, id="start")
        merge = flow.add("flow.merge", id="merge", config={"mode": "list"})
        for n in range(SIZE):
            start >> flow.add(step, id=f"n{n}")["n"] >> merge
        if shape == "mixed":
            inner = Flow("inner")
            inner.add(step, id="s", n=inner.input("item", int)) >> inner.add(step, id="t")["n"]
            config = {"workflow": flow.define(inner), "concurrency": 4}
            mapped = flow.add("flow.map", id="map", items=list(range(8)), config=config)
            flow.output("map", mapped["out"])
        flow.output("merge", merge)
    if shape != "mixed":  # there the items of the map may still be counting
        total = flow.add(lambda ctx, after: ctx.state["sum"], id="total")
        flow.connect(ref if shape == "chain" else merge, total["after"])
        flow.output("total", total)
    return flow


async def main(folder: Path, shape: str, durability: Durability, kill_at: int) -> None:
    executed = os.open(folder / "executed", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    log = KillingLog(folder / "journal.db", durability)
    log.kill_at = kill_at
    flow = flow_of(shape, executed)
    async with FlowRuntime(folder, log=log) as runtime:
        try:
            handle = await runtime.resume("run", flow)
        except EngineError as error:
            if "no run" in str(error):
                handle = await runtime.start(flow, run="run")
            elif "has completed" in str(error):
                return
            else:
                raise
        result = await handle.result()
    print(json.dumps([result.status, result.outputs]), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else 0))  # type: ignore[arg-type]
