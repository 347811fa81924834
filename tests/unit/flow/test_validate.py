"""Validation finds every fault at once, names its place, and runs nothing."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livets.engine.graph import Connection
from livets.engine.node import Node, node
from livets.engine.registry import Registry
from livets.engine.values import Kind
from livets.flow import Flow, FlowRuntime
from livets.flow.conditions import check_condition, holds, look_up
from livets.flow.model import InputSpec, NodeSpec, Rate, Settings, Workflow
from livets.flow.nodes import standard_registry
from livets.flow.validate import validate

touched: list[str] = []


class Touchy(Node):
    type = "t.touchy"

    def __init__(self, config: Any = None) -> None:
        touched.append("init")

    async def initialize(self) -> None:
        touched.append("initialize")


@pytest.fixture
def registry() -> Registry:
    registry = Registry(standard_registry())

    @registry.node("t.add")
    def add(a: int, b: int) -> int:
        touched.append("ran")
        return a + b

    @registry.node("t.text")
    def text() -> list[int]:
        return []

    registry.add(Touchy)
    return registry


def codes(workflow: Workflow, registry: Registry) -> list[tuple[str, str]]:
    return [(fault.path, fault.code) for fault in validate(workflow, registry)]


def test_every_fault_is_found_at_once(registry: Registry) -> None:
    workflow = Workflow(
        schema_version=7,
        id="no good",
        inputs={"list": InputSpec(Kind.ARRAY)},
        outputs={"x": "ghost.out", "y": "a.nope"},
        nodes=[
            NodeSpec(id="a", type="t.add", inputs={"a": "x", "c": 1}),
            NodeSpec(id="a", type="t.add", inputs={"a": 1, "b": {"$input": "list"}}),
            NodeSpec(id="b/", type="t.addd", priority=9, timeout_s=-1, pool="p", rate="r"),
            NodeSpec(id="c", type="t.add", version=4, inputs={"a": {"$input": "who"}, "b": {"$bad": 1}}),
            NodeSpec(id="d", type="flow.branch", config={"when": {"op": "is"}}),
            NodeSpec(id="e", type="flow.switch", config={"cases": []}),
            NodeSpec(id="f", type="debug.log", config={"lvl": "info"}),
            NodeSpec(id="g", type="t.text"),
            NodeSpec(id="h", type="t.touchy"),
        ],
        connections=[
            Connection("a", "out", "ghost", "in"),
            Connection("a", "nope", "e", "value"),
            Connection("g", "out", "a", "b"),
            Connection("g", "out", "a", "b"),
        ],
        settings=Settings(max_parallel=0, run_timeout_s=0, pools={"x": 0}, rates={"y": Rate(0)}),
    )
    assert codes(workflow, registry) == [
        ("schema_version", "version"),
        ("id", "id"),
        ("settings.max_parallel", "range"),
        ("settings.run_timeout_s", "range"),
        ("settings.pools.x", "range"),
        ("settings.rates.y", "range"),
        ("nodes[1].id", "double"),
        ("nodes[2].id", "id"),
        ("nodes[2].priority", "range"),
        ("nodes[2].timeout_s", "range"),
        ("nodes[2].pool", "unknown"),
        ("nodes[2].rate", "unknown"),
        ("nodes[2].type", "unknown"),
        ("nodes[3].version", "version"),
        ("nodes[4].config", "config"),
        ("nodes[6].config", "config"),
        ("connections[0].to_node", "unknown"),
        ("connections[1].from_port", "unknown"),
        ("connections[2]", "kind"),
        ("connections[3]", "double"),
        ("connections[3]", "kind"),
        ("nodes[0]", "many"),
        ("nodes[0].inputs.a", "value"),
        ("nodes[0].inputs.c", "unknown"),
        ("nodes[3].inputs.a", "unknown"),
        ("nodes[3].inputs.b", "value"),
        ("outputs.x", "unknown"),
        ("outputs.y", "unknown"),
    ]
    assert touched == []


def test_messages_tell_how_to_mend(registry: Registry) -> None:
    workflow = Workflow(id="w", nodes=[NodeSpec(id="a", type="t.addd"), NodeSpec(id="b", type="t.add")])
    first, *rest = map(str, validate(workflow, registry))
    assert first == "nodes[0].type: no node is called 't.addd'; did you mean t.add?"
    assert rest[0] == "nodes[1]: b.a is required, but neither connected nor given in inputs"


def test_cycles_are_named_with_their_path(registry: Registry) -> None:
    nodes = [NodeSpec(id=name, type="debug.log") for name in "abc"]
    links = [Connection(s, "out", t, "value") for s, t in ("ab", "bc", "ca")]
    faults = validate(Workflow(id="w", nodes=nodes, connections=links), registry)
    assert [(f.path, f.code) for f in faults] == [("connections", "cycle")]
    assert "a -> b -> c -> a" in faults[0].message


def test_sub_workflows_are_followed_and_may_not_call_themselves(registry: Registry) -> None:
    def caller(id: str, name: str) -> Workflow:
        return Workflow(id=id, nodes=[NodeSpec(id="call", type="flow.call", config={"workflow": name})])

    workflow = caller("top", "a")
    workflow.definitions = {"a": caller("a", "b"), "b": caller("b", "a")}
    faults = validate(workflow, registry)
    assert [(f.path, f.code) for f in faults] == [("definitions.b.nodes[0].config.workflow", "cycle")]
    assert "a -> b -> a" in faults[0].message
    assert codes(caller("top", "ghost"), registry) == [("nodes[0].config.workflow", "unknown")]


@node
def plus(n: int = 0) -> int:
    return n + 1


@given(st.integers(1, 14), st.integers(0, 10_000))
@settings(max_examples=40)
def test_random_workflows_give_what_a_plain_loop_gives(size: int, seed: int) -> None:
    """Each node takes the sum of some before it, some fail or stay silent; compared with a loop over a list."""
    import asyncio

    chance = random.Random(seed)
    flow = Flow("random", max_parallel=chance.randint(1, 4), on_error={"policy": "ContinueOnError"})
    fails = {n for n in range(size) if chance.random() < 0.15}
    sources = [sorted(chance.sample(range(n), min(n, chance.randint(0, 3)))) for n in range(size)]

    def work(of: int) -> Any:
        async def body(items: list[int]) -> int:
            for _ in range(chance.randint(0, 2)):
                await asyncio.sleep(0)
            if of in fails:
                raise ValueError
            return sum(items) + of

        return body

    refs: list[Any] = []
    for n in range(size):
        merge = flow.add("flow.merge", id=f"m{n}", config={"mode": "list"}) if len(sources[n]) else None
        ref = flow.add(work(n), id=f"n{n}", **({"items": merge} if merge else {"items": [1]}))
        for source in sources[n]:
            refs[source] >> merge
        refs.append(ref)

    async def main() -> Any:
        async with FlowRuntime() as runtime:
            handle = await runtime.start(flow)
            result = await handle.result()
            return result, handle.states()

    result, states = asyncio.run(main())
    values: list[int | None] = []
    for n in range(size):
        arrived = [values[s] for s in sources[n] if values[s] is not None]
        runs = bool(arrived) or not sources[n]
        values.append(sum(arrived or [1]) + n if runs and n not in fails else None)  # type: ignore[arg-type]
        assert states[f"n{n}"] == ("skipped" if not runs else "failed" if n in fails else "completed")
    ends = [n for n in range(size) if not any(n in some for some in sources)]
    assert result.outputs == {f"n{n}": values[n] for n in ends if values[n] is not None}


@pytest.mark.parametrize(
    ("condition", "value", "wanted"),
    [
        ({"path": "a.b[1]", "op": "eq", "value": 2}, {"a": {"b": [1, 2]}}, True),
        ({"path": "a[-1]", "op": "gt", "value": 1}, {"a": [1, 2]}, True),
        ({"path": "a", "op": "gt", "value": 1}, {}, False),
        ({"path": "a", "op": "ne", "value": 1}, {}, True),
        ({"path": "a", "op": "missing"}, {}, True),
        ({"path": "a", "op": "exists", "value": False}, {}, True),
        ({"op": "lt", "value": "x"}, 3, False),
        ({"op": "eq", "value": 1}, True, False),
        ({"op": "in", "value": [1, 2]}, 2, True),
        ({"op": "contains", "value": "b"}, "abc", True),
        ({"op": "kind", "value": "Int"}, 3, True),
        ({"op": "empty"}, [], True),
        ({"not": {"op": "truthy"}}, 0, True),
        ({"all": [{"op": "gt", "value": 1}, {"op": "lt", "value": 3}]}, 2, True),
        ({"any": [{"op": "gt", "value": 5}, {"op": "lt", "value": 1}]}, 2, False),
        ({}, "x", True),
    ],
)
def test_conditions(condition: Any, value: Any, wanted: bool) -> None:
    check_condition(condition)
    assert holds(condition, value) is wanted


def test_what_is_no_condition_is_refused() -> None:
    from livets.engine.errors import EngineError

    deep: Any = {}
    for _ in range(30):
        deep = {"not": deep}
    bads: list[Any] = [
        [],
        {"op": "exec"},
        {"pth": "a"},
        {"all": {}},
        {"all": [], "op": "eq"},
        deep,
        {"path": "a..b"},
        {"path": ".a"},
    ]
    for bad in bads:
        with pytest.raises(EngineError):
            check_condition(bad)
    assert look_up({"a": 1}, "a.__class__") is None
