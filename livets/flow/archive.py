"""What the journal knows: definitions by content version, the events of runs, the list of runs.

Owned by FlowRuntime, used by APIs and the command line. Writes definitions only; runs are written by their Recorder.
"""

from __future__ import annotations

import msgspec

from livets.engine.errors import Conflict, EngineError
from livets.engine.events import Event, NewEvent
from livets.engine.log import EventLog
from livets.flow.compiled import CompiledWorkflow
from livets.flow.journal import ENDINGS
from livets.flow.model import Workflow

CHUNK = 200
"""Runs that are read in one go, while others who read wait."""


class RunInfo(msgspec.Struct, frozen=True):
    """One line of the list of runs; times are Unix seconds."""

    run: str
    workflow: str
    version: str
    status: str
    started: float
    ended: float


class Archive:
    """Reads `log`; without one (runs in memory) there is nothing to know."""

    def __init__(self, log: EventLog | None) -> None:
        self._log = log
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
        """Return every run in the journal, the latest first; "running" may also mean: killed, and can be resumed."""
        if self._log is None:
            return []
        heads = await self._log.heads("flow/")
        changed = [stream for stream, head in heads.items() if self._known.get(stream, (0, None))[0] != head]
        for place in range(0, len(changed), CHUNK):
            part = {stream: heads[stream] for stream in changed[place : place + CHUNK]}
            for first, last in await self._log.ends(part):
                self._known[first.stream] = (last.seq, _info(first, last))
        found = [self._known[stream][1] for stream in heads if stream in self._known]
        return sorted(found, key=lambda one: (-one.started, one.run))


def _info(first: Event, last: Event) -> RunInfo:
    """One line of the list of runs: its first and its last event tell all that is asked here."""
    ended = last.type in ENDINGS
    status = last.type.rpartition(".")[2] if ended else "running"
    run, workflow, version = first.stream.removeprefix("flow/"), first.data["workflow"], first.data["version"]
    return RunInfo(run, workflow, version, status, first.ts, last.ts if ended else 0.0)
