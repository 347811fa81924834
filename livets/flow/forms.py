"""What nodes of one form share, made ready to run: how they are called, what they take and give, constants coerced.

Made once for each form of a table by the compiler, never changed, and read by runs for every node. Calls no node.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from livets.engine.coercion import Coercion, coercion
from livets.engine.node import NodeType
from livets.engine.ports import Port, Ports
from livets.engine.retry import NO_RETRY, RetryPolicy
from livets.engine.values import Kind, kind_of
from livets.flow.constants import Reference, read_constant
from livets.flow.model import NodeSpec, Settings
from livets.flow.validate import ports_of

_PYTHON: dict[Kind, type] = {
    Kind.BOOL: bool, Kind.INT: int, Kind.NUMBER: float, Kind.STRING: str, Kind.BYTES: bytes, Kind.ARRAY: list,
    Kind.OBJECT: dict,
}  # fmt: skip


Feed = tuple[int, str, str, Coercion | None]
"""What arrives: from which node and port, at which port, and how it changes on the way."""


_NONE: dict[str, Any] = {}
"""Shared by all that have none: what is in a model is never changed."""


class _Shape:
    """What nodes with the same ports share: worked out once, not for each of 10,000. Never changed."""

    __slots__ = (
        "defaults", "inputs", "many", "out_name", "out_port", "out_type", "outputs", "ports", "required",
    )  # fmt: skip

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self.inputs = {port.name: port for port in ports.inputs}
        self.outputs = {port.name: port for port in ports.outputs}
        self.defaults = {port.name: port.default for port in ports.inputs if not port.required}
        self.required = tuple(port.name for port in ports.inputs if port.required)
        self.many = tuple(port for port in ports.inputs if port.many != "one")
        single = [port for port in ports.outputs if port.name != "error"]
        self.out_port = single[0] if len(single) == 1 else None
        self.out_name = self.out_port.name if self.out_port is not None else None
        self.out_type = _PYTHON.get(self.out_port.kind) if self.out_port is not None and self.out_port.kind else None


Shapes = dict[int, _Shape]
"""By the id of their ports (which they keep, so that no other gets that id)."""


class Model(msgspec.Struct, eq=False, kw_only=True):
    """What nodes of the same form share: how to call them, what they take and give."""

    spec: NodeSpec
    """The form: a NodeSpec without a name. Of a CompiledNode it is the node's own."""
    node_type: NodeType
    function: Callable[..., Any] | None
    takes_ctx: bool
    config: Any
    inputs: dict[str, Port]
    outputs: dict[str, Port]
    required: tuple[str, ...]
    many: tuple[Port, ...]
    structs: dict[str, Any]
    out_name: str | None
    out_port: Port | None
    out_type: type | None
    constants: dict[str, Any]
    references: dict[str, tuple[str, Port]]
    defaults: dict[str, Any]
    fixed: dict[str, Any]
    """Defaults and constants."""
    retry: RetryPolicy
    on_error: str
    memo: bool
    plain: bool
    """True when its inputs are constants and what is connected, and nothing else."""


class CompiledNode(Model):
    """One node with all that is known of it. Made when it is asked for: a million of them would fill the memory."""

    number: int
    id: str
    feeds: tuple[Feed, ...]


def model_of(spec: NodeSpec, node_type: NodeType, settings: Settings, shapes: Shapes) -> Model:
    """Return what nodes of the form `spec` share; `shapes` are known ones, and get new ones."""
    config = node_type.read_config(spec.config) if spec.config or node_type.config is not None else None
    ports = ports_of(node_type, spec, config)
    shape = shapes.get(id(ports))
    if shape is None:
        shape = shapes[id(ports)] = _Shape(ports)
    constants, references = _given(spec, shape)
    defaults = _defaults(spec, shape)
    return Model(
        spec=spec,
        node_type=node_type,
        function=node_type.function,
        takes_ctx=node_type.takes_ctx,
        config=config,
        inputs=shape.inputs,
        outputs=shape.outputs,
        required=shape.required,
        many=shape.many,
        structs=node_type.structs,
        out_name=shape.out_name,
        out_port=shape.out_port,
        out_type=shape.out_type,
        constants=constants or _NONE,
        references=references or _NONE,
        defaults=defaults,
        fixed={**defaults, **constants} if constants else defaults,
        retry=spec.retry or settings.retry or NO_RETRY,
        on_error=spec.on_error or ("skip" if settings.on_error.policy == "ContinueOnError" else "stop"),
        memo=spec.memo,
        plain=not (references or shape.many or node_type.structs),
    )


def _defaults(spec: NodeSpec, shape: _Shape) -> dict[str, Any]:
    """What inputs are that nobody gives."""
    if not spec.inputs:
        return shape.defaults
    return {name: value for name, value in shape.defaults.items() if name not in spec.inputs} or _NONE


def _given(spec: NodeSpec, shape: _Shape) -> tuple[dict[str, Any], dict[str, tuple[str, Port]]]:
    """Constants, coerced, and references to inputs of the workflow."""
    constants: dict[str, Any] = {}
    references: dict[str, tuple[str, Port]] = {}
    for name, raw in spec.inputs.items():
        value = read_constant(raw)
        port = shape.inputs[name]
        if isinstance(value, Reference):
            references[name] = (value.name, port)
        else:
            change = None if value is None and port.nullable else coercion(kind_of(value), port.kind)
            constants[name] = value if change is None else change(value)
    return constants, references
