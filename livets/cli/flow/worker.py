"""`livets flow worker`: runs nodes of workflows for runs on other machines."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket

import click

from livets.cli.flow.opening import run_async, told, with_grants
from livets.cli.output import Wrong, note
from livets.engine.errors import EngineError

EPILOG = """\b
Examples:
  dask scheduler --port 8786                         one for all, on any machine
  livets flow worker tcp://host:8786
  livets flow worker tcp://host:8786 --name gpu-1 --label gpu=1 --label zone=eu
  livets flow worker tcp://host:8786 --nodes my_module:flow --grants grants.toml
  livets flow run report.yaml --location dask://host:8786

\b
In the workflow:  placement: {worker: gpu-1}  or  placement: {labels: {gpu: 1}}
A label that is a number is an amount that nodes share; a text must be the same.
What nodes may touch here is said here, by --grants: a run sends names only.
Who reaches the scheduler can run code on every worker: keep its port among
machines that you trust, or use tls:// with --tls-ca-file, --tls-cert, --tls-key.
SIGTERM and Ctrl-C end it in order: its nodes run again on other workers.
Exit codes: 0 stopped, 1 it could not run, 2 called in a wrong way.
"""


@click.command(epilog=EPILOG)
@click.argument("scheduler")
@click.option("--name", help="Its name in placements; otherwise the machine's, with the process's number.")
@click.option("--label", "labels", multiple=True, metavar="NAME=VALUE", help="What it has: gpu=1, zone=eu.")
@click.option("--slots", default=4, show_default=True, type=click.IntRange(1), help="Nodes at once, at most.")
@click.option("--nodes", "modules", multiple=True, metavar="MODULE[:NAME]",
              help="Further nodes: a module, or a Flow, class or function in it.")  # fmt: skip
@click.option("--idle", default=600.0, show_default=True, type=click.FloatRange(1), metavar="SECONDS",
              help="Shut nodes down that nobody has used for so long.")  # fmt: skip
@click.option("--grace", default=5.0, show_default=True, type=click.FloatRange(0.1, 7.0), metavar="SECONDS",
              help="A cancelled node that runs on for so long ends the worker's process.")  # fmt: skip
@click.option("--host", help="The address at which other machines reach it; otherwise found out.")
@click.option("--memory-limit", "memory", default="0", show_default=True, metavar="SIZE",
              help="Start anew above this (4GiB, auto); 0: no limit.")  # fmt: skip
@click.option("--tls-ca-file", type=click.Path(exists=True, dir_okay=False), help="For tls:// addresses.")
@click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False), help="For tls:// addresses.")
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False), help="For tls:// addresses.")
@with_grants
def worker(
    scheduler: str,
    name: str | None,
    labels: tuple[str, ...],
    slots: int,
    modules: tuple[str, ...],
    idle: float,
    grace: float,
    host: str | None,
    memory: str,
    tls_ca_file: str | None,
    tls_cert: str | None,
    tls_key: str | None,
    grants: str | None,
) -> None:
    """Run nodes for the runs that use the Dask scheduler at SCHEDULER (tcp://host:8786), until Ctrl-C."""
    from livets.flow.elsewhere.placing import read_label
    from livets.flow.elsewhere.serving import WorkerOptions, check_options, check_scheduler, serve

    try:
        check_scheduler(scheduler)
        read = dict(read_label(text) for text in labels)
    except EngineError as error:
        raise Wrong(str(error)) from None
    files = {"tls_ca_file": tls_ca_file, "tls_worker_cert": tls_cert, "tls_worker_key": tls_key}
    options = WorkerOptions(
        scheduler=scheduler,
        name=name or f"{socket.gethostname()}-{os.getpid()}",
        labels=read,
        slots=slots,
        nodes=modules,
        grants=os.path.abspath(grants) if grants else None,
        idle_s=idle,
        grace_s=grace,
        host=host,
        memory=memory,
        tls={name: value for name, value in files.items() if value} or None,
    )
    with told():
        check_options(options)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")

    async def main() -> int:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await serve(options, lambda text: note("worker", text, "green"), stop)
        return 0

    run_async(main())
