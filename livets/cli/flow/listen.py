"""`livets flow listen`: starts a run for each firing of a workflow's triggers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from livets.cli.flow.opening import inputs_of, opened, run_async, with_folder, with_grants, with_location, workflow_of
from livets.cli.output import note
from livets.engine.events import Event, Subscription


@click.command()
@click.argument("source")
@click.option("-i", "--input", "pairs", multiple=True, metavar="NAME=VALUE", help="An input; VALUE is JSON, or text.")
@with_folder
@with_grants
@with_location
def listen(source: str, pairs: tuple[str, ...], folder: Path, grants: str | None, location: str | None) -> None:
    """Listen for the schedules, files and queues that the workflow in SOURCE begins with, until Ctrl-C."""
    workflow = workflow_of(source)

    async def main() -> int:
        given = inputs_of(pairs, None)
        async with opened(folder, grants, location=location) as runtime, runtime.listen(workflow, given) as listener:
            for path in listener.paths():
                note("!", f"the webhook {path} needs a server: livets flow serve")
            note("*", "listening; Ctrl-C ends it")
            with runtime.watch() as events:
                telling = asyncio.create_task(_tell(events))
                await listener.wait()
                telling.cancel()
        return 0

    run_async(main())


async def _tell(events: Subscription) -> None:
    async for batch in events:
        for event in batch:
            if isinstance(event, Event) and event.type.startswith("flow.run."):
                note("*", f"{event.stream.removeprefix('flow/')} {event.type.rpartition('.')[2]}")
