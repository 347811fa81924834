"""`livets flow cancel` and `signal`: ask something of a run, in whatever process it runs."""

from __future__ import annotations

from pathlib import Path

import click

from livets.cli.flow.opening import opened, run_async, value_of, with_folder
from livets.flow.control import ask_to_cancel, ask_to_signal


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--why", default="cancelled", help="The reason, for the journal.")
@with_folder
def cancel(name: str, why: str, folder: Path) -> None:
    """Cancel a run; it can be resumed later."""

    async def main() -> int:
        async with opened(folder, must_exist=True) as runtime:
            assert runtime.log is not None
            status = await ask_to_cancel(runtime.log, name, why)
        click.echo(f"{name} {status}")
        return 0 if status == "cancelled" else 1

    run_async(main())


@click.command()
@click.argument("name", metavar="RUN")
@click.argument("node")
@click.argument("value", default="true")
@with_folder
def signal(name: str, node: str, value: str, folder: Path) -> None:
    """Answer NODE, which waits for an input or an approval, with VALUE (JSON or text)."""

    async def main() -> int:
        async with opened(folder, must_exist=True) as runtime:
            assert runtime.log is not None
            await ask_to_signal(runtime.log, name, node, value_of(value))
        click.echo(f"{node} of {name} has its answer")
        return 0

    run_async(main())
