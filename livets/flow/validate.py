"""Finds everything that is wrong with a definition at once, each with its path; executes nothing, opens nothing.

Whoever runs, stores or serves a workflow calls this first. Node types are asked for their ports and config, which are
static; a node's own code is not run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import msgspec

from livets.engine.coercion import coercion
from livets.engine.errors import EngineError, RegistryError, ValueFault
from livets.engine.graph import Connection, Graph
from livets.engine.node import NodeType
from livets.engine.ports import Port, Ports
from livets.engine.registry import Registry
from livets.engine.values import Kind, kind_of
from livets.flow.conditions import split_path
from livets.flow.constants import Reference, read_constant
from livets.flow.model import SCHEMA_VERSION, NodeSpec, Settings, Workflow

ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
LABEL = ID
MAX_NESTING = 20
CALLING = ("flow.call", "flow.map", "flow.loop")
"""The types of nodes that run sub-workflows."""


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong: where (`nodes[2].config`), what kind, and what to do."""

    path: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class InvalidWorkflow(EngineError):
    """A definition cannot be run; `faults` lists all reasons."""

    def __init__(self, faults: list[Fault]) -> None:
        more = f"\n  ... and {len(faults) - 20} more" if len(faults) > 20 else ""
        super().__init__("this workflow cannot run:\n  " + "\n  ".join(map(str, faults[:20])) + more)
        self.faults = faults


def validate(workflow: Workflow, registry: Registry) -> list[Fault]:
    """Return every fault of `workflow`, in the order of the file; an empty list means that it can run."""
    return list(_workflow(workflow, registry, "", workflow.definitions, ()))


def _workflow(
    workflow: Workflow, registry: Registry, at: str, definitions: Mapping[str, Workflow], calls: tuple[str, ...]
) -> Iterator[Fault]:
    yield from faults_of_head(workflow, at)
    known = yield from _nodes(workflow, registry, at)
    arriving, circles = yield from _connections(workflow, known, at)
    yield from _all_inputs(workflow, known, arriving, at)
    if circles:
        yield from _circles(workflow, at)
    yield from _outputs(workflow, known, at)
    yield from faults_of_calls(workflow, registry, at, definitions, calls)


def faults_of_head(workflow: Workflow, at: str = "") -> Iterator[Fault]:
    """Yield what is wrong with a workflow beside its nodes and what is said of them; `at` is put before paths."""
    if workflow.schema_version != SCHEMA_VERSION:
        message = f"this livets reads {SCHEMA_VERSION}, not {workflow.schema_version}"
        yield Fault(f"{at}schema_version", "version", message)
    if not ID.fullmatch(workflow.id):
        yield Fault(f"{at}id", "id", f"{workflow.id!r:.60} is no id: letters, digits, '_', '-', '.', at most 128")
    yield from _settings(workflow.settings, at)


class _Known(msgspec.Struct, frozen=True, gc=False):
    """A node that was looked at: its place in the file, and its ports, None when they are not known."""

    place: int
    spec: NodeSpec
    ports: Ports | None


def _nodes(workflow: Workflow, registry: Registry, at: str) -> Generator[Fault, None, dict[str, _Known]]:
    """Yield the faults of nodes; returns the nodes by id."""
    known: dict[str, _Known] = {}
    sound: dict[tuple[Any, ...], Ports | None] = {}
    """Ports by what is looked at in a plain node: most nodes of a large workflow are like others."""
    for place, spec in enumerate(workflow.nodes):
        if not ID.fullmatch(spec.id):
            message = f"{spec.id!r:.60} is no id: letters, digits, '_', '-', '.', at most 128"
            yield Fault(f"{at}nodes[{place}].id", "id", message)
        if spec.id in known:
            yield Fault(f"{at}nodes[{place}].id", "double", f"another node is called {spec.id!r} already")
        like = (
            spec.type, spec.version, spec.priority, spec.timeout_s, spec.pool, spec.rate, spec.limit_by, spec.on_error
        )  # fmt: skip
        plain = not spec.config and spec.placement is None
        if plain and like in sound:
            ports = sound[like]
        else:
            faults: list[Fault] = []
            ports = faults_of_node(spec, workflow, registry, f"{at}nodes[{place}]", faults.append)
            yield from faults
            if plain and not faults:
                sound[like] = ports
        known.setdefault(spec.id, _Known(place, spec, ports))
    return known


