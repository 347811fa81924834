"""What the journal knows: definitions by content version, the events of runs, the list of runs.

Owned by FlowRuntime, used by APIs and the command line. Writes definitions only; runs are written by their Recorder.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from livets.engine.errors import Conflict, EngineError
from livets.engine.events import Event, NewEvent
from livets.engine.log import EventLog
from livets.flow.compiled import CompiledWorkflow
from livets.flow.journal import ENDINGS, status_after
from livets.flow.leasing import Lease
from livets.flow.model import Workflow

CHUNK = 200
"""Runs that are read in one go, while others who read wait."""


class RunInfo(msgspec.Struct, frozen=True):
    """One line of the list of runs; times are Unix seconds. "interrupted": its process is gone, it can be resumed."""

    run: str
    workflow: str
    version: str
    status: str
    started: float
    ended: float


HELD = "held/"
"""Streams that say who runs a run, for those that were resumed; the run itself says who began it."""


class Archive:
    """Reads `log`; without one (runs in memory) there is nothing to know. `lease` knows which processes live."""

    def __init__(self, log: EventLog | None, lease: Lease | None = None) -> None:
        self._log = log
        self._lease = lease or Lease(log.runners if log is not None else None)
        self._runners: dict[str, tuple[int, str | None]] = {}
        """Who runs a run that has not ended, as it was known at that head of its stream below HELD."""
        self._known: dict[str, tuple[int, RunInfo]] = {}
        """Each run as it stood at that head: a stream that has not grown is not read again."""

    async def keep(self, compiled: CompiledWorkflow) -> None:
        """Write the definition down, once for each content version."""
        if self._log is None:
            return
        stream = f"definition/{compiled.version}"
        if not await self._log.head(stream):
            text = msgspec.json.encode(compiled.workflow).decode()
            try:
                await self._log.append(stream, [NewEvent("flow.definition", {"json": text})], expected=0)
            except Conflict:  # another process was as quick
                return

    async def definition(self, version: str) -> Workflow:
        """Return the workflow of that content version, as runs were begun with it; raises EngineError."""
        events = await self._log.read(f"definition/{version}", limit=1) if self._log is not None else []
        if not events:
            raise EngineError(f"the definition {version[:12]} is not in this journal")
        return msgspec.json.decode(events[0].data["json"], type=Workflow)

    async def events(self, run: str, after: int = 0) -> list[Event]:
        """Return the recorded events of a run with numbers above `after`; raises EngineError without a journal."""
        if self._log is None:
            raise EngineError("runs in memory are not recorded: give FlowRuntime a folder")
        return await self._log.read(f"flow/{run}", after)

    async def runs(self) -> list[RunInfo]:
        """Return every run in the journal, the latest first."""
        if self._log is None:
            return []
        heads = await self._log.heads("flow/")
        changed = [stream for stream, head in heads.items() if self._known.get(stream, (0, None))[0] != head]
        for place in range(0, len(changed), CHUNK):
            part = {stream: heads[stream] for stream in changed[place : place + CHUNK]}
            for first, last in await self._log.ends(part):
                self._known[first.stream] = (last.seq, _info(first, last))
        found = [self._known[stream][1] for stream in heads if stream in self._known]
        gone = await self.gone(one.run for one in found if one.status == "running")
        told = [msgspec.structs.replace(one, status="interrupted") if one.run in gone else one for one in found]
        return sorted(told, key=lambda one: (-one.started, one.run))

    async def held(self, run: str, runner: str) -> None:
        """Note who runs a run that was resumed."""
        if self._log is not None:
            await self._log.append(f"{HELD}{run}", [NewEvent("flow.run.held", {"runner": runner})])

    async def gone(self, runs: Iterable[str]) -> set[str]:
        """Return those of these runs, which have not ended, whose process is gone."""
        wanted = list(runs)
        if not wanted or self._log is None:
            return set()
        heads = await self._log.heads(HELD)
        for run in wanted:
            head = heads.get(f"{HELD}{run}", 0)
            if self._runners.get(run, (-1, None))[0] != head:
                after = head - 1 if head else 0
                last = await self._log.read(f"{HELD}{run}" if head else f"flow/{run}", after, 1)
                self._runners[run] = (head, last[0].data.get("runner") if last else None)
        for run in self._runners.keys() - set(wanted):
            del self._runners[run]
        return {run for run in wanted if self._lease.holder(self._runners[run][1]).state == "gone"}


def _info(first: Event, last: Event) -> RunInfo:
    """One line of the list of runs: its first and its last event tell all that is asked here."""
    ended = last.type in ENDINGS
    status = status_after(last.type)
    run, workflow, version = first.stream.removeprefix("flow/"), first.data["workflow"], first.data["version"]
    return RunInfo(run, workflow, version, status, first.ts, last.ts if ended else 0.0)
