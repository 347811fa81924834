"""The list of runs: what it says follows the journal, whoever writes it, and what has not grown is not read again."""

from __future__ import annotations

from typing import Any

from livets.engine.events import NewEvent
from livets.engine.log import MemoryLog
from livets.flow.archive import CHUNK, Archive
from livets.flow.leasing import Lease

CREATED: dict[str, Any] = {"workflow": "w", "version": "v", "inputs": {}, "targets": None}


class Counting(MemoryLog):
    """Counts how many streams are read for the list."""

    read_streams = 0

    def _ends(self, heads: Any) -> Any:
        self.read_streams += len(heads)
        return super()._ends(heads)


async def test_the_list_follows_the_journal_and_reads_only_what_has_grown() -> None:
    log = Counting()
    lease = Lease(None)
    archive = Archive(log, lease)
    assert await archive.runs() == []
    runs = [f"run-{n:04}" for n in range(CHUNK + 5)]
    for place, run in enumerate(runs):
        await log.append(
            f"flow/{run}", [NewEvent("flow.run.created", CREATED | {"runner": lease.runner}, ts=1.0 + place)]
        )
    assert [one.run for one in await archive.runs()] == runs[::-1]
    assert {one.status for one in await archive.runs()} == {"running"}
    assert log.read_streams == len(runs)
    await log.append("flow/run-0007", [NewEvent("flow.run.completed", {"counts": {}}, ts=9.0)])
    found = {one.run: one for one in await archive.runs()}
    assert (found["run-0007"].status, found["run-0007"].started, found["run-0007"].ended) == ("completed", 8.0, 9.0)
    await log.append("flow/run-0007", [NewEvent("flow.run.resumed", {"reset": [], "deep": False})])
    found = {one.run: one for one in await archive.runs()}
    assert (found["run-0007"].status, found["run-0007"].ended) == ("running", 0.0)
    assert log.read_streams == len(runs) + 2
    await archive.held("run-0007", "killed")
    lease.close()
    assert {one.status for one in await archive.runs()} == {"interrupted"}
    other = Lease(None)
    await archive.held("run-0007", other.runner)
    assert {one.run: one.status for one in await archive.runs()}["run-0007"] == "running"
    assert await archive.gone(["run-0007", "run-0008"]) == {"run-0008"}
    assert log.read_streams == len(runs) + 2
