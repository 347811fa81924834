"""`livets flow import`: workflows of other programs, with a list of what did not map."""

from __future__ import annotations

import json
from pathlib import Path

import click
import msgspec

from livets.cli.flow.opening import told
from livets.cli.output import Wrong, note
from livets.flow.files import MAX_BYTES, to_json, write_workflow
from livets.flow.wfformat import is_wfformat, read_wfformat


@click.command(name="import")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; otherwise stdout.")
@click.option("--time-scale", default=0.0, type=click.FloatRange(0), help="Tasks wait their recorded time, times this.")
@click.option("--json", "as_json", is_flag=True, help="What did not map as JSON, on stderr.")
def import_(source: Path, output: Path | None, time_scale: float, as_json: bool) -> None:
    """Turn a WfFormat trace (WfCommons) into a workflow; what did not map is listed on stderr."""
    if source.stat().st_size > 4 * MAX_BYTES:
        raise Wrong(f"{source}: more than {4 * MAX_BYTES} bytes")
    try:
        plain = msgspec.json.decode(source.read_bytes())
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Wrong(f"{source}: no JSON: {error}") from None
    if not is_wfformat(plain):
        raise Wrong(f"{source}: only WfFormat is read so far", "n8n and Node-RED files are to follow")
    with told():
        found = read_wfformat(plain, time_scale=time_scale)
        if output is None:
            click.echo(to_json(found.workflow), nl=False)
        else:
            write_workflow(found.workflow, output)
    if as_json:
        click.echo(json.dumps(found.missing), err=True)
        return
    note("ok", f"{len(found.workflow.nodes)} tasks, {len(found.workflow.connections)} connections", "green")
    for line in found.missing:
        note("!", line, "yellow")
