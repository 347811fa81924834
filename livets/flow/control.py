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

PATIENCE_S = 12.0
"""How long a cancelled run of a process that lives may take to end: its nodes have ten seconds to clean up."""


class Running(Protocol):
    """A run of this process: a RunHandle."""

    id: str

    async def cancel(self, why: str = "cancelled") -> None:
        """Cancel it."""

    async def signal(self, node: str, value: Any = None) -> None:
        """Answer a node that waits."""


def control_stream(run: str) -> str:
    """Return the stream with the commands to a run."""
    return f"control/{run}"


async def obey(log: EventLog, handle: Running, after: int | None = None) -> None:
    """Do what others ask of this run, until cancelled. `after` is the head of the commands that are done already."""
    if after is None:
        after = await log.head(control_stream(handle.id))
    async with contextlib.aclosing(log.subscribe(control_stream(handle.id), after)) as batches:  # type: ignore[type-var]
        async for batch in batches:
            if await _obeyed(handle, batch):
                return


async def obey_all(log: EventLog, running: Callable[[str], Running | None], poll_s: float = 0.25) -> None:
    """`obey` for any number of runs, until cancelled: one look at the journal for all, every `poll_s` seconds."""
    known = await log.heads(control_stream(""))
    while True:
        await asyncio.sleep(poll_s)
        heads = await log.heads(control_stream(""))
        for stream, head in heads.items():
            before = known.get(stream, 0)
            handle = running(stream.removeprefix(control_stream(""))) if head != before else None
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


async def cancelled_since(log: EventLog, run: str, after: int) -> tuple[int, str | None]:
    """Return the last command to a run, and why one above `after` wants it cancelled; None when none does."""
    events = await log.read(control_stream(run), after)
    asked = [event.data["why"] for event in events if event.type == "flow.control.cancel"]
    return events[-1].seq if events else after, asked[0] if asked else None


async def ask_to_cancel(log: EventLog, run: str, why: str = "cancelled", patience_s: float = PATIENCE_S) -> str:
    """Have a run cancelled, wherever it runs, and return its status then; raises EngineError when there is none.

    A process that lives gets the time that its nodes may take to clean up; one that is gone or silent gets none.
    """
    recorded = await _recorded(log, run)
    if recorded.status in ("completed", "failed", "cancelled"):
        return recorded.status
    lives = recorded.status != "interrupted" and _holder(log, recorded) != "gone"
    if lives:
        await log.append(control_stream(run), [NewEvent("flow.control.cancel", {"why": why})])
    limit = time.monotonic() + patience_s
    while lives and time.monotonic() < limit:
        await asyncio.sleep(0.05)
        recorded = await _recorded(log, run)
        if recorded.status != "running":
            return recorded.status
        lives = _holder(log, recorded) == "alive"
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
    if recorded.status == "running" and _holder(log, recorded) == "gone":
        raise EngineError(message)
    await log.append(control_stream(run), [NewEvent("flow.control.signal", {"node": node, "value": value})])
    limit = time.monotonic() + patience_s
    while time.monotonic() < limit:
        await asyncio.sleep(0.05)
        events = await log.read(f"flow/{run}", recorded.head)
        if any(event.type == "flow.node.signalled" and event.data["node"] == node for event in events):
            return
    raise EngineError(message)


def _holder(log: EventLog, recorded: Recorded) -> str:
    return Lease(log.runners).holder(recorded.runner).state


async def _recorded(log: EventLog, run: str) -> Recorded:
    recorded = Recorded(await log.read(f"flow/{run}"))
    recorded.check_created(run)
    return recorded
