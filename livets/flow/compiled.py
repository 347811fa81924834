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
from livets.flow.model import NodeSpec, Workflow
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
_NOTHING: dict[str, Any] = {}


class CompiledNode:
    """One node: how to call it, what it takes and gives."""

    __slots__ = (
        "config", "constants", "defaults", "feeds", "function", "id", "inputs", "many", "memo", "node_type", "number",
        "on_error", "out_name", "out_port", "out_type", "outputs", "plain", "references", "required", "retry", "spec",
        "structs", "takes_ctx",
    )  # fmt: skip

    def __init__(self, number: int, spec: NodeSpec, node_type: NodeType, workflow: Workflow, shapes: Shapes) -> None:
        ports = ports_of(node_type, spec)
        shape = shapes.get(id(ports))
        if shape is None:
            shape = shapes[id(ports)] = _Shape(ports)
        self.number, self.id, self.spec, self.node_type = number, spec.id, spec, node_type
        self.config: Any = node_type.read_config(spec.config) if spec.config or node_type.config is not None else None
        self.function: Callable[..., Any] | None = node_type.function
        self.takes_ctx = node_type.takes_ctx
        self.inputs, self.outputs, self.required, self.many = shape.inputs, shape.outputs, shape.required, shape.many
        self.out_name, self.out_port, self.out_type = shape.out_name, shape.out_port, shape.out_type
        self.structs = node_type.structs
        self.constants, self.references = _NOTHING, _NOTHING
        self.defaults = shape.defaults
        if spec.inputs:
            self.constants, self.references = self._given(spec)
            self.defaults = {name: value for name, value in shape.defaults.items() if name not in spec.inputs}
        self.retry: RetryPolicy = spec.retry or workflow.settings.retry or NO_RETRY
        stops = workflow.settings.on_error.policy != "ContinueOnError"
        self.on_error = spec.on_error or ("stop" if stops else "skip")
        self.memo = spec.memo
        self.feeds: tuple[Feed, ...] = ()
        self.plain = not (self.references or self.many or self.structs)
        """True when its inputs are constants and what is connected, and nothing else."""

    def _given(self, spec: NodeSpec) -> tuple[dict[str, Any], dict[str, tuple[str, Port]]]:
        """Constants, coerced, and references to inputs of the workflow."""
        constants: dict[str, Any] = {}
        references: dict[str, tuple[str, Port]] = {}
        for name, raw in spec.inputs.items():
            value = read_constant(raw)
            port = self.inputs[name]
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
        graph = Graph()
        types: dict[str, NodeType] = {}
        shapes: Shapes = {}
        self.nodes: list[CompiledNode] = []
        for spec in workflow.nodes:
            if spec.type not in types:
                types[spec.type] = registry.node_type(spec.type)
            self.nodes.append(CompiledNode(graph.add(spec.id), spec, types[spec.type], workflow, shapes))
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
        feeds: list[list[Feed]] = [[] for _ in nodes]
        self.optional_edges: set[int] = set()
        changes: dict[tuple[Kind | None, Kind | None, bool], Coercion | None] = {}
        for edge in plan.in_edges:  # by target, and there in the order of the file
            source, target = nodes[plan.edge_source[edge]], nodes[plan.edge_target[edge]]
            given = source.outputs[names[plan.edge_source_port[edge]]]
            taken = target.inputs[names[plan.edge_target_port[edge]]]
            key = (given.kind, taken.kind, taken.nullable)
            if key not in changes:
                change = coercion(given.kind, taken.kind)
                assert change is not None
                changes[key] = None if change is same else _nullable(change) if taken.nullable else change
            feeds[target.number].append((source.number, given.name, taken.name, changes[key]))
            if not taken.required or taken.many != "one" or target.node_type.joins:
                self.optional_edges.add(edge)
        for node, arriving in zip(nodes, feeds, strict=True):
            node.feeds = tuple(arriving)

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


def _nullable(change: Coercion) -> Coercion:
    return lambda value: None if value is None else change(value)


def compile_workflow(workflow: Workflow, registry: Registry) -> CompiledWorkflow:
    """Validate and compile; raises InvalidWorkflow with every fault."""
    faults = validate(workflow, registry)
    if faults:
        raise InvalidWorkflow(faults)
    workflow = msgspec.convert(
        msgspec.to_builtins(workflow), Workflow
    )  # what runs is pinned: later edits do not reach it
    definitions: dict[str, CompiledWorkflow] = {}
    for name, inner in workflow.definitions.items():
        definitions[name] = CompiledWorkflow(inner, registry, definitions)
    return CompiledWorkflow(workflow, registry, definitions)
