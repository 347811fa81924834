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


Names = dict[int, tuple[Ports, dict[str, Port], dict[str, Port]]]
"""Ports by name, for each Ports that several nodes share (by its id; it is kept, so that no other gets that id)."""


def _named(ports: Ports, names: Names) -> tuple[Ports, dict[str, Port], dict[str, Port]]:
    found = names[id(ports)] = (
        ports,
        {port.name: port for port in ports.inputs},
        {port.name: port for port in ports.outputs},
    )
    return found


class CompiledNode:
    """One node: how to call it, what it takes and gives."""

    __slots__ = (
        "config", "constants", "defaults", "feeds", "function", "id", "inputs", "many", "memo", "node_type", "number",
        "on_error", "out_name", "out_port", "out_type", "outputs", "references", "required", "retry", "spec",
        "structs", "takes_ctx",
    )  # fmt: skip

    def __init__(self, number: int, spec: NodeSpec, node_type: NodeType, workflow: Workflow, names: Names) -> None:
        ports = ports_of(node_type, spec)
        self.number, self.id, self.spec, self.node_type = number, spec.id, spec, node_type
        self.config = node_type.read_config(spec.config)
        self.function: Callable[..., Any] | None = node_type.function
        self.takes_ctx = node_type.takes_ctx
        _, self.inputs, self.outputs = names.get(id(ports)) or _named(ports, names)
        self.constants: dict[str, Any] = {}
        self.references: dict[str, tuple[str, Port]] = {}
        for name, raw in spec.inputs.items():
            value = read_constant(raw)
            port = self.inputs[name]
            if isinstance(value, Reference):
                self.references[name] = (value.name, port)
            else:
                change = None if value is None and port.nullable else coercion(kind_of(value), port.kind)
                self.constants[name] = value if change is None else change(value)
        self.defaults = {p.name: p.default for p in ports.inputs if not p.required and p.name not in spec.inputs}
        self.required = tuple(port.name for port in ports.inputs if port.required)
        self.many = tuple(port for port in ports.inputs if port.many != "one")
        self.structs = node_type.structs
        single = [port for port in ports.outputs if port.name != "error"]
        self.out_name = single[0].name if len(single) == 1 else None
        self.out_port = single[0] if len(single) == 1 else None
        self.out_type = _PYTHON.get(single[0].kind) if self.out_port is not None and single[0].kind else None
        self.retry: RetryPolicy = spec.retry or workflow.settings.retry or NO_RETRY
        stops = workflow.settings.on_error.policy != "ContinueOnError"
        self.on_error = spec.on_error or ("stop" if stops else "skip")
        self.memo = spec.memo
        self.feeds: tuple[Feed, ...] = ()


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
        names: Names = {}
        self.nodes: list[CompiledNode] = []
        for spec in workflow.nodes:
            if spec.type not in types:
                types[spec.type] = registry.node_type(spec.type)
            self.nodes.append(CompiledNode(graph.add(spec.id), spec, types[spec.type], workflow, names))
        index, port = graph.index, graph.port
        for link in workflow.connections:
            graph.connect_numbers(index[link.from_node], index[link.to_node], port(link.from_port), port(link.to_port))
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
        feeds: list[list[tuple[int, Feed]]] = [[] for _ in self.nodes]
        order = {edge: place for place, edge in enumerate(plan.in_edges)}
        self.optional_edges: set[int] = set()
        for edge in range(len(plan.edge_source)):
            source, target = self.nodes[plan.edge_source[edge]], self.nodes[plan.edge_target[edge]]
            given = source.outputs[plan.ports[plan.edge_source_port[edge]]]
            taken = target.inputs[plan.ports[plan.edge_target_port[edge]]]
            change = coercion(given.kind, taken.kind)
            assert change is not None
            how = None if change is same else _nullable(change) if taken.nullable else change
            feeds[target.number].append((order[edge], (source.number, given.name, taken.name, how)))
            if not taken.required or taken.many != "one" or target.node_type.joins:
                self.optional_edges.add(edge)
        for node, arriving in zip(self.nodes, feeds, strict=True):
            node.feeds = tuple(feed for _, feed in sorted(arriving, key=lambda one: one[0]))

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
