"""A definition as columns loses nothing, has the same version, and is sound exactly when validation finds nothing."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import msgspec
from hypothesis import event, given, settings
from hypothesis import strategies as st

from livets.engine.errors import EngineError, GraphFault
from livets.engine.graph import Connection
from livets.engine.registry import Registry
from livets.engine.retry import RetryPolicy
from livets.flow.builder import Flow, NodeRef
from livets.flow.compiled import compile_workflow
from livets.flow.files import to_json
from livets.flow.model import ErrorHandling, InputSpec, NodeSpec, Placement, Settings, StreamSettings, Workflow
from livets.flow.nodes import standard_registry
from livets.flow.soundness import is_sound
from livets.flow.table import Table
from livets.flow.validate import InvalidWorkflow, validate
from livets.flow.wiring import Wiring

registry = Registry(standard_registry())


@registry.node("t.add")
def add(a: int, b: int = 1) -> int:
    return a + b


@registry.node("t.text")
def text() -> str:
    return ""


def some(chance: random.Random, wrong: float) -> Workflow:
    """A small workflow; `wrong` is how often a part of it is chosen from what may be faulty."""

    def often(good: Any, *others: Any) -> Any:
        return chance.choice(others) if chance.random() < wrong else good

    def node(id: str) -> NodeSpec:
        return NodeSpec(
            id=often(id, "a", "no good"),
            type=often(chance.choice(["t.add", "t.add", "t.text", "debug.log"]), "flow.merge", "flow.call", "t.none"),
            config=often({}, {"workflow": "inner"}, {"unknown": 1}),
            inputs=often({}, {"a": "1"}, {"a": {"$input": "no"}}, {"x": 1}),
            on_error=chance.choice([None, None, "port", "skip"]),
            timeout_s=often(None, 1.5, -1.0),
            priority=often(3, 1, 9),
            version=often(None, 1, 7),
            pool=often(None, "p", "none"),
            retry=chance.choice([None, RetryPolicy(max_attempts=2)]),
            memo=chance.choice([True, False]),
            placement=often(None, Placement(here=True), Placement(worker="w")),
            limit_by=often("", "a", "[["),
            name=often("", "drawn"),
            notes=often("", "why"),
            position=chance.choice([None, (1.0, 2.0)]),
        )

    nodes = [node(id) for id in "abcde"[: chance.randint(0, 5)]]
    connections = []
    for place, spec in enumerate(nodes):
        needed = {"t.add": "a", "debug.log": "value"}.get(spec.type)
        if needed is None or needed in spec.inputs:
            continue
        giver = chance.choice([one.id for one in nodes if one.type in ("t.add", "t.text")] or ["x"])
        if place and nodes[0].type in ("t.add", "t.text"):
            giver = often(nodes[0].id, giver)
        if giver == spec.id or often(False, True):
            spec.inputs = {needed: often({"$input": "n"}, 1)}
        else:
            connections.append(Connection(giver, often("out", "error", "no"), often(spec.id, "x", "a"), needed))
    connections += [chance.choice(connections)] if connections and often(False, True) else []
    chance.shuffle(connections)
    return Workflow(
        id=often("w", "no good"),
        schema_version=often(1, 2),
        nodes=nodes,
        connections=connections,
        inputs={"n": InputSpec()},
        outputs=often({}, {"o": "a.out"}, {"o": "x.out"}, {"o": "a.no"}),
        definitions=often({}, {"inner": Workflow(id="inner")}, {"inner": Workflow(id="no good")}),
        settings=often(Settings(pools={"p": 1}), Settings(stream=StreamSettings()), Settings(max_parallel=0)),
        metadata={"drawn": "by hand"},
    )


workflows = st.builds(some, st.randoms(use_true_random=True), st.sampled_from([0.0, 0.02, 0.05, 0.2]))


@settings(max_examples=300)
@given(workflows)
def test_it_is_sound_exactly_when_validation_finds_nothing(workflow: Workflow) -> None:
    faults = validate(workflow, registry)
    try:
        table = Table.of(workflow)
    except GraphFault:
        assert {fault.code for fault in faults} & {"double", "unknown"}
        return
    sound = is_sound(table, Wiring(table), registry)
    event("sound" if sound else "faulty")
    assert sound is (not faults), faults


@settings(max_examples=100)
@given(workflows)
def test_nothing_is_lost_and_the_version_is_the_same(workflow: Workflow) -> None:
    try:
        table = Table.of(workflow)
    except GraphFault:
        return
    copy = table.copied()
    assert table.workflow() == workflow
    assert table.content_version() == workflow.content_version()
    for number, spec in enumerate(table.workflow().nodes):
        table.replace(number, msgspec.structs.replace(spec, memo=not spec.memo, config={"edited": 1}, notes="edited"))
    table.head.metadata["edited"] = 1
    assert to_json(copy.workflow()) == to_json(workflow)


def test_the_version_of_many_nodes_is_hashed_in_pieces() -> None:
    nodes = [NodeSpec(id=f"n{n}", type="t.add", inputs={"a": 1}) for n in range(2_001)]
    workflow = Workflow(id="w", nodes=nodes)
    workflow.connections = [Connection(f"n{n}", "out", f"n{n + 1}", "b") for n in range(2_000)]
    assert Table.of(workflow).content_version() == workflow.content_version()


def test_nodes_that_differ_by_name_only_share_a_form() -> None:
    retry = RetryPolicy(max_attempts=3)
    table = Table.of(Workflow(id="w", nodes=[NodeSpec(id=f"n{n}", type="t.text", retry=retry) for n in range(99)]))
    assert len(table.forms) == 1


@settings(max_examples=100)
@given(workflows)
def test_a_compiled_node_is_what_the_definition_says(workflow: Workflow) -> None:
    workflow.settings.on_error = ErrorHandling("ContinueOnError")
    try:
        compiled = compile_workflow(workflow, registry)
    except InvalidWorkflow:
        assert validate(workflow, registry)
        return
    assert compiled.version == workflow.content_version()
    assert compiled.workflow == workflow
    for number, (node, spec) in enumerate(zip(compiled.nodes, workflow.nodes, strict=True)):
        assert (node.number, node.id, node.spec, node.node_type.name) == (number, spec.id, spec, spec.type)
        leads = [(compiled.ids[source], given, taken) for source, given, taken, _ in node.feeds]
        assert leads == [(c.from_node, c.from_port, c.to_port) for c in workflow.connections if c.to_node == spec.id]
        assert (number in compiled.sinks) is not any(c.from_node == spec.id for c in workflow.connections)


def build(chance: random.Random, *, objects: bool) -> Flow:
    """A flow built in some way; `objects`: somebody has asked for its nodes as objects before."""
    flow = Flow("w")
    if objects:
        flow.workflow()
    refs: list[NodeRef] = []
    for place in range(chance.randint(1, 6)):
        thing = chance.choice([add, text, "debug.log"])
        given: dict[str, Any] = {"b": 2} if thing is add and chance.random() < 0.5 else {}
        refs.append(flow.add(thing, id=chance.choice([None, f"n{place}"]), **given))
        if chance.random() < 0.4:
            flow.set(chance.choice(refs), memo=True, notes=chance.choice(["", "why"]))
        if chance.random() < 0.2:
            flow.set(chance.choice(refs), config={"level": "info"})
        source, target = chance.choice(refs), chance.choice([*refs, NodeRef(flow, chance.choice(["n0", "nowhere"]))])
        with contextlib.suppress(EngineError):
            if chance.random() < 0.5:
                source["out"] >> target["a"]
            else:
                source >> target
    flow.output("o", refs[-1]["out"])
    return flow


@settings(max_examples=150)
@given(st.integers(0, 2**32))
def test_a_flow_is_the_same_whether_it_is_built_as_columns_or_as_objects(seed: int) -> None:
    columns = build(random.Random(seed), objects=False)
    objects = build(random.Random(seed), objects=True).workflow()
    compact = columns.compact()
    assert compact.content_version() == objects.content_version()
    assert columns.workflow() == objects
    assert columns.workflow() is columns.workflow() is columns.compact()


def test_connections_made_before_a_node_is_renamed_keep_its_old_name() -> None:
    flow = Flow("w")
    first = flow.add(text, id="a")
    first["out"] >> flow.add(add, id="b")["a"]
    flow.set(first, id="c")
    assert [node.id for node in flow.workflow().nodes] == ["c", "b"]
    assert [str(link) for link in flow.workflow().connections] == ["a.out -> b.a"]


def test_what_a_flow_was_compiled_as_is_not_reached_by_what_is_added_later() -> None:
    flow = Flow("w")
    first = flow.add(text, id="a")
    compiled = compile_workflow(flow.compact(), flow.registry_over(registry))
    flow.set(first, memo=True)
    first["out"] >> flow.add(add, id="b")["a"]
    assert [node.id for node in compiled.nodes] == ["a"]
    assert not compiled.nodes[0].memo
    again = compile_workflow(flow.compact(), flow.registry_over(registry))
    assert [(node.id, node.memo) for node in again.nodes] == [("a", True), ("b", False)]
    assert again.version == flow.workflow().content_version() != compiled.version
