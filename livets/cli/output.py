"""How commands speak: errors with a hint, tables, colours that NO_COLOR turns off.

Owns the looks of the terminal. Decides nothing. Called by every command.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import IO, Any

import click


class Failure(click.ClickException):
    """The command could not do its work: exit code 1, the reason on stderr, and how to mend it."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.detail = detail

    def show(self, file: IO[Any] | None = None) -> None:
        """Detail first (it may be long), the sentence that matters last."""
        if self.detail:
            click.echo(self.detail.rstrip() + "\n", file=file, err=True)
        click.echo(click.style("error: ", fg="red", bold=True) + self.message, file=file, err=True)
        if self.hint:
            click.echo(click.style("hint:  ", fg="cyan") + self.hint, file=file, err=True)


class Wrong(Failure):
    """The command was called in a way that cannot work: exit code 2."""

    exit_code = 2


def colour() -> bool | None:
    """What to tell click: False without colours, True with, None to let the terminal decide.

    `NO_COLOR` (https://no-color.org) wins over `FORCE_COLOR`.
    """
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their content, the head in bold."""
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

    return "\n".join([click.style(line(head), bold=True), *map(line, rows)])


def note(mark: str, text: str, fg: str = "cyan") -> None:
    """One line of what is going on, on stderr, so that stdout stays the program's own."""
    click.echo(f"{click.style(mark, fg=fg)} {text}", err=True)
