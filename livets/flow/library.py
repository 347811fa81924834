"""Stored workflows by id, each with all of its versions (content hashes), in the journal's log.

A stream `workflow/ID` says which version is current; the definitions themselves lie under `definition/VERSION`, where
runs find theirs too. Deleting forgets the id, never a definition that runs were begun with. Used by APIs.
"""

from __future__ import annotations

import msgspec

from livets.engine.errors import Conflict, EngineError
from livets.engine.events import Event, NewEvent
from livets.engine.log import EventLog
from livets.flow.archive import Archive
from livets.flow.compiled import CompiledWorkflow
from livets.flow.model import Workflow

SAVED, DELETED = "flow.workflow.saved", "flow.workflow.deleted"


class StoredWorkflow(msgspec.Struct, frozen=True):
    """One line of the list of workflows; `saved` is Unix seconds, `version` the content hash."""

    id: str
    version: str
    name: str
    description: str
    nodes: int
    saved: float


class Changed(EngineError):
    """A workflow is not the version that the writer believed it to be; `current` is what it is ("" none)."""

    def __init__(self, id: str, current: str) -> None:
        is_now = f"version {current[:12]}" if current else "not there"
        super().__init__(f"workflow {id!r} has changed meanwhile: it is {is_now}; read it again")
        self.current = current


class Library:
    """Saves, finds, lists and deletes workflows of one journal.

    >>> import asyncio
    >>> from livets.engine.log import MemoryLog
    >>> asyncio.run(Library(MemoryLog()).find("none")) is None
    True
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._archive = Archive(log)

    async def save(self, compiled: CompiledWorkflow, expected: str | None = None) -> tuple[StoredWorkflow, bool]:
        """Make `compiled` the current version of its id; returns it, and whether something changed.

        `expected` is the version that must be current ("" none, None any); raises Changed when it is not.
        """
        workflow = compiled.head
        stream = _stream(workflow.id)
        while True:
            events = await self._log.read(stream)
            current = _current(events)
            known = current.version if current is not None else ""
            if expected is not None and expected != known:
                raise Changed(workflow.id, known)
            if current is not None and known == compiled.version:
                return current, False
            await self._archive.keep(compiled)
            data = {
                "version": compiled.version,
                "name": workflow.name,
                "description": workflow.description[:500],
                "nodes": compiled.plan.size,
            }
            try:
                head = await self._log.append(stream, [NewEvent(SAVED, data)], expected=len(events))
            except Conflict:  # somebody else saved at the same moment: look again
                continue
            found = _current(await self._log.read(stream, head - 1))
            assert found is not None
            return found, True

    async def delete(self, id: str, expected: str | None = None) -> bool:
        """Forget the workflow; returns whether it was there. Its runs and versions stay in the journal."""
        while True:
            events = await self._log.read(_stream(id))
            current = _current(events)
            known = current.version if current is not None else ""
            if expected is not None and expected != known:
                raise Changed(id, known)
            if current is None:
                return False
            try:
                await self._log.append(_stream(id), [NewEvent(DELETED, {})], expected=len(events))
            except Conflict:
                continue
            return True

    async def find(self, id: str) -> StoredWorkflow | None:
        """Return the current version, None when there is none."""
        return _current(await self._log.read(_stream(id)))

    async def versions(self, id: str) -> list[StoredWorkflow]:
        """Return every version since the workflow was last deleted, the latest first, each once."""
        found: dict[str, StoredWorkflow] = {}
        for event in await self._log.read(_stream(id)):
            if event.type == DELETED:
                found.clear()
            elif event.type == SAVED:
                one = _stored(event)
                found.pop(one.version, None)
                found[one.version] = one
        return list(reversed(found.values()))

    async def definition(self, version: str) -> Workflow:
        """Return the workflow of that content version; raises EngineError when there is none."""
        return await self._archive.definition(version)

    async def list(self, after: str = "", limit: int = 100) -> list[StoredWorkflow]:
        """Return up to `limit` workflows with ids above `after`, by id."""
        found: list[StoredWorkflow] = []
        for stream in await self._log.streams("workflow/"):
            id = stream.removeprefix("workflow/")
            if id > after and len(found) < limit:
                one = await self.find(id)
                if one is not None:
                    found.append(one)
        return found


def _stream(id: str) -> str:
    return f"workflow/{id}"


def _stored(event: Event) -> StoredWorkflow:
    data = event.data
    id = event.stream.removeprefix("workflow/")
    return StoredWorkflow(id, data["version"], data["name"], data["description"], data["nodes"], event.ts)


def _current(events: list[Event]) -> StoredWorkflow | None:
    return _stored(events[-1]) if events and events[-1].type == SAVED else None
