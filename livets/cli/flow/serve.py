"""`livets flow serve`: the HTTP API over the workflows and runs of a journal."""

from __future__ import annotations

import copy
import importlib.util
import os
from pathlib import Path
from typing import Any

import click

from livets.cli.flow.opening import location_at, run_async, told, with_folder, with_grants, with_location, workflow_of
from livets.cli.output import Failure, Wrong, note
from livets.flow import Flow, FlowRuntime
from livets.flow.grants_file import read_grants

LEVELS = ("critical", "error", "warning", "info", "debug")
TOKEN_VARIABLE = "LIVETS_FLOW_TOKEN"  # noqa: S105 - the name of a variable
EPILOG = f"""\b
Examples:
  livets flow serve
  livets flow serve report.yaml --folder /srv/flow --grants grants.toml
  curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8400/api/workflows
  {TOKEN_VARIABLE}=... livets flow serve --host 0.0.0.0 --allowed-host flow.example

\b
Every request needs the token. One is made at the first start and shown once;
--new-token makes another; {TOKEN_VARIABLE} is used instead where it is set.
SIGTERM and Ctrl-C stop it in order: streams end, runs stay in the journal and
go on at the next start. Routes: http://127.0.0.1:8400/docs.
Exit codes: 0 stopped, 1 it could not serve, 2 called in a wrong way.
"""


@click.command(epilog=EPILOG)
@click.argument("sources", nargs=-1, metavar="[WORKFLOW]...")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8400, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--new-token", is_flag=True, help="Make a new token; the old one opens nothing any more.")
@click.option("--allowed-host", "hosts", multiple=True, metavar="NAME", help="A name that requests may call it by.")
@click.option("--allowed-origin", "origins", multiple=True, metavar="ORIGIN",
              help="Pages that may call it: https://app.example.")  # fmt: skip
@click.option("--max-parallel", type=click.IntRange(1), help="Nodes at once over all runs, at most.")
@click.option("--max-runs", default=1000, show_default=True, type=click.IntRange(1), help="Runs at once, at most.")
@click.option("--metrics/--no-metrics", default=None, help="GET /metrics; on where livets[metrics] is installed.")
@click.option("--tracing", is_flag=True, help="OpenTelemetry spans, by the provider of this process.")
@click.option("--log-level", default="info", show_default=True, type=click.Choice(LEVELS))
@click.option("--log-json", is_flag=True, help="One JSON object a line, with run, node and attempt.")
@click.option("--graceful-timeout", default=10.0, show_default=True, type=click.FloatRange(1, 600), metavar="SECONDS",
              help="How long open requests may take after a signal.")  # fmt: skip
@with_folder
@with_grants
@with_location
def serve(
    sources: tuple[str, ...],
    host: str,
    port: int,
    new_token: bool,
    hosts: tuple[str, ...],
    origins: tuple[str, ...],
    max_parallel: int | None,
    max_runs: int,
    metrics: bool | None,
    tracing: bool,
    log_level: str,
    log_json: bool,
    graceful_timeout: float,
    folder: Path,
    grants: str | None,
    location: str | None,
) -> None:
    """Serve the workflows and runs below --folder over HTTP, and store each WORKFLOW first."""
    _check_origins(origins)
    try:
        from livets.api.flow.app import build
        from livets.api.flow.serving import Server, alone
        from livets.api.token import Token, kept_token
    except ModuleNotFoundError as error:
        raise Failure(f"the HTTP API needs {error.name}", "pip install 'livets[api]'") from None
    from livets.api.guard import LOOPBACK
    from livets.cli.processes import listen

    async def main() -> int:
        runtime = FlowRuntime(
            folder,
            grants=read_grants(grants) if grants else None,
            max_parallel=max_parallel,
            observers=_observers(metrics, tracing),
            location=location_at(location),
        )
        async with runtime:
            names = (*LOOPBACK, host, *hosts)
            app = build(runtime, token, hosts=names, origins=origins, max_runs=max_runs, tracing=tracing)
            for workflow in workflows:
                await _store(app.service, workflow)

            def ready() -> None:
                address = listener.getsockname()
                shown = f"[{address[0]}]" if ":" in address[0] else address[0]
                note("flow", f"serving {folder} on http://{shown}:{address[1]}", "green")
                _tell_token(made, folder)
                if host not in ("127.0.0.1", "::1", "localhost"):
                    note("warning", "tokens travel unencrypted: put a proxy with TLS before it", "yellow")

            server = Server(app, graceful_timeout, _logging(log_level, as_json=log_json), ready)
            await server.serve_on(listener)
        return 0 if server.started else 1

    workflows = [workflow_of(source) for source in sources]
    with told(), alone(folder):
        given = os.environ.get(TOKEN_VARIABLE)
        if given and new_token:
            raise Wrong(f"--new-token: {TOKEN_VARIABLE} is set, and is the token")
        token, made = (Token.of(given), None) if given else kept_token(folder / "api-token", renew=new_token)
        listener = listen(host, port)
        try:
            run_async(main())
        finally:
            listener.close()


def _check_origins(origins: tuple[str, ...]) -> None:
    for origin in origins:
        scheme, _, name = origin.partition("://")
        if scheme not in ("http", "https") or not name or "/" in name or name != name.lower():
            raise Wrong(f"--allowed-origin {origin}: as browsers send it: https://app.example, no slash after")


async def _store(service: Any, workflow: Any) -> None:
    if isinstance(workflow, Flow):
        raise Wrong("workflows are stored as they stand in files: functions of Python would be lost. Register nodes "
                    "with an entry point (livets.plugins), and write the workflow down")  # fmt: skip
    stored, changed = await service.library.save(service.runtime.compile(workflow))
    note("flow", f"{stored.id} {'stored as' if changed else 'is'} version {stored.version[:12]}", "green")


def _tell_token(made: str | None, folder: Path) -> None:
    if made is not None:
        note("token", click.style(made, bold=True), "yellow")
        note("token", f"it is shown this once: {folder / 'api-token'} keeps its hash", "yellow")
    elif TOKEN_VARIABLE in os.environ:
        note("token", f"the one of {TOKEN_VARIABLE}", "green")
    else:
        note("token", f"the one shown at the first start ({folder / 'api-token'}); --new-token makes another", "green")


def _observers(metrics: bool | None, tracing: bool) -> list[Any]:
    from livets.flow import telemetry

    found: list[Any] = [telemetry.Logs()]
    if metrics or (metrics is None and importlib.util.find_spec("prometheus_client") is not None):
        found.append(telemetry.Metrics())
    if tracing:
        found.append(telemetry.Tracing())
    return found


def _logging(level: str, *, as_json: bool) -> dict[str, Any]:
    """A `logging.config` dictionary: everything to stderr, with run, node and attempt."""
    from livets.cli.logs import config

    made = copy.deepcopy(config(level, dev=False))
    made["filters"] = {"run": {"()": "livets.flow.telemetry.WithRun"}}
    made["handlers"]["default"]["filters"] = ["run"]
    if as_json:
        made["formatters"]["default"] = {"()": "livets.flow.telemetry.JsonFormatter"}
    return made
