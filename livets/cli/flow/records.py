"""`livets flow runs`, `show`, `replay`, `export`: what the journal knows."""

from __future__ import annotations

import asyncio
import datetime
import json
from pathlib import Path

import click
import msgspec

from livets.cli.flow.opening import document, opened, run_async, told, with_folder
from livets.cli.flow.watching import table_of
from livets.cli.output import Failure, table
from livets.engine.encoding import to_plain
from livets.engine.events import Event
from livets.flow import FlowRuntime
from livets.flow.files import write_workflow
from livets.flow.replay import replayed, steps


@click.command()
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="The latest so many.")
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of objects.")
@with_folder
def runs(limit: int, as_json: bool, folder: Path) -> None:
    """List the runs, the latest first."""

    async def main() -> int:
        async with opened(folder, must_exist=True) as runtime:
            found = (await runtime.runs())[:limit]
        if as_json:
            click.echo(json.dumps([msgspec.to_builtins(one) for one in found], indent=2))
        else:
            rows = [(one.run, one.workflow, one.version[:8], one.status, _when(one.started)) for one in found]
            click.echo(table(["RUN", "WORKFLOW", "VERSION", "STATUS", "STARTED"], rows))
        return 0

    run_async(main())


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--node", help="The outputs of this node, by its path.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_folder
def show(name: str, node: str | None, as_json: bool, folder: Path) -> None:
    """Show the nodes of a run: state, attempts, time, errors."""

    async def main() -> int:
        async with opened(folder, must_exist=True) as runtime:
            replay = replayed(await _events(runtime, name))
            if replay.status == "running" and await runtime.gone([name]):
                replay.status = "interrupted"
        if node is not None:
            if node not in replay.nodes:
                raise Failure(f"run {name!r} has no node {node!r}", f"there are: {', '.join(replay.nodes)}")
            click.echo(document(msgspec.structs.asdict(replay.nodes[node])))
        elif as_json:
            nodes = {path: msgspec.structs.asdict(one) for path, one in replay.nodes.items()}
            click.echo(
                document({"run": name, "status": replay.status, "inputs": replay.created["inputs"], "nodes": nodes})
            )
        else:
            click.echo(f"{name}  {replay.created['workflow']}  {replay.status}")
            if replay.status == "interrupted":
                click.echo(f"what ran it is gone; go on with  livets flow resume {name}", err=True)
            click.echo(table(["NODE", "STATE", "ATTEMPTS", "MS", "ERROR"], table_of(replay)))
        return 0

    run_async(main())


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--until", type=int, help="Stop after the event of this number, and show how the nodes stood.")
@click.option("--json", "as_json", is_flag=True, help="One event a line, with the state of its node after it.")
@with_folder
def replay(name: str, until: int | None, as_json: bool, folder: Path) -> None:
    """Go through a run event by event; nothing runs again."""

    async def main() -> int:
        async with opened(folder, must_exist=True) as runtime:
            events = await _events(runtime, name)
        began, last = events[0].ts, None
        for event, state in steps(one for one in events if until is None or one.seq <= until):
            last = state
            path = event.data.get("node", "")
            if as_json:
                stood = state.nodes[path].state if path in state.nodes else state.status
                click.echo(json.dumps({**to_plain(event.envelope()), "state": stood}))
            else:
                detail = event.data.get("message") or event.data.get("kind") or ""
                click.echo(f"{event.seq:6}  +{event.ts - began:9.3f} s  {event.type:24} {path}  {detail}".rstrip())
        if until is not None and last is not None and not as_json:
            click.echo(table(["NODE", "STATE", "ATTEMPTS", "MS", "ERROR"], table_of(last)))
        return 0

    run_async(main())


@click.command()
@click.argument("name", metavar="RUN")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; otherwise stdout.")
@click.option("--definition", is_flag=True, help="The workflow that the run began with (.json, .yaml), not its events.")
@with_folder
def export(name: str, output: Path | None, definition: bool, folder: Path) -> None:
    """Write the events of a run, one JSON object a line; or its definition."""

    async def main() -> int:
        async with opened(folder, must_exist=True) as runtime:
            events = await _events(runtime, name)
            workflow = await runtime.definition(events[0].data["version"]) if definition else None
        if workflow is not None:
            from livets.flow.files import to_json

            if output is None:
                click.echo(to_json(workflow), nl=False)
            else:
                with told():
                    write_workflow(workflow, output)
            return 0
        text = "".join(json.dumps(to_plain(event.envelope())) + "\n" for event in events)
        if output is None:
            click.echo(text, nl=False)
        else:
            await asyncio.to_thread(output.write_text, text, encoding="utf-8")
        return 0

    run_async(main())


async def _events(runtime: FlowRuntime, name: str) -> list[Event]:
    events = await runtime.events(name)
    if not events:
        raise Failure(f"there is no run {name!r}", "livets flow runs  lists them")
    return events


def _when(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds).astimezone().isoformat(sep=" ", timespec="seconds")
