"""Commands to a run from other processes: cancel it, or answer a node that waits. Through a stream beside its journal.

Whoever runs it obeys (`obey`); who asks waits until the journal shows the effect. Of a run that nobody runs any more
the end is recorded by who asks: a process that should run it after all finds that the journal has gone on, and stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any, Protocol

from livets.engine.errors import Conflict, EngineError
from livets.engine.events import Event, NewEvent
from livets.engine.log import EventLog
from livets.flow.journal import Recorded
from livets.flow.leasing import Lease


class Running(Protocol):
    """A run of this process: a RunHandle."""

    id: str

    async def cancel(self, why: str = "cancelled") -> None:
        """Cancel it."""

    async def signal(self, node: str, value: Any = None) -> None:
        """Answer a node that waits."""


def _stream(run: str) -> str:
    return f"control/{run}"


async def obey(log: EventLog, handle: Running, after: int | None = None) -> None:
    """Do what others ask of this run, until cancelled. `after` is the head of the commands that are done already."""
    if after is None:
        after = await log.head(_stream(handle.id))
    async with contextlib.aclosing(log.subscribe(_stream(handle.id), after)) as batches:  # type: ignore[type-var]
        async for batch in batches:
            if await _obeyed(handle, batch):
                return


async def obey_all(log: EventLog, running: Callable[[str], Running | None], poll_s: float = 0.25) -> None:
    """`obey` for any number of runs, until cancelled: one look at the journal for all, every `poll_s` seconds."""
    known = await log.heads(_stream(""))
    while True:
        await asyncio.sleep(poll_s)
        heads = await log.heads(_stream(""))
        for stream, head in heads.items():
            before = known.get(stream, 0)
            handle = running(stream.removeprefix(_stream(""))) if head != before else None
            if handle is not None:
                await _obeyed(handle, await log.read(stream, before))
        known = heads


async def _obeyed(handle: Running, events: list[Event]) -> bool:
    """Do what these commands say; returns whether the run was cancelled."""
    for event in events:
        if event.type == "flow.control.cancel":
            await handle.cancel(event.data["why"])
            return True
        with contextlib.suppress(EngineError):  # it waits no more: who asked will see that
            await handle.signal(event.data["node"], event.data["value"])
    return False


async def ask_to_cancel(log: EventLog, run: str, why: str = "cancelled", patience_s: float = 3.0) -> str:
    """Have a run cancelled, wherever it runs, and return its status then; raises EngineError when there is none."""
    recorded = await _recorded(log, run)
    if recorded.status in ("completed", "failed", "cancelled"):
        return recorded.status
    is_gone = recorded.status == "interrupted" or _is_gone(log, recorded)
    if not is_gone:
        await log.append(_stream(run), [NewEvent("flow.control.cancel", {"why": why})])
    limit = time.monotonic() + (0 if is_gone else patience_s)
    while time.monotonic() < limit:
        await asyncio.sleep(0.05)
        recorded = await _recorded(log, run)
        if recorded.status != "running":
            return recorded.status
    data: dict[str, Any] = {"counts": {}, "reason": why, "failures": [], "seconds": 0.0}
    try:
        await log.append(f"flow/{run}", [NewEvent("flow.run.cancelled", data)], expected=recorded.head)
    except Conflict:  # it runs after all: then it will obey
        return await ask_to_cancel(log, run, why, patience_s)
    return "cancelled"


async def ask_to_signal(log: EventLog, run: str, node: str, value: Any, patience_s: float = 3.0) -> None:
    """Answer a node that waits, wherever the run runs; raises EngineError when it does not wait, or nobody runs it."""
    recorded = await _recorded(log, run)
    if node not in recorded.waits:
        names = ", ".join(sorted(recorded.waits)) or "none"
        raise EngineError(f"node {node!r} of run {run} does not wait; those that do: {names}")
    message = f"nobody runs {run} at the moment, so that nobody took the answer: resume it, then answer again"
    if recorded.status == "running" and _is_gone(log, recorded):
        raise EngineError(message)
    await log.append(_stream(run), [NewEvent("flow.control.signal", {"node": node, "value": value})])
    limit = time.monotonic() + patience_s
    while time.monotonic() < limit:
        await asyncio.sleep(0.05)
        events = await log.read(f"flow/{run}", recorded.head)
        if any(event.type == "flow.node.signalled" and event.data["node"] == node for event in events):
            return
    raise EngineError(message)


def _is_gone(log: EventLog, recorded: Recorded) -> bool:
    return Lease(log.runners).holder(recorded.runner).state == "gone"


async def _recorded(log: EventLog, run: str) -> Recorded:
    recorded = Recorded(await log.read(f"flow/{run}"))
    recorded.check_created(run)
    return recorded
