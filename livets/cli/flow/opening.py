"""What the commands of `livets flow` share: their options, the runtime, workflows by name, errors as Failure.

Called by every command of this package.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from livets.cli.output import Failure, Wrong
from livets.engine.encoding import from_json
from livets.engine.errors import EngineError, ValueFault
from livets.flow import Flow, FlowRuntime
from livets.flow.files import FileFault, from_yaml, read_workflow
from livets.flow.files import from_json as workflow_from_json
from livets.flow.grants_file import read_grants
from livets.flow.location import Location
from livets.flow.model import Workflow
from livets.flow.validate import InvalidWorkflow

INTERRUPTED = 130


def with_folder(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --folder."""
    return click.option(
        "--folder",
        default=".livets/flow",
        envvar="LIVETS_FLOW_FOLDER",
        show_default=True,
        type=click.Path(file_okay=False, path_type=Path),
        help="Where runs are journaled.",
    )(command)


def with_grants(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --grants."""
    return click.option(
        "--grants",
        envvar="LIVETS_FLOW_GRANTS",
        type=click.Path(exists=True, dir_okay=False),
        help="A TOML file: which folders, hosts, databases and secrets nodes may touch.",
    )(command)


def with_location(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --location."""
    return click.option(
        "--location",
        envvar="LIVETS_FLOW_LOCATION",
        metavar="URL",
        help="Where nodes run: dask://host:8786 (livets flow worker); otherwise here.",
    )(command)


def location_at(url: str | None) -> Location | None:
    """Return the location of that URL; raises Wrong."""
    if url is None:
        return None
    from livets.flow.elsewhere import location_of
    from livets.flow.elsewhere.address import read_address

    try:
        read_address(url)
    except EngineError as error:
        raise Wrong(str(error)) from None
    with told():
        found = location_of(url)
    for name in ("distributed.client", "distributed.core"):  # what they log is told by the run, in a sentence
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return found


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn what the engine raises into what a person reads."""
    try:
        yield
    except InvalidWorkflow as error:
        raise Wrong(str(error)) from None
    except FileFault as error:
        raise Wrong(str(error)) from None
    except EngineError as error:
        raise Failure(str(error)) from None


def run_async(main: Coroutine[Any, Any, int]) -> None:
    """Run `main` and end the process with the exit code that it returns."""
    with told():
        try:
            code = asyncio.run(main)
        except KeyboardInterrupt:
            code = INTERRUPTED
    if code:
        sys.exit(code)


@contextlib.asynccontextmanager
async def opened(
    folder: Path | None,
    grants: str | None = None,
    *,
    must_exist: bool = False,
    max_parallel: int | None = None,
    location: str | None = None,
) -> AsyncIterator[FlowRuntime]:
    """A runtime with its journal below `folder`; without one, in memory."""
    if must_exist and folder is not None and not (folder / "journal.db").exists():
        raise Failure(f"there is no journal in {folder}", "name its folder with --folder, or run a workflow first")
    found = read_grants(grants) if grants else None
    place = location_at(location)
    async with FlowRuntime(folder, grants=found, max_parallel=max_parallel, location=place) as runtime:
        yield runtime


def workflow_of(source: str) -> Workflow | Flow:
    """Return the workflow in a file, on stdin (`-`), or in Python (`module:name`); raises Wrong."""
    with told():
        if source == "-":
            text = sys.stdin.buffer.read()
            if not text.strip():
                raise Wrong("stdin is empty: pipe a workflow in, as JSON or YAML")
            return workflow_from_json(text) if text.lstrip()[:1] == b"{" else from_yaml(text)
        module, colon, name = source.rpartition(":")
        if colon and not Path(source).exists():
            return _from_module(module, name)
        return read_workflow(source)


def _from_module(module: str, name: str) -> Workflow | Flow:
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise Wrong(f"{module!r} could not be imported: {error}") from error
    except AttributeError:
        raise Wrong(f"the module {module!r} has no {name!r}") from None
    made = found() if not isinstance(found, Flow | Workflow) and callable(found) else found
    if not isinstance(made, Flow | Workflow):
        raise Wrong(f"{module}:{name} is {made!r:.80}, and no Flow or Workflow")
    return made


def inputs_of(pairs: tuple[str, ...], document: str | None) -> dict[str, Any]:
    """Return the inputs of a workflow: of a JSON file (or stdin, `-`), then `name=value`, JSON or else text."""
    found: dict[str, Any] = {}
    try:
        if document is not None:
            text = sys.stdin.buffer.read() if document == "-" else Path(document).read_bytes()
            found = from_json(text)
    except (ValueFault, OSError) as error:
        raise Wrong(f"--inputs {document}: {error}") from None
    if not isinstance(found, dict):
        raise Wrong(f"--inputs {document}: an object is wanted, not {type(found).__name__}")
    for pair in pairs:
        name, equals, text_ = pair.partition("=")
        if not equals or not name:
            raise Wrong(f"-i {pair}: write  name=value")
        found[name] = value_of(text_)
    return found


def value_of(text: str) -> Any:
    """Return `text` as JSON, or as it is when it is none.

    >>> value_of("3"), value_of("three")
    (3, 'three')
    """
    try:
        return from_json(text)
    except ValueFault:
        return text


def document(value: Any) -> str:
    """Return `value` as indented JSON, bytes and the like as their tags."""
    from livets.engine.encoding import to_json

    return msgspec.json.format(to_json(value), indent=2).decode()
