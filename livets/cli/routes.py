"""`livets routes`: what is served where, and in which file it stands.

Owns the table. Called by a person, or by a script with --json.
"""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

from livets.app import LiveTS
from livets.cli.finding import find
from livets.cli.loading import load
from livets.cli.output import table
from livets.transport import LiveRoute

EPILOG = """\b
Examples:
  livets routes
  livets routes shop.web:app
  livets routes --json | jq '.[] | select(.kind == "live") | .path'
"""


class Entry(NamedTuple):
    """One line of the table."""

    path: str
    kind: str
    """live, http, websocket or mount."""
    view: str
    name: str
    """For `url_for`."""
    where: str
    """file:line, relative to the project."""


@click.command(epilog=EPILOG)
@click.argument("app", required=False)
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of objects.")
def routes(app: str | None, as_json: bool) -> None:
    """Show every route: path, view, name, file and line.

    APP is module:attribute; without it the project's own.
    """
    entries = list(listed(load(find(app, Path.cwd()))))
    if as_json:
        click.echo(json.dumps([entry._asdict() for entry in entries], indent=2))
    elif entries:
        click.echo(table(["PATH", "KIND", "VIEW", "NAME", "WHERE"], entries))
    else:
        click.echo("The application has no routes yet: add one with app.live('/', View).", err=True)


def listed(app: Any, prefix: str = "") -> Iterator[Entry]:
    """The routes of an ASGI application, with those of what is mounted in it; those of livets itself are left out."""
    routes = getattr(app, "routes", None) or []
    for route in routes:
        path = prefix + getattr(route, "path", "")
        if isinstance(app, LiveTS) and path.removeprefix(prefix).startswith("/livets/"):
            continue
        inner = getattr(route, "app", None)
        if isinstance(route, LiveRoute):
            yield Entry(path, "live", route.view_class.__qualname__, route.name, _where(route.view_class))
        elif getattr(inner, "routes", None) or isinstance(inner, LiveTS):
            yield from listed(inner, path)
        else:
            yield _other(route, path)


def _other(route: Any, path: str) -> Entry:
    endpoint = getattr(route, "endpoint", None) or getattr(route, "app", None)
    kind = "websocket" if "WebSocket" in type(route).__name__ else "http" if hasattr(route, "methods") else "mount"
    label = getattr(endpoint, "__qualname__", type(endpoint).__name__)
    code = endpoint if inspect.isclass(endpoint) or inspect.isroutine(endpoint) else None
    return Entry(path, kind, label, getattr(route, "name", "") or "", _where(code))


def _where(code: Any) -> str:
    """file:line of a class or function; empty when it is written in C, or nowhere."""
    try:
        file = inspect.getsourcefile(inspect.unwrap(code)) or ""
        line = inspect.getsourcelines(inspect.unwrap(code))[1]
    except (TypeError, OSError):
        return ""
    relative = os.path.relpath(file)
    return f"{file if relative.startswith('..') else relative}:{line}"
