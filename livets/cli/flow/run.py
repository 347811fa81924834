"""`livets flow run`: runs a workflow and prints what it gives."""

from __future__ import annotations

from pathlib import Path

import click

from livets.cli.flow.opening import inputs_of, opened, run_async, with_folder, with_grants, with_location, workflow_of
from livets.cli.flow.watching import follow
from livets.cli.output import Wrong
from livets.engine.errors import EngineError, ValueFault

EPILOG = """\b
Examples:
  livets flow run hello.json -i name=Ann
  cat hello.yaml | livets flow run -
  echo '{"name": "Ann"}' | livets flow run hello.json --inputs -
  livets flow run my_module:flow --json | jq .outputs
  livets flow run hello.json --location dask://host:8786
"""


@click.command(epilog=EPILOG)
@click.argument("source")
@click.option("-i", "--input", "pairs", multiple=True, metavar="NAME=VALUE", help="An input; VALUE is JSON, or text.")
@click.option("--inputs", metavar="FILE", help="Inputs as a JSON object; - reads stdin.")
@click.option("--run", "name", help="The run's name; otherwise one is made.")
@click.option("--target", "targets", multiple=True, metavar="NODE", help="Run only this node and what it needs.")
@click.option("--memory", is_flag=True, help="Without a journal: such a run cannot be resumed.")
@click.option("--max-parallel", type=click.IntRange(1), help="Nodes at once, at most.")
@click.option("--json", "as_json", is_flag=True, help="Print status, outputs, counts and failures as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@with_folder
@with_grants
@with_location
def run(
    source: str,
    pairs: tuple[str, ...],
    inputs: str | None,
    name: str | None,
    targets: tuple[str, ...],
    memory: bool,
    max_parallel: int | None,
    as_json: bool,
    quiet: bool,
    folder: Path,
    grants: str | None,
    location: str | None,
) -> None:
    """Run the workflow in SOURCE: a JSON or YAML file, - for stdin, or module:name of one in Python."""
    workflow = workflow_of(source)
    given = inputs_of(pairs, inputs)

    async def main() -> int:
        async with opened(None if memory else folder, grants, max_parallel=max_parallel, location=location) as runtime:
            compiled = runtime.compile(workflow)
            try:
                compiled.read_inputs(given)
                compiled.numbers(targets)
            except (EngineError, ValueFault) as error:
                raise Wrong(str(error)) from None
            begun = runtime.start(compiled, given, run=name, targets=list(targets) or None)
            return await follow(runtime, begun, as_json=as_json, quiet=quiet)

    run_async(main())
