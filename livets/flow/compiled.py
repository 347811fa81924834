"""A definition made ready to run: numbered nodes, arrays of edges, config read, coercions chosen. Made once, run often.

Holds nothing of a single run. `compile_workflow` validates first, so what is here can be trusted by the executor.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, TypeVar, overload

import msgspec

from livets.engine.coercion import Coercion, coercion, same
from livets.engine.errors import EngineError
from livets.engine.graph import packed
from livets.engine.ports import Port
from livets.engine.registry import Registry
from livets.engine.values import kind_of
from livets.flow.constants import read_constant
from livets.flow.forms import CompiledNode, Feed, Model, Shapes, model_of
from livets.flow.model import Workflow
from livets.flow.soundness import is_sound
from livets.flow.table import Table
from livets.flow.validate import InvalidWorkflow, validate
from livets.flow.wiring import Wiring

Chosen = tuple[str, str, Coercion | None, bool]
"""A way: from port to port, how a value changes, and whether the first is the only one of its node beside `error`."""
_Said = TypeVar("_Said")


class Marked(bytearray):
    """Numbers out of a range, a byte for each; `in` asks whether one is marked."""

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self[number] == 1


class Nodes(Sequence[CompiledNode]):
    """The nodes of a compiled workflow by number, each made anew when it is looked at."""

    __slots__ = ("_compiled",)

    def __init__(self, compiled: CompiledWorkflow) -> None:
        self._compiled = compiled

    def __len__(self) -> int:
        return self._compiled.plan.size

    @overload
    def __getitem__(self, number: int) -> CompiledNode: ...
    @overload
    def __getitem__(self, number: slice) -> list[CompiledNode]: ...
    def __getitem__(self, number: int | slice) -> CompiledNode | list[CompiledNode]:
        if isinstance(number, slice):
            return [self[one] for one in range(len(self))[number]]
        number = range(len(self))[number]
        compiled = self._compiled
        model = compiled.model(number)
        fields = {name: getattr(model, name) for name in Model.__struct_fields__}
        fields["spec"] = compiled.table.spec(number)
        return CompiledNode(number=number, id=compiled.ids[number], feeds=compiled.feeds(number), **fields)


class CompiledWorkflow:
    """A workflow ready to run; `definitions` are its sub-workflows, ready too."""

    __slots__ = (
        "choosy", "containers", "definitions", "form_of", "head", "ids", "limited", "models", "nodes", "optional_edges",
        "plan", "priorities", "sinks", "sources", "start", "table", "timeouts", "version", "way_of", "ways",
    )  # fmt: skip

    def __init__(
        self,
        table: Table,
        wiring: Wiring,
        version: str,
        registry: Registry,
        definitions: dict[str, CompiledWorkflow],
    ) -> None:
        self.table, self.head, self.ids, self.form_of = table, table.head, table.ids, table.form_of
        self.version, self.definitions = version, definitions
        shapes: Shapes = {}
        settings = self.head.settings
        self.models = [model_of(form, registry.node_type(form.type), settings, shapes) for form in table.forms]
        self.nodes = Nodes(self)
        self.plan, self.start, self.sources, self.way_of = wiring.plan, wiring.start, wiring.sources, wiring.way_of
        self.ways = self._ways(wiring)
        size, starts = self.plan.size, self.plan.out_start
        self.sinks = packed(n for n in range(size) if starts[n] == starts[n + 1])
        self._rare(settings.node_timeout_s)

    def _rare(self, timeout_s: float | None) -> None:
        """Find the nodes of which more is said than that they run."""
        models = self.models
        self.timeouts = self._by_form([one.spec.timeout_s or timeout_s or None for one in models])
        self.priorities = self._by_form([one.spec.priority if one.spec.priority != 3 else None for one in models])
        limits = [True if one.spec.pool is not None or one.spec.rate is not None else None for one in models]
        self.limited = [self.nodes[number] for number in self._by_form(limits)]
        self.containers = set(self._by_form([True if one.node_type.container else None for one in models]))
        self.choosy = set(self._by_form([True if one.node_type.joins or one.many else None for one in models]))

    def _by_form(self, said: list[_Said | None]) -> dict[int, _Said]:
        """What is `said` of a form, by number of the nodes that have it."""
        told = {form: what for form, what in enumerate(said) if what is not None}
        return {number: told[form] for number, form in enumerate(self.form_of) if form in told} if told else {}

    def _ways(self, wiring: Wiring) -> list[Chosen]:
        """Choose each way's coercion, and note the edges whose silence does not matter."""
        names, chosen, optional = self.plan.ports, [], set()
        for number, (source, given, target, taken) in enumerate(wiring.ways):
            giver, taker = self.models[source], self.models[target]
            found, can_do_without = _way(giver, giver.outputs[names[given]], taker.inputs[names[taken]])
            chosen.append(found)
            if can_do_without or taker.node_type.joins:
                optional.add(number)
        self.optional_edges: Container[int] = ()
        if optional:
            self.optional_edges = marked = Marked(len(self.way_of))
            for edge, way in zip(self.plan.in_edges, self.way_of, strict=True):
                marked[edge] = way in optional
        return chosen

    @property
    def workflow(self) -> Workflow:
        """The definition as objects, made anew; what is said beside nodes and connections is in `head`."""
        return self.table.workflow()

    def model(self, number: int) -> Model:
        """Return what a node shares with those of its form."""
        return self.models[self.form_of[number]]

    def feeds(self, number: int) -> tuple[Feed, ...]:
        """Return what arrives at a node."""
        places = range(self.start[number], self.start[number + 1])
        return tuple((self.sources[place], *self.ways[self.way_of[place]][:3]) for place in places)

    def numbers(self, names: Iterable[str]) -> list[int]:
        """Return the numbers of the nodes so called; raises EngineError for an unknown one."""
        names = list(names)
        wanted = set(names)
        found = {id: number for number, id in enumerate(self.ids) if id in wanted} if wanted else {}
        unknown = [name for name in names if name not in found]
        if unknown:
            raise EngineError(f"there is no node {', '.join(map(repr, unknown))} in {self.head.id!r}")
        return [found[name] for name in names]

    def read_inputs(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the workflow's inputs with defaults filled in and coerced; raises EngineError when one is missing."""
        declared = self.head.inputs
        unknown = set(given) - set(declared)
        if unknown:
            known = ", ".join(declared) or "none"
            raise EngineError(f"{self.head.id!r} has no input {', '.join(sorted(unknown))}; it has: {known}")
        values = {}
        for name, spec in declared.items():
            if name in given:
                change = coercion(kind_of(given[name]), spec.kind) if spec.kind is not None else same
                if change is None:
                    raise EngineError(f"input {name!r} must be {spec.kind}, not {kind_of(given[name])}")
                values[name] = change(given[name])
            elif spec.required and spec.default is None:
                raise EngineError(f"input {name!r} of {self.head.id!r} is required")
            else:
                values[name] = read_constant(spec.default)
        return values


def _way(giver: Model, given: Port, taken: Port) -> tuple[Chosen, bool]:
    """From port to port; and whether the target can do without."""
    change = coercion(given.kind, taken.kind)
    assert change is not None  # it was validated
    changes = None if change is same else _nullable(change) if taken.nullable else change
    return (given.name, taken.name, changes, given.name == giver.out_name), not taken.required or taken.many != "one"


def _nullable(change: Coercion) -> Coercion:
    return lambda value: None if value is None else change(value)


def compile_workflow(workflow: Workflow | Table, registry: Registry) -> CompiledWorkflow:
    """Validate and compile; raises InvalidWorkflow with every fault. What runs is pinned: no later edit reaches it."""
    sound = _if_sound(workflow, registry)
    if sound is None:
        plain = workflow.workflow() if isinstance(workflow, Table) else workflow
        faults = validate(plain, registry)
        if faults:
            raise InvalidWorkflow(faults)
        workflow = plain.copied()
        table = Table.of(workflow)
        sound = table, Wiring(table)
    definitions: dict[str, CompiledWorkflow] = {}
    for name, inner in sound[0].head.definitions.items():
        table = Table.of(inner)
        definitions[name] = CompiledWorkflow(table, Wiring(table), inner.content_version(), registry, definitions)
    return CompiledWorkflow(*sound, workflow.content_version(), registry, definitions)


def _if_sound(workflow: Workflow | Table, registry: Registry) -> tuple[Table, Wiring] | None:
    """A table of its own, when a quick look finds nothing wrong; what is wrong is for `validate` to say."""
    try:
        table = Table.of(workflow) if isinstance(workflow, Workflow) else workflow.copied()
    except (EngineError, msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError):
        return None
    wiring = Wiring(table)
    return (table, wiring) if is_sound(table, wiring, registry) else None