def _settings(settings: Settings, at: str) -> Iterator[Fault]:
    at = f"{at}settings."
    if settings.stream is not None and (settings.stream.capacity < 1 or settings.stream.checkpoint_s < 0):
        yield Fault(f"{at}stream", "range", "capacity is 1 or more, checkpoint_s 0 or more")
    if settings.max_parallel < 1:
        yield Fault(f"{at}max_parallel", "range", "nothing could run: it is 1 or more")
    if settings.on_error.max_attempts < 1:
        yield Fault(f"{at}on_error.max_attempts", "range", "it counts the first attempt too: 1 or more")
    for name in ("node_timeout_s", "run_timeout_s"):
        seconds = getattr(settings, name)
        if seconds is not None and not seconds > 0:
            yield Fault(f"{at}{name}", "range", "a timeout is more than 0 seconds")
    for name, limit in settings.pools.items():
        if limit < 1:
            yield Fault(f"{at}pools.{name}", "range", "a pool lets 1 or more run")
    for name, rate in settings.rates.items():
        if rate.per_second <= 0 or rate.burst < 1:
            yield Fault(f"{at}rates.{name}", "range", "a rate is more than 0 a second, its burst 1 or more")


def faults_of_node(
    spec: NodeSpec, workflow: Workflow, registry: Registry, path: str, report: Callable[[Fault], None]
) -> Ports | None:
    """Report the faults of one node; returns its ports, or None when they are not known."""
    if not 1 <= spec.priority <= 5:
        report(Fault(f"{path}.priority", "range", "priorities go from 1 (first) to 5 (last)"))
    if spec.timeout_s is not None and not spec.timeout_s > 0:
        report(Fault(f"{path}.timeout_s", "range", "a timeout is more than 0 seconds"))
    if spec.pool is not None and spec.pool not in workflow.settings.pools:
        report(Fault(f"{path}.pool", "unknown", f"there is no pool {spec.pool!r} in settings.pools"))
    if spec.limit_by:
        if workflow.settings.stream is not None:
            report(Fault(f"{path}.limit_by", "stream", "runs in push mode do not limit by a value yet"))
        try:
            split_path(spec.limit_by)
        except EngineError as error:
            report(Fault(f"{path}.limit_by", "config", str(error)))
    if spec.rate is not None and spec.rate not in workflow.settings.rates:
        report(Fault(f"{path}.rate", "unknown", f"there is no rate {spec.rate!r} in settings.rates"))
    try:
        node_type: NodeType = registry.node_type(spec.type)
    except RegistryError as error:
        report(Fault(f"{path}.type", "unknown", str(error)))
        return None
    if spec.version is not None and spec.version != node_type.version:
        message = f"{spec.type} is version {node_type.version} here, not {spec.version}"
        report(Fault(f"{path}.version", "version", message))
    if spec.placement is not None:
        for fault in _placement(spec, node_type, workflow.settings.stream is not None, path):
            report(fault)
    if workflow.settings.stream is None and node_type.streams_only:
        message = f"{spec.type} gives values without end: it runs in push mode only, set settings.stream"
        report(Fault(f"{path}.type", "stream", message))
    elif workflow.settings.stream is not None and node_type.container:
        message = f"{spec.type} runs other nodes, which runs in push mode do not do yet"
        report(Fault(f"{path}.type", "stream", message))
    try:
        return ports_of(node_type, spec, node_type.read_config(spec.config))
    except EngineError as error:
        report(Fault(f"{path}.config", "config", str(error)))
        return None


def _placement(spec: NodeSpec, node_type: NodeType, streams: bool, path: str) -> Iterator[Fault]:
    placement = spec.placement
    assert placement is not None
    elsewhere = bool(placement.worker or placement.labels)
    if elsewhere and placement.here:
        yield Fault(f"{path}.placement", "config", "here, or on a worker: not both")
    if elsewhere and (node_type.stays or node_type.streams):
        why = "it gives values without end" if node_type.streams else "it steers or waits for the run"
        message = f"{spec.type} always runs in the process of the run ({why}): leave its placement out"
        yield Fault(f"{path}.placement", "placement", message)
    if elsewhere and streams:
        yield Fault(f"{path}.placement", "stream", "runs in push mode are of one process: leave placements out")
    for name, wanted in placement.labels.items():
        if not LABEL.fullmatch(name):
            yield Fault(
                f"{path}.placement.labels", "config", f"{name!r:.60} is no label: letters, digits, '_', '-', '.'"
            )
        elif not isinstance(wanted, str) and not wanted > 0:
            yield Fault(f"{path}.placement.labels.{name}", "range", "an amount is more than 0")


