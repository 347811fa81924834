"""Shows how a run gets on: one line that changes on a terminal, a line for each thing of note elsewhere. On stderr.

Owns the progress display. Reads events from the bus; when it is too slow it misses some.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import time
from collections.abc import Awaitable, Iterable
from typing import Any

import click

from livets.cli.flow.opening import document
from livets.cli.output import Failure
from livets.engine.errors import Interrupted
from livets.engine.events import Event, Gap, Subscription
from livets.flow import FlowRuntime
from livets.flow.control import obey
from livets.flow.handle import RunHandle
from livets.flow.replay import Replay
from livets.flow.result import RunResult

_FRAME_S = 0.1
_MARKS = {"completed": ("ok", "green"), "failed": ("failed", "red"), "cancelled": ("cancelled", "yellow")}


class Progress:
    """What is shown of a run while it runs."""

    def __init__(self, handle: RunHandle, *, quiet: bool) -> None:
        self._handle = handle
        self._quiet = quiet
        self._live = not quiet and sys.stderr.isatty()
        self._began = time.monotonic()

    def take_all(self, events: Iterable[Event | Gap]) -> None:
        """Take what the bus has brought."""
        for event in events:
            if isinstance(event, Event):
                self.take(event)

    def take(self, event: Event) -> None:
        """Say at once what must not wait for the next frame: what nodes say, failures, waits."""
        if self._quiet or not event.type.startswith("flow.node."):
            return
        kind, data = event.type.rpartition(".")[2], event.data
        if kind in ("failed", "item_failed"):
            self._line(f"{click.style('failed', fg='red')}   {data['node']}: {data['message']}")
        elif kind == "retrying":
            self._line(f"{click.style('again', fg='yellow')}    {data['node']} in {data['wait_s']:.1f} s")
        elif kind == "waiting" and data.get("signal"):
            prompt = data.get("data", {}).get("prompt", "")
            how = f"livets flow signal {self._handle.id} {data['node']} true"
            self._line(f"{click.style('waiting', fg='cyan')}  {data['node']}: {prompt}  ({how})")
        elif kind == "event" and data["kind"] in ("info", "warning", "error"):
            self._line(f"{data['kind']:8} {data['node']}: {data['data'].get('message', data['data'])}")

    def frame(self) -> None:
        """Draw the line that changes."""
        if not self._live:
            return
        seconds = time.monotonic() - self._began
        counts = self._handle.counts()
        if counts:
            text = "  ".join(f"{name} {one['in']}>{one['out']}" for name, one in counts.items())
        else:
            states = list(self._handle.states().values())
            done = sum(state in ("completed", "failed", "skipped", "cancelled") for state in states)
            width = 24
            full = width * done // max(1, len(states))
            text = f"[{'#' * full}{'.' * (width - full)}] {done}/{len(states)}  running {states.count('running')}"
        room = shutil.get_terminal_size().columns - 1
        self._erase()
        click.echo(f"{text} {seconds:.1f} s"[:room], err=True, nl=False)

    def _line(self, text: str) -> None:
        if self._live:
            self._erase()
        click.echo(text, err=True)

    @staticmethod
    def _erase() -> None:
        """Empty the line; written as it is, for click leaves out all escapes where colours are not wanted."""
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()

    def end(self, result: RunResult) -> None:
        """Say what it came to."""
        if self._quiet:
            return
        mark, colour = _MARKS[result.status]
        counts = ", ".join(f"{count} {state}" for state, count in result.counts.items())
        self._line(f"{click.style(mark, fg=colour)} {result.run}  {counts}  {result.seconds:.2f} s")


async def follow(runtime: FlowRuntime, begun: Awaitable[RunHandle], *, as_json: bool, quiet: bool) -> int:
    """Begin a run, show it until it ends, print what it gives, and return the exit code."""
    with runtime.watch() as listener:  # before it begins, so that nothing is missed
        handle = await begun
        return await _followed(runtime, handle, listener, Progress(handle, quiet=quiet or as_json), as_json)


async def _followed(
    runtime: FlowRuntime, handle: RunHandle, listener: Subscription, progress: Progress, as_json: bool
) -> int:
    log = runtime.log
    helpers = [asyncio.create_task(_show(listener, progress))]
    if log is not None:
        helpers.append(asyncio.create_task(obey(log, handle)))
    try:
        result = await handle.result()
    except Interrupted as error:
        hint = "" if log is None else f"what is recorded is kept; go on with  livets flow resume {handle.id}"
        raise Failure(str(error), hint) from None
    except asyncio.CancelledError:
        await handle.cancel("interrupted")
        if log is not None:
            click.echo(f"\ninterrupted; go on with  livets flow resume {handle.id}", err=True)
        raise
    finally:
        for task in helpers:
            task.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
    progress.take_all(listener.take())
    progress.end(result)
    click.echo(document(_as_value(result) if as_json else result.outputs))
    return 0 if result.status == "completed" else 1


async def _show(listener: Subscription, progress: Progress) -> None:
    while True:
        progress.frame()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FRAME_S):
                progress.take_all(await listener.read())


def _as_value(result: RunResult) -> dict[str, Any]:
    failures = [{"node": f.node, "kind": f.kind, "message": f.message, "attempt": f.attempt} for f in result.failures]
    return {
        "run": result.run,
        "status": result.status,
        "reason": result.reason,
        "outputs": result.outputs,
        "counts": result.counts,
        "failures": failures,
        "seconds": result.seconds,
    }


def table_of(replay: Replay) -> list[tuple[str, ...]]:
    """Return a row for each node: path, state, attempts, milliseconds, error."""
    return [
        (path, one.state, str(one.attempts or ""), "" if one.ms is None else f"{one.ms:.1f}", one.error[:80])
        for path, one in replay.nodes.items()
    ]
