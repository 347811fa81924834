"""`livets flow import`: workflows of other programs, with a list of what did not map."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import msgspec

from livets.cli.flow.opening import told
from livets.cli.output import Wrong, note
from livets.flow.files import MAX_BYTES, to_json, write_workflow
from livets.flow.importing import Report, read_foreign
from livets.flow.importing.n8n import is_n8n
from livets.flow.importing.nodered import is_nodered
from livets.flow.model import Workflow
from livets.flow.wfformat import is_wfformat, read_wfformat

INCOMPLETE = 4
"""Exit code: a workflow was written, but something of the file has no equivalent in it."""


@click.command(name="import")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; otherwise stdout.")
@click.option("--time-scale", default=0.0, type=click.FloatRange(0), help="WfFormat: wait recorded times, times this.")
@click.option("--json", "as_json", is_flag=True, help="What became of each node as JSON, on stderr.")
def import_(source: Path, output: Path | None, time_scale: float, as_json: bool) -> None:
    """Turn an n8n, Node-RED or WfFormat file into a workflow; what did not map is listed on stderr.

    Exit code 4 says that something of an n8n or Node-RED file has no equivalent: the workflow is written all the same.
    """
    if source.stat().st_size > 4 * MAX_BYTES:
        raise Wrong(f"{source}: more than {4 * MAX_BYTES} bytes")
    try:
        plain = msgspec.json.decode(source.read_bytes())
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Wrong(f"{source}: no JSON: {error}") from None
    if is_wfformat(plain):
        _trace(plain, output, time_scale, as_json)
        return
    if not is_n8n(plain) and not is_nodered(plain):
        raise Wrong(f"{source}: neither n8n, Node-RED nor WfFormat", "give the JSON file that the program exports")
    with told():
        found = read_foreign(plain, source.stem)
        _write(found.workflow, output)
    if as_json:
        click.echo(json.dumps(found.report.plain()), err=True)
    else:
        _tell(found.report)
    if not found.report.complete:
        raise click.exceptions.Exit(INCOMPLETE)


def _write(workflow: Workflow, output: Path | None) -> None:
    if output is None:
        click.echo(to_json(workflow), nl=False)
    else:
        write_workflow(workflow, output)


def _trace(plain: Any, output: Path | None, time_scale: float, as_json: bool) -> None:
    with told():
        found = read_wfformat(plain, time_scale=time_scale)
        _write(found.workflow, output)
    if as_json:
        click.echo(json.dumps(found.missing), err=True)
        return
    note("ok", f"{len(found.workflow.nodes)} tasks, {len(found.workflow.connections)} connections", "green")
    for line in found.missing:
        note("!", line, "yellow")


def _tell(report: Report) -> None:
    """Counts first, then every node that is not the same, by name, with what to do."""
    for entry in report.entries:
        if entry.how in ("differs", "unmapped"):
            mark, colour = ("~", "cyan") if entry.how == "differs" else ("!", "yellow")
            note(mark, f"{entry.name} ({entry.type}): {'; '.join(entry.remarks)}", colour)
    for remark in report.remarks:
        note("!", remark, "yellow")
    dropped = [entry.name for entry in report.entries if entry.how == "dropped"]
    if dropped:
        note("-", f"left out, they do nothing when run: {', '.join(dropped)[:2000]}")
    exact, differs, unmapped = (report.count(how) for how in ("exact", "differs", "unmapped"))
    line = f"{report.source}: {exact} nodes the same, {differs} with a difference (~), {unmapped} not mapped (!)"
    note("ok" if report.complete else "!", line, "green" if report.complete else "yellow")
