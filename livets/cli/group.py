"""The command `livets` itself: its options, its help, its subcommands.

Owns names and order; each command is a file of its own. Called by the entry points.
"""

from __future__ import annotations

from importlib import metadata

import click

from livets.cli import output
from livets.cli.check import check
from livets.cli.dev import dev
from livets.cli.flow import flow
from livets.cli.new import new
from livets.cli.routes import routes
from livets.cli.run import run

EPILOG = """\b
Examples:
  livets new shop --template todo     a new project in ./shop
  livets dev                          serve it; every save shows at once
  livets check                        look for mistakes in the templates
  livets run --workers 4              serve it for real

\b
The application is found by itself: [tool.livets] app = "main:app" in
pyproject.toml (here or in a folder above), else main.py or app.py with
an `app` in it. Exit codes: 0 good, 1 failed, 2 called in a wrong way.
"""


def version() -> str:
    """The installed version of livets; of a checkout that was not installed, "(not installed)"."""
    try:
        return metadata.version("livets")
    except metadata.PackageNotFoundError:
        return "(not installed)"


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which people meet them."""
        return list(self.commands)


@click.group(cls=_Group, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version(), prog_name="livets")
@click.pass_context
def main(context: click.Context) -> None:
    """Live web pages, written in Python."""
    context.color = output.colour()


for command in (new, dev, run, routes, check, flow):
    main.add_command(command)
