"""`livets flow studio`: live pages over the runs of a journal, whoever runs them."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
from pathlib import Path

import click

from livets.cli.flow.opening import location_at, with_folder, with_grants, with_location, workflow_of
from livets.cli.output import Wrong, note
from livets.flow import FlowRuntime
from livets.flow.grants_file import read_grants

EPILOG = """\b
Examples:
  livets flow studio
  livets flow studio --folder /srv/flow --workflow report.yaml
  LIVETS_STUDIO_TOKEN=... livets flow studio --host 0.0.0.0 --port 80

\b
On 127.0.0.1 it answers this machine's browsers, at localhost, and no others.
On any other address, or with a token, it asks for the token; without
LIVETS_STUDIO_TOKEN one is made and shown. Runs that are started or continued
here go on in this process; after a kill they can be resumed.
"""


@click.command(epilog=EPILOG)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--token", envvar="LIVETS_STUDIO_TOKEN", help="What people have to give; better in LIVETS_STUDIO_TOKEN.")
@click.option("--workflow", "sources", multiple=True, metavar="SOURCE",
              help="A file or module:name that can be started here; its functions are known.")  # fmt: skip
@with_folder
@with_grants
@with_location
def studio(
    host: str,
    port: int,
    token: str | None,
    sources: tuple[str, ...],
    folder: Path,
    grants: str | None,
    location: str | None,
) -> None:
    """Show the runs below --folder in the browser, live, and steer them."""
    from livets.errors import ConfigError
    from livets.studio import Studio

    workflows = [workflow_of(source) for source in sources]
    is_open = not _is_loopback(host)
    token = token or (secrets.token_urlsafe(24) if is_open else None)
    runtime = FlowRuntime(folder, grants=read_grants(grants) if grants else None, location=location_at(location))
    try:
        app = Studio(runtime, token=token, workflows=workflows).application(closes_runtime=True)
    except ConfigError as error:
        asyncio.run(runtime.close())
        raise Wrong(str(error)) from None
    shown = "localhost" if not is_open else host
    note("studio", f"runs of {folder} on http://{shown}:{port}/", "green")
    if token is not None:
        note("studio", f"enter at http://{shown}:{port}/enter?token={token}", "green")
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how it ends
        app.run(host=host, port=port, log_level="warning")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