def ports_of(node_type: NodeType, spec: NodeSpec, config: Any) -> Ports:
    """Return the ports of one node with that `config`, and the `error` port that `on_error: port` gives it."""
    ports = node_type.ports(config)
    if spec.on_error == "port" and ports.output("error") is None:
        return Ports(ports.inputs, (*ports.outputs, Port(name="error", kind=Kind.OBJECT)))
    return ports


def _connections(
    workflow: Workflow, known: Mapping[str, _Known], at: str
) -> Generator[Fault, None, tuple[dict[str, dict[str, int]], bool]]:
    """Yield the faults of connections; returns for each node how many arrive at each port, and whether one leads back.

    When all lead from earlier nodes to later ones, there is no circle.
    """
    seen: set[Connection] | None = set() if len(set(workflow.connections)) < len(workflow.connections) else None
    arriving: dict[str, dict[str, int]] = {}
    back = False
    fitting: set[tuple[int, str, int, str]] = set()
    """Pairs of ports that have been found to fit: most connections of a large workflow are like others."""
    for place, link in enumerate(workflow.connections):
        if seen is not None:
            if link in seen:
                yield Fault(f"{at}connections[{place}]", "double", f"{link} is there twice")
            seen.add(link)
        counts = arriving.get(link.to_node)
        if counts is None:
            arriving[link.to_node] = {link.to_port: 1}
        else:
            counts[link.to_port] = counts.get(link.to_port, 0) + 1
        source, target = known.get(link.from_node), known.get(link.to_node)
        if source is not None and target is not None:
            back = back or source.place >= target.place
            pair = (id(source.ports), link.from_port, id(target.ports), link.to_port)
            if pair in fitting:
                continue
            if source.ports is not None and target.ports is not None and _fits(link, source.ports, target.ports):
                fitting.add(pair)
                continue
        yield from _link(link, known, f"{at}connections[{place}]")
    return arriving, back


def _fits(link: Connection, source: Ports, target: Ports) -> bool:
    given, taken = source.output(link.from_port), target.input(link.to_port)
    return given is not None and taken is not None and coercion(given.kind, taken.kind) is not None


def _link(link: Connection, known: Mapping[str, _Known], path: str) -> Iterator[Fault]:
    """What is wrong with one connection."""
    ends: list[Port | None] = []
    for node, port, field, side in (
        (link.from_node, link.from_port, "from", "output"),
        (link.to_node, link.to_port, "to", "input"),
    ):
        ends.append(None)
        if node not in known:
            yield Fault(f"{path}.{field}_node", "unknown", f"there is no node {node!r}")
            continue
        ports = known[node].ports
        if ports is None:
            continue
        ends[-1] = ports.output(port) if side == "output" else ports.input(port)
        if ends[-1] is None:
            names = ", ".join(p.name for p in (ports.outputs if side == "output" else ports.inputs)) or "none"
            yield Fault(f"{path}.{field}_port", "unknown", f"{node!r} has no {side} {port!r}; it has: {names}")
    source, target = ends
    if source is not None and target is not None and coercion(source.kind, target.kind) is None:
        yield Fault(path, "kind", f"{link}: {source.kind} does not become {target.kind}")


def _all_inputs(
    workflow: Workflow, known: Mapping[str, _Known], arriving: Mapping[str, dict[str, int]], at: str
) -> Iterator[Fault]:
    """What is wrong with what each node is given, by connections and constants."""
    nothing: dict[str, int] = {}
    each_once: dict[int, dict[str, int]] = {}
    """By ports: how it is when each input is connected once; then there is nothing to look at."""
    for place, spec in enumerate(workflow.nodes):
        one = known[spec.id]
        if one.ports is None or one.spec is not spec:
            continue
        counts, ports = arriving.get(spec.id, nothing), one.ports
        if id(ports) not in each_once:
            each_once[id(ports)] = {port.name: 1 for port in ports.inputs}
        if spec.inputs or counts != each_once[id(ports)]:
            yield from faults_of_inputs(spec, ports, workflow, counts, f"{at}nodes[{place}]")


