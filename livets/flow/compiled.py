"""A definition made ready to run: numbered nodes, arrays of edges, config read, coercions chosen. Made once, run often.

Holds nothing of a single run. `compile_workflow` validates first, so what is here can be trusted by the executor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from livets.engine.coercion import Coercion, coercion, same
from livets.engine.errors import EngineError
from livets.engine.graph import Graph, Plan
from livets.engine.node import NodeType
from livets.engine.ports import Port, Ports
from livets.engine.registry import Registry
from livets.engine.retry import NO_RETRY, RetryPolicy
from livets.engine.values import Kind, kind_of
from livets.flow.constants import Reference, read_constant
from livets.flow.model import NodeSpec, Settings, Workflow
from livets.flow.validate import InvalidWorkflow, ports_of, validate

_PYTHON: dict[Kind, type] = {
    Kind.BOOL: bool, Kind.INT: int, Kind.NUMBER: float, Kind.STRING: str, Kind.BYTES: bytes, Kind.ARRAY: list,
    Kind.OBJECT: dict,
}  # fmt: skip


Feed = tuple[int, str, str, Coercion | None]
"""What arrives: from which node and port, at which port, and how it changes on the way."""


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


class CompiledNode(msgspec.Struct, eq=False, kw_only=True):
    """One node: how to call it, what it takes and gives."""

    number: int
    id: str
    spec: NodeSpec
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
    retry: RetryPolicy
    on_error: str
    memo: bool
    plain: bool
    """True when its inputs are constants and what is connected, and nothing else."""
    feeds: tuple[Feed, ...] = ()

    def twin(self, number: int, spec: NodeSpec) -> CompiledNode:
        """Return a node that differs from this one in number and name only."""
        return msgspec.structs.replace(self, number=number, id=spec.id, spec=spec)


def _compile_nodes(workflow: Workflow, registry: Registry) -> list[CompiledNode]:
    nodes: list[CompiledNode] = []
    shapes: Shapes = {}
    models: dict[tuple[Any, ...], CompiledNode] = {}
    """Nodes without config and constants: most nodes of a large workflow are like one of them."""
    for number, spec in enumerate(workflow.nodes):
        like = (spec.type, spec.on_error, spec.retry, spec.memo)
        if like in models and not spec.config and not spec.inputs:
            nodes.append(models[like].twin(number, spec))
            continue
        node = _compile_node(number, spec, registry.node_type(spec.type), workflow.settings, shapes)
        nodes.append(node)
        if not spec.config and not spec.inputs:
            models[like] = node
    return nodes


def _compile_node(number: int, spec: NodeSpec, node_type: NodeType, settings: Settings, shapes: Shapes) -> CompiledNode:
    config = node_type.read_config(spec.config) if spec.config or node_type.config is not None else None
    ports = ports_of(node_type, spec, config)
    shape = shapes.get(id(ports))
    if shape is None:
        shape = shapes[id(ports)] = _Shape(ports)
    constants, references = _given(spec, shape)
    return CompiledNode(
        number=number,
        id=spec.id,
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
        constants=constants,
        references=references,
        defaults={name: value for name, value in shape.defaults.items() if name not in spec.inputs},
        retry=spec.retry or settings.retry or NO_RETRY,
        on_error=spec.on_error or ("skip" if settings.on_error.policy == "ContinueOnError" else "stop"),
        memo=spec.memo,
        plain=not (references or shape.many or node_type.structs),
    )


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


class CompiledWorkflow:
    """A workflow ready to run; `definitions` are its sub-workflows, ready too."""

    __slots__ = (
        "choosy", "containers", "definitions", "limited", "nodes", "number_of", "optional_edges", "plan",
        "priorities", "sinks", "timeouts", "version", "workflow",
    )  # fmt: skip

    def __init__(self, workflow: Workflow, registry: Registry, definitions: dict[str, CompiledWorkflow]) -> None:
        self.workflow = workflow
        self.version = workflow.content_version()
        self.definitions = definitions
        self.nodes = _compile_nodes(workflow, registry)
        graph = Graph()
        graph.add_all([spec.id for spec in workflow.nodes])
        graph.connect_all(workflow.connections)
        self.number_of = graph.index
        self.plan = plan = Plan(graph)
        self._edges(plan)
        self.sinks = [n for n in range(plan.size) if plan.out_start[n] == plan.out_start[n + 1]]
        timeout = workflow.settings.node_timeout_s
        self.timeouts = {
            node.number: node.spec.timeout_s or timeout or 0.0 for node in self.nodes if node.spec.timeout_s or timeout
        }
        self.priorities = {node.number: node.spec.priority for node in self.nodes if node.spec.priority != 3}
        self.limited = [node for node in self.nodes if node.spec.pool is not None or node.spec.rate is not None]
        self.containers = {node.number for node in self.nodes if node.node_type.container}
        self.choosy = {node.number for node in self.nodes if node.node_type.joins or node.many}

    def _edges(self, plan: Plan) -> None:
        """Choose each edge's coercion, and find the edges whose silence does not matter."""
        nodes, names = self.nodes, plan.ports
        edges, starts, sources = plan.in_edges, plan.in_start, plan.edge_source
        source_ports, target_ports = plan.edge_source_port, plan.edge_target_port
        self.optional_edges: set[int] = set()
        ways: dict[tuple[int, int, int, int], tuple[str, str, Coercion | None, bool]] = {}
        """Port to port: most edges of a large workflow are like others."""
        for number, target in enumerate(nodes):
            feeds: list[Feed] = []
            for edge in edges[starts[number] : starts[number + 1]]:
                source = nodes[sources[edge]]
                key = (id(source.outputs), source_ports[edge], id(target.inputs), target_ports[edge])
                way = ways.get(key)
                if way is None:
                    way = ways[key] = _way(source.outputs[names[key[1]]], target.inputs[names[key[3]]])
                given, taken, change, optional = way
                feeds.append((source.number, given, taken, change))
                if optional or target.node_type.joins:
                    self.optional_edges.add(edge)
            if feeds:
                target.feeds = tuple(feeds)

    def numbers(self, names: Iterable[str]) -> list[int]:
        """Return the numbers of the nodes so called; raises EngineError for an unknown one."""
        unknown = [name for name in names if name not in self.number_of]
        if unknown:
            raise EngineError(f"there is no node {', '.join(map(repr, unknown))} in {self.workflow.id!r}")
        return [self.number_of[name] for name in names]

    def read_inputs(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the workflow's inputs with defaults filled in and coerced; raises EngineError when one is missing."""
        declared = self.workflow.inputs
        unknown = set(given) - set(declared)
        if unknown:
            known = ", ".join(declared) or "none"
            raise EngineError(f"{self.workflow.id!r} has no input {', '.join(sorted(unknown))}; it has: {known}")
        values = {}
        for name, spec in declared.items():
            if name in given:
                change = coercion(kind_of(given[name]), spec.kind) if spec.kind is not None else same
                if change is None:
                    raise EngineError(f"input {name!r} must be {spec.kind}, not {kind_of(given[name])}")
                values[name] = change(given[name])
            elif spec.required and spec.default is None:
                raise EngineError(f"input {name!r} of {self.workflow.id!r} is required")
            else:
                values[name] = read_constant(spec.default)
        return values


def _way(given: Port, taken: Port) -> tuple[str, str, Coercion | None, bool]:
    """From port to port: their names, how a value changes, and whether the target can do without."""
    change = coercion(given.kind, taken.kind)
    assert change is not None  # it was validated
    changes = None if change is same else _nullable(change) if taken.nullable else change
    return given.name, taken.name, changes, not taken.required or taken.many != "one"


def _nullable(change: Coercion) -> Coercion:
    return lambda value: None if value is None else change(value)


def compile_workflow(workflow: Workflow, registry: Registry) -> CompiledWorkflow:
    """Validate and compile; raises InvalidWorkflow with every fault."""
    faults = validate(workflow, registry)
    if faults:
        raise InvalidWorkflow(faults)
    workflow = workflow.copied()  # what runs is pinned: later edits do not reach it
    definitions: dict[str, CompiledWorkflow] = {}
    for name, inner in workflow.definitions.items():
        definitions[name] = CompiledWorkflow(inner, registry, definitions)
    return CompiledWorkflow(workflow, registry, definitions)
