"""`livets flow sandbox`: which layers keep untrusted code in on this machine, in words."""

from __future__ import annotations

import json

import click
import msgspec

from livets.cli.flow.opening import run_async, with_grants
from livets.cli.output import note
from livets.engine.sandbox.sandbox import Sandbox, refusal
from livets.flow.grants_file import read_grants


@click.command()
@with_grants
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def sandbox(grants: str | None, as_json: bool) -> None:
    """Try every layer of the sandbox; exit code 1 when untrusted code would be refused."""

    async def main() -> int:
        async with read_grants(grants).sandbox if grants else Sandbox() as one:
            layers = await one.layers()
        if as_json:
            told = {name: value for name, value in msgspec.to_builtins(layers).items() if name != "visible"}
            click.echo(json.dumps({**told, "missing": layers.missing()}, indent=2))
        else:
            for on, name, words in layers.lines():
                note("on" if on else "--", f"{name}: {words}", "green" if on else "yellow")
            note("!!", refusal(layers), "red") if layers.missing() else note("ok", "untrusted code may run", "green")
        return 1 if layers.missing() else 0

    run_async(main())