def faults_of_inputs(
    spec: NodeSpec, ports: Ports, workflow: Workflow, arriving: Mapping[str, int], path: str
) -> Iterator[Fault]:
    """Yield what is wrong with the inputs of one node; `arriving` counts the connections to each of its ports."""
    for port in ports.inputs:
        count = arriving.get(port.name, 0)
        if count == 1 and port.name not in spec.inputs:
            continue
        place = f"{spec.id}.{port.name}"
        if count > 1 and port.many == "one" and workflow.settings.stream is None:
            message = f"{count} connections lead to {place}, which takes one: put a flow.merge before it"
            yield Fault(path, "many", message)
        if count and port.name in spec.inputs:
            yield Fault(f"{path}.inputs.{port.name}", "double", "it is connected too: remove one of the two")
        if not count and port.required and port.name not in spec.inputs:
            yield Fault(path, "missing", f"{place} is required, but neither connected nor given in inputs")
    for name, raw in spec.inputs.items():
        found = ports.input(name)
        if found is None:
            names = ", ".join(p.name for p in ports.inputs) or "none"
            yield Fault(f"{path}.inputs.{name}", "unknown", f"{spec.id!r} has no input {name!r}; it has: {names}")
            continue
        yield from _constant(raw, found, workflow, f"{path}.inputs.{name}")


def _constant(raw: Any, port: Port, workflow: Workflow, path: str) -> Iterator[Fault]:
    try:
        value = read_constant(raw)
        if isinstance(value, Reference):
            declared = workflow.inputs.get(value.name)
            if declared is None:
                yield Fault(path, "unknown", f"the workflow has no input {value.name!r}: declare it under inputs")
            elif coercion(declared.kind, port.kind) is None:
                yield Fault(path, "kind", f"input {value.name!r} is {declared.kind}, which does not become {port.kind}")
            return
        change = coercion(kind_of(value), port.kind)
        if change is None and not (value is None and port.nullable):
            yield Fault(path, "kind", f"{kind_of(value)} does not become {port.kind}")
        elif change is not None:
            change(value)
    except ValueFault as error:
        yield Fault(path, "value", str(error))


def _circles(workflow: Workflow, at: str) -> Iterator[Fault]:
    graph = Graph()
    for spec in workflow.nodes:
        if spec.id not in graph.index:
            graph.add(spec.id)
    index = graph.index
    graph.connect_all(link for link in workflow.connections if link.from_node in index and link.to_node in index)
    cycle = graph.cycle()
    if cycle is not None:
        message = f"these nodes wait for each other: {' -> '.join(cycle)}; cut one connection, or use flow.loop"
        yield Fault(f"{at}connections", "cycle", message)


def _outputs(workflow: Workflow, known: Mapping[str, _Known], at: str) -> Iterator[Fault]:
    for name, source in workflow.outputs.items():
        node, _, port = source.rpartition(".")
        if node not in known:
            yield Fault(f"{at}outputs.{name}", "unknown", f'{source!r} names no node: write "node.port"')
        elif (ports := known[node].ports) is not None and ports.output(port) is None:
            yield Fault(f"{at}outputs.{name}", "unknown", f"{node!r} has no output {port!r}")


def faults_of_calls(
    workflow: Workflow, registry: Registry, at: str, definitions: Mapping[str, Workflow], calls: tuple[str, ...]
) -> Iterator[Fault]:
    """Follow the names of sub-workflows; a definition that calls itself, by whatever way, is a fault."""
    for place, spec in enumerate(workflow.nodes):
        if not spec.config or spec.type not in CALLING:
            continue
        name = spec.config.get("workflow")
        if not isinstance(name, str):
            continue
        path = f"{at}nodes[{place}].config.workflow"
        if name not in definitions:
            yield Fault(path, "unknown", f"there is no sub-workflow {name!r} under definitions")
        elif name in calls:
            message = f"{' -> '.join((*calls, name))}: it would call itself without end; use flow.loop"
            yield Fault(path, "cycle", message)
        elif len(calls) >= MAX_NESTING:
            yield Fault(path, "depth", f"sub-workflows may be nested {MAX_NESTING} deep")
        else:
            inner = definitions[name]
            yield from _workflow(inner, registry, f"definitions.{name}.", definitions, (*calls, name))
