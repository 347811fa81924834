"""`livets flow resume` and `retry`: go on with a run, or run some of its nodes again."""

from __future__ import annotations

from pathlib import Path

import click

from livets.cli.flow.opening import opened, run_async, with_folder, with_grants, with_location, workflow_of
from livets.cli.flow.watching import follow
from livets.cli.output import Failure
from livets.flow.replay import replayed

_take_over = click.option(
    "--take-over", is_flag=True, help="Also from a process that lives, but has been silent for ten seconds."
)


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--workflow", "source", help="module:name, when the workflow has functions that only Python knows.")
@_take_over
@click.option("--json", "as_json", is_flag=True, help="Print status, outputs, counts and failures as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@with_folder
@with_grants
@with_location
def resume(
    name: str,
    source: str | None,
    take_over: bool,
    as_json: bool,
    quiet: bool,
    folder: Path,
    grants: str | None,
    location: str | None,
) -> None:
    """Go on with a run that was killed, cancelled or failed; what is recorded as done is not done again."""

    async def main() -> int:
        async with opened(folder, grants, must_exist=True, location=location) as runtime:
            begun = runtime.resume(name, workflow_of(source) if source else None, take_over=take_over)
            return await follow(runtime, begun, as_json=as_json, quiet=quiet)

    run_async(main())


@click.command()
@click.argument("name", metavar="RUN")
@click.argument("nodes", nargs=-1)
@click.option("--workflow", "source", help="module:name, when the workflow has functions that only Python knows.")
@_take_over
@click.option("--json", "as_json", is_flag=True, help="Print status, outputs, counts and failures as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@with_folder
@with_grants
@with_location
def retry(
    name: str,
    nodes: tuple[str, ...],
    source: str | None,
    take_over: bool,
    as_json: bool,
    quiet: bool,
    folder: Path,
    grants: str | None,
    location: str | None,
) -> None:
    """Run NODES and all after them again; without NODES, those that failed."""

    async def main() -> int:
        async with opened(folder, grants, must_exist=True, location=location) as runtime:
            chosen = list(nodes)
            if not chosen:
                events = await runtime.events(name)
                if not events:
                    raise Failure(f"there is no run {name!r}", "livets flow runs  lists them")
                replay = replayed(events)
                chosen = sorted(
                    {path.split("/")[0].split("[")[0] for path, one in replay.nodes.items() if one.state == "failed"}
                )
                if not chosen:
                    raise Failure(f"no node of run {name!r} has failed", "name the nodes that are to run again")
            begun = runtime.retry(name, chosen, workflow_of(source) if source else None, take_over=take_over)
            return await follow(runtime, begun, as_json=as_json, quiet=quiet)

    run_async(main())
