"""`livets flow`: workflows from the command line.

Owns the names of its commands. Each is imported when it is called, so that `livets` itself stays light.
"""

from __future__ import annotations

import importlib

import click

_COMMANDS = {
    "run": "livets.cli.flow.run:run",
    "validate": "livets.cli.flow.definitions:validate",
    "nodes": "livets.cli.flow.definitions:nodes",
    "init": "livets.cli.flow.definitions:init",
    "schema": "livets.cli.flow.definitions:schema",
    "runs": "livets.cli.flow.records:runs",
    "show": "livets.cli.flow.records:show",
    "replay": "livets.cli.flow.records:replay",
    "export": "livets.cli.flow.records:export",
    "resume": "livets.cli.flow.again:resume",
    "retry": "livets.cli.flow.again:retry",
    "cancel": "livets.cli.flow.asking:cancel",
    "signal": "livets.cli.flow.asking:signal",
    "import": "livets.cli.flow.importing:import_",
    "worker": "livets.cli.flow.worker:worker",
    "listen": "livets.cli.flow.listen:listen",
    "serve": "livets.cli.flow.serve:serve",
    "studio": "livets.cli.flow.studio:studio",
    "sandbox": "livets.cli.flow.sandbox:sandbox",
}
EPILOG = """\b
Examples:
  livets flow init hello.json                 a workflow to begin with
  livets flow validate hello.json             every fault at once
  livets flow run hello.json -i name=Ann      run it, with a journal
  livets flow runs                            what ran
  livets flow resume RUN                      go on after a kill or a failure
  livets flow serve                           an HTTP API over all this
  livets flow studio                          watch and steer runs in the browser

\b
Runs are journaled below --folder (LIVETS_FLOW_FOLDER, else .livets/flow).
Exit codes: 0 completed, 1 failed or cancelled, 2 called in a wrong way,
130 interrupted.
"""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which people need them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of the command."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        found: click.Command = getattr(importlib.import_module(module), name)
        return found


@click.group(cls=_Lazy, epilog=EPILOG)
def flow() -> None:
    """Run, watch and repeat workflows."""
