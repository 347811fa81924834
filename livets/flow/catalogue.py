"""What node types there are: as plain data (APIs, `livets flow nodes --json`) and as the page docs/flow/nodes.md.

    python -m livets.flow.catalogue > docs/flow/nodes.md

Everything is read from the registry: the docstring, the ports, JSON Schema of the config. Runs no node.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from livets.engine.encoding import to_plain
from livets.engine.errors import EngineError, ValueFault
from livets.engine.node import NodeType
from livets.engine.ports import Port, Ports
from livets.engine.registry import Registry

HEAD = """# Nodes

<!-- Made by `python -m livets.flow.catalogue > docs/flow/nodes.md`; tests/unit/flow/test_catalogue.py compares. -->

Every node that comes with livets. What a node may touch (files, hosts, databases, secrets, functions) is what the
program has granted: see [Grants](index.md#what-nodes-may-touch). Fields that every node has besides its `config`
(retry, timeout, priority, pool, ...) are described in [Workflows](index.md).
"""


def describe(node_type: NodeType) -> dict[str, Any]:
    """Return name, version, doc, ports and JSON Schema of a node type, as plain data.

    `ports` is null where they depend on the config.
    """
    ports = fixed_ports(node_type)
    return {
        "type": node_type.name,
        "version": node_type.version,
        "doc": node_type.doc,
        "inputs": None if ports is None else [_port(port) for port in ports.inputs],
        "outputs": None if ports is None else [_port(port) for port in ports.outputs],
        "config": node_type.config_schema(),
    }


def fixed_ports(node_type: NodeType) -> Ports | None:
    """Return the ports of a node type when they are known without its config, else None."""
    if node_type.chooses_ports:
        try:
            return node_type.ports(node_type.read_config({}))
        except EngineError:
            return None
    return node_type.ports(None)


def markdown(registry: Registry) -> str:
    """Return the page of all node types of `registry`."""
    types = [registry.node_type(name) for name in registry.names("node")]
    groups: dict[str, list[NodeType]] = {}
    for node_type in types:
        groups.setdefault(node_type.name.partition(".")[0], []).append(node_type)
    parts = [HEAD, _contents(types)]
    for group in groups.values():
        parts += ["\n".join(_section(node_type)) for node_type in group]
    return "\n".join(parts)


def _contents(types: list[NodeType]) -> str:
    rows = [f"| [{t.name}](#{_anchor(t.name)}) | {_cell(t.doc.splitlines()[0] if t.doc else '')} |" for t in types]
    return "\n".join(["| node | what it does |", "|---|---|", *rows, ""])


def _section(node_type: NodeType) -> Iterator[str]:
    yield f"## {node_type.name}\n"
    yield node_type.doc + "\n"
    ports = fixed_ports(node_type)
    if ports is None:
        yield "Its ports depend on its config.\n"
    else:
        yield from _ports_table("input", ports.inputs)
        yield from _ports_table("output", ports.outputs)
    if node_type.config is not None:
        yield "| config | type | default |\n|---|---|---|"
        schema = msgspec.json.schema(node_type.config)
        fields = schema["$defs"][node_type.config.__name__]
        for name, field in fields.get("properties", {}).items():
            default = "required" if name in fields.get("required", ()) else f"`{_shown(field.get('default'))}`"
            yield f"| `{name}` | {_cell(_type(field, schema['$defs']))} | {_cell(default)} |"
        yield ""


def _ports_table(side: str, ports: tuple[Port, ...]) -> Iterator[str]:
    if not ports:
        return
    yield f"| {side} | kind |{' default |' if side == 'input' else ''}\n|---|---|{'---|' if side == 'input' else ''}"
    for port in ports:
        kind = f"{port.kind or 'any'}{' or null' if port.nullable else ''}"
        default = "required" if port.required else f"`{_shown(port.default)}`"
        yield f"| `{port.name}` | {kind} |{f' {_cell(default)} |' if side == 'input' else ''}"
    yield ""


def _port(port: Port) -> dict[str, Any]:
    found: dict[str, Any] = {"name": port.name, "kind": port.kind, "many": port.many, "schema": port.schema}
    if not port.required:
        try:
            found["default"] = to_plain(port.default)
        except ValueFault:
            found["default"] = None
    return {**found, "required": port.required, "nullable": port.nullable}


def _type(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    """A JSON Schema in a few words."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        inner = definitions[name]
        if "enum" in inner:
            return _type(inner, definitions)
        needed = inner.get("required", ())
        fields = ", ".join(key if key in needed else f"{key}?" for key in inner.get("properties", {}))
        return f"{{{fields}}}"
    if "anyOf" in field:
        return " or ".join(_type(one, definitions) for one in field["anyOf"])
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if field.get("type") == "array":
        return f"array of {_type(field.get('items', {}), definitions)}"
    if field.get("type") == "object":
        return f"object of {_type(field.get('additionalProperties', {}), definitions)}"
    return str(field.get("type", "any"))


def _shown(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _anchor(name: str) -> str:
    """The anchor that mkdocs makes of a heading."""
    return name.replace(".", "").lower()


if __name__ == "__main__":
    import sys

    from livets.flow.nodes import BUILT_IN

    built_in = Registry()
    for node in BUILT_IN:
        built_in.add(node)
    sys.stdout.write(markdown(built_in))
