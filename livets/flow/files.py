"""Workflow files: JSON always, YAML with the extra `livets[flow]`; lossless, limited, and reading executes nothing.

YAML is read by a safe loader with the scalars of YAML 1.2 only (`no` and `12:30` stay strings), without aliases, at
most 1 MB and 50 levels. Field names of the first description of the engine (`node_type`, `max_parallel_nodes`, ...) are
read too; what is written has the names of `livets.flow.model`.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import msgspec

from livets.engine.errors import EngineError, MissingExtra
from livets.flow.model import Workflow

MAX_BYTES = 16_000_000
MAX_YAML_BYTES = 1_000_000
MAX_DEPTH = 50
_BREAKS = re.compile("[\x85\u2028\u2029\ufeff]")
"""PyYAML writes these as line breaks when it may write Unicode, and reads them back as spaces."""

_NODE_NAMES = {"node_type": "type", "retry_policy": "retry"}
_DECODER = msgspec.json.Decoder(Workflow)
_SETTING_NAMES = {"max_parallel_nodes": "max_parallel", "error_handling": "on_error", "retry_policy": "retry"}


class FileFault(EngineError):
    """A file is no workflow; the message says where and why."""


def read_workflow(path: str | Path) -> Workflow:
    """Return the workflow in a `.json`, `.yaml` or `.yml` file; raises FileFault naming the file."""
    path = Path(path)
    try:
        data = path.read_bytes()
        if not data.strip():
            raise FileFault("it is empty")
        return from_yaml(data) if path.suffix in (".yaml", ".yml") else from_json(data)
    except OSError as error:
        raise FileFault(f"{path}: {error.strerror or error}") from error
    except FileFault as error:
        raise FileFault(f"{path}: {error}") from error


def write_workflow(workflow: Workflow, path: str | Path) -> None:
    """Write `workflow` as JSON or YAML, by the ending of `path`."""
    path = Path(path)
    text = to_yaml(workflow) if path.suffix in (".yaml", ".yml") else to_json(workflow)
    path.write_text(text, encoding="utf-8")


def from_json(data: bytes | str) -> Workflow:
    """Return the workflow that JSON text says; raises FileFault.

    >>> from_json('{"schema_version": 1, "id": "x", "nodes": [{"id": "a", "type": "debug.log"}]}').nodes[0].type
    'debug.log'
    """
    if len(data) > MAX_BYTES:
        raise FileFault(f"a workflow file may have {MAX_BYTES} bytes, not {len(data)}")
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeError, ValueError):
        pass  # no JSON, faulty, or with older names: read again to tell which
    try:
        plain = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise FileFault(f"no JSON: {error}") from None
    return from_plain_workflow(plain)


def to_json(workflow: Workflow) -> str:
    """Return the workflow as JSON text, indented, fields that say nothing left out."""
    return msgspec.json.format(msgspec.json.encode(_dumped(workflow)), indent=2).decode() + "\n"


def from_yaml(data: bytes | str) -> Workflow:
    """Return the workflow that YAML text says; raises FileFault, or MissingExtra when PyYAML is not installed."""
    if len(data) > MAX_YAML_BYTES:
        raise FileFault(f"a YAML workflow may have {MAX_YAML_BYTES} bytes, not {len(data)}: write it as JSON")
    yaml = _yaml()
    try:
        _check_events(yaml, data)
        return from_plain_workflow(yaml.load(data, Loader=_loader(yaml)))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise FileFault(f"no YAML: {error}") from None


def to_yaml(workflow: Workflow) -> str:
    """Return the workflow as YAML text; raises MissingExtra when PyYAML is not installed."""
    yaml = _yaml()
    plain = _dumped(workflow)
    raw = not _BREAKS.search(msgspec.json.encode(plain).decode())
    dumped: str = yaml.dump(plain, Dumper=_dumper(yaml), sort_keys=False, allow_unicode=raw, width=120)
    return dumped


def schema() -> dict[str, Any]:
    """Return JSON Schema of workflow files."""
    found = msgspec.json.schema(Workflow)
    for part in found["$defs"].values():
        if "description" in part:  # a docstring: Python 3.13 takes its indentation away, older ones keep it
            part["description"] = inspect.cleandoc(part["description"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "livets workflow", **found}


def from_plain_workflow(plain: Any) -> Workflow:
    """Return the workflow that plain lists and dicts say; raises FileFault with the path of what is wrong."""
    try:
        return msgspec.convert(_renamed(plain), Workflow)
    except (msgspec.ValidationError, ValueError) as error:
        raise FileFault(str(error)) from None


def _dumped(workflow: Workflow) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(workflow)
    return {"schema_version": workflow.schema_version, **plain}


def _renamed(plain: Any) -> Any:
    """Read the older names; anything that is not what it should be is left for the validation to name."""
    if not isinstance(plain, dict):
        return plain
    plain = dict(plain)
    if isinstance(plain.get("nodes"), list):
        plain["nodes"] = [_with_names(node, _NODE_NAMES) for node in plain["nodes"]]
    if isinstance(plain.get("settings"), dict):
        settings = _with_names(plain["settings"], _SETTING_NAMES)
        if "max_execution_time_ms" in settings:
            settings["run_timeout_s"] = settings.pop("max_execution_time_ms") / 1000
        on_error = settings.get("on_error")
        if isinstance(on_error, str):
            settings["on_error"] = {"policy": on_error}
        elif isinstance(on_error, dict) and len(on_error) == 1 and "RetryWorkflow" in on_error:
            settings["on_error"] = {"policy": "RetryWorkflow", **on_error["RetryWorkflow"]}
        plain["settings"] = settings
    if isinstance(plain.get("definitions"), dict):
        plain["definitions"] = {name: _renamed(one) for name, one in plain["definitions"].items()}
    return plain


def _with_names(thing: Any, names: dict[str, str]) -> Any:
    return {names.get(key, key): value for key, value in thing.items()} if isinstance(thing, dict) else thing


def _yaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        raise MissingExtra("reading and writing YAML", "pyyaml", "flow") from error
    return yaml


def _check_events(yaml: Any, data: bytes | str) -> None:
    """Refuse aliases (small files that grow without bound) and deep nesting before anything is built."""
    depth = 0
    for event in yaml.parse(data, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise FileFault("aliases (*name) are not read: write it out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise FileFault(f"nested deeper than {MAX_DEPTH}")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


_SCALARS = (
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false", list("tf")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
)


def _add_scalars(kind: Any) -> None:
    for tag, pattern, first in _SCALARS:
        kind.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first)


def _dumper(yaml: Any) -> Any:
    """A SafeDumper that quotes what our loader, or one of YAML 1.1, would take for something else than a string."""

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]
        def ignore_aliases(self, data: Any) -> bool:
            return True

    _add_scalars(Dumper)
    return Dumper


def _loader(yaml: Any) -> Any:
    """A SafeLoader that knows null, true/false, numbers and strings, and refuses doubled keys."""

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        yaml_implicit_resolvers: dict[str, list[Any]] = {}

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys = [key.value for key, _ in node.value]
            for key in {key for key in keys if keys.count(key) > 1}:
                raise FileFault(f"the key {key!r} is there twice{node.start_mark}")
            return super().construct_mapping(node, deep)

    _add_scalars(Loader)
    Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(loader.construct_scalar(node)))
    Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(loader.construct_scalar(node)))
    return Loader
