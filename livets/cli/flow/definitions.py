"""`livets flow validate`, `nodes`, `init`, `schema`: workflows as files, without running them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from livets.cli.flow.opening import told, workflow_of
from livets.cli.output import Failure, Wrong, note, table
from livets.flow import Flow
from livets.flow.catalogue import describe
from livets.flow.files import schema as file_schema
from livets.flow.files import write_workflow
from livets.flow.nodes import standard_registry
from livets.flow.validate import validate as faults_of


@click.command()
@click.argument("sources", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of objects.")
def validate(sources: tuple[str, ...], as_json: bool) -> None:
    """Say everything that is wrong with workflows; exit code 1 when there is something."""
    found = []
    for source in sources:
        given = workflow_of(source)
        registry = standard_registry()
        if isinstance(given, Flow):
            registry = given.registry_over(registry)
        workflow = given.workflow() if isinstance(given, Flow) else given
        faults = faults_of(workflow, registry)
        found += [{"file": source, "path": f.path, "code": f.code, "message": f.message} for f in faults]
        if not faults and not as_json:
            note("ok", f"{source}: {len(workflow.nodes)} nodes, version {workflow.content_version()[:12]}", "green")
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        for one in found:
            click.echo(f"{one['file']}: {one['path']}: {one['message']}")
    if found:
        raise SystemExit(1)


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="With ports and JSON Schema of the config.")
def nodes(name: str | None, as_json: bool) -> None:
    """List the types of nodes, or tell all about one."""
    registry = standard_registry()
    with told():
        names = [name] if name else list(registry.names("node"))
        types = [registry.node_type(one) for one in names]
    if as_json or name:
        told_ = [describe(one) for one in types]
        click.echo(json.dumps(told_[0] if name else told_, indent=2))
        return
    rows = [(one.name, str(one.version), one.doc.splitlines()[0] if one.doc else "") for one in types]
    click.echo(table(["TYPE", "VERSION", "WHAT IT DOES"], rows))


@click.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), default="workflow.json")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def init(path: Path, force: bool) -> None:
    """Write a small workflow that runs to PATH (.json, .yaml)."""
    if path.suffix not in (".json", ".yaml", ".yml"):
        raise Wrong(f"{path}: call it .json or .yaml")
    if path.exists() and not force:
        raise Failure(f"{path} is there already", "choose another name, or --force")
    flow = Flow(path.stem if path.stem.isidentifier() else "hello")
    name = flow.input("name", str, default="world")
    value = flow.add("transform.set", id="value", value={"greeting": "Hello"}, config={"copy": {"text": "greeting"}})
    greet = flow.add("debug.log", id="greet", config={"message": "greeting"})
    value >> greet
    who = flow.add("debug.log", id="who", value=name)
    flow.output("greeting", greet)
    flow.output("name", who)
    try:
        with told():
            write_workflow(flow.workflow(), path)
    except OSError as error:
        raise Failure(
            f"{path}: {error.strerror}", "name a file in a folder that is there and may be written to"
        ) from None
    note("ok", f"{path} written: try  livets flow run {path} -i name=Ann", "green")


@click.command()
def schema() -> None:
    """Print the JSON Schema of workflow files, for editors."""
    click.echo(json.dumps(file_schema(), indent=2))
