"""Nodes, their ports and config, and the registry that finds them."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import importlib.metadata
import threading
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
import pytest

from livets.engine.context import Cancellation, NodeContext
from livets.engine.errors import EngineError, RegistryError
from livets.engine.node import Node, NodeType, Outputs, node, node_type_of
from livets.engine.ports import Port, Ports, port_of
from livets.engine.registry import Registry
from livets.engine.stream import Stream
from livets.engine.values import Json, Kind


class Point(msgspec.Struct):
    x: int
    y: int = 0


class Scale(Node):
    """Scale a point."""

    type = "math.scale"
    version = 3

    class Config(msgspec.Struct):
        factor: float = 1.0
        mode: Literal["in", "out"] = "in"

    class Inputs(msgspec.Struct):
        point: Point
        extra: list[int] = []

    class Outputs(msgspec.Struct):
        out: Point

    many = {"extra": "list"}

    async def execute(self, ctx: NodeContext) -> Any:
        return ctx.inputs["point"]


class Sums(Node):
    type = "math.sum"

    async def process(self, inputs: Mapping[str, Any]) -> int:
        return sum(inputs.values())


@node("math.add")
def add(a: int, ctx: NodeContext, b: int = 1) -> int:
    """Add two numbers."""
    ctx.emit("info", said="adding")
    return a + b


@node
async def later(n: float | None) -> Point:
    return Point(1)


def test_struct_fields_are_ports_with_a_schema() -> None:
    ports = NodeType(Scale).ports()
    assert [(p.name, p.kind, p.required, p.many) for p in ports.inputs] == [
        ("point", Kind.OBJECT, True, "one"),
        ("extra", None, False, "list"),
    ]
    schema = ports.inputs[0].schema
    assert schema is not None
    assert schema["$defs"]["Point"]["required"] == ["x"]
    assert ports.output("out") is not None
    assert ports.input("ghost") is None


def test_a_signature_is_ports() -> None:
    ports = add.node_type.ports()
    assert [(p.name, p.kind, p.required, p.default) for p in ports.inputs] == [
        ("a", Kind.INT, True, None),
        ("b", Kind.INT, False, 1),
    ]
    assert [(p.name, p.kind) for p in ports.outputs] == [("out", Kind.INT)]
    inputs = later.node_type.ports().inputs
    assert (inputs[0].kind, inputs[0].nullable) == (Kind.NUMBER, True)
    assert [p.name for p in later.node_type.ports().outputs] == ["x", "y"]


def test_kinds_of_annotations() -> None:
    cases: list[tuple[Any, Kind | None]] = [
        (Any, None), (list[int], Kind.ARRAY), (dict[str, int], Kind.OBJECT), (Json, Kind.JSON), (Stream, Kind.STREAM),
        (Literal["a", "b"], Kind.STRING), (int | str, None), (bytes, Kind.BYTES), (bool, Kind.BOOL), (object, None),
    ]  # fmt: skip
    for annotation, kind in cases:
        assert port_of("p", annotation).kind is kind, annotation


async def test_function_and_class_run_alike() -> None:
    said: list[Any] = []
    context = NodeContext("r", "n", {"a": 2}, emit=lambda *what: said.append(what))
    assert await add.node_type.create(None).execute(context) == 3
    assert said == [("n", "info", {"said": "adding"})]
    assert await later.node_type.create(None).execute(NodeContext("r", "n", {"n": None})) == Point(1)
    assert await Sums().execute(NodeContext("r", "n", {"a": 1, "b": 2})) == 3
    with pytest.raises(NotImplementedError, match=r"execute\(ctx\) or process"):
        await Node().execute(NodeContext("r", "n", {}))
    assert Outputs(a=1) == {"a": 1}


def test_config_is_read_strictly_and_the_error_names_the_field() -> None:
    kind = NodeType(Scale)
    assert kind.read_config({"factor": 2}).factor == 2.0
    with pytest.raises(EngineError, match=r"\$\.factor"):
        kind.read_config({"factor": "x"})
    with pytest.raises(EngineError, match=r"unknown config fctor: math\.scale knows factor, mode"):
        kind.read_config({"fctor": 1})
    with pytest.raises(EngineError, match="takes no config"):
        NodeType(Sums).read_config({"a": 1})
    schema = kind.config_schema()
    assert schema is not None
    assert "factor" in schema["$defs"]["Config"]["properties"]


@pytest.mark.parametrize("thing", [3, int, type("NoType", (Node,), {}), lambda *a: a, lambda a, /: a])
def test_what_is_no_node_is_refused(thing: Any) -> None:
    with pytest.raises(EngineError):
        node_type_of(thing)


def test_dynamic_ports() -> None:
    class Fan(Node):
        type = "fan"

        @classmethod
        def ports(cls, config: Any) -> Ports:
            return Ports((), tuple(Port(name=str(n)) for n in range(config)))

    assert len(NodeType(Fan).ports(3).outputs) == 3


def test_the_registry_finds_names_and_refuses_doubles() -> None:
    base = Registry()
    base.add(Scale)
    registry = Registry(base)

    @registry.node("math.twice")
    def twice(n: int) -> int:
        return 2 * n

    assert twice(2) == 4
    assert list(registry.names("node")) == ["math.scale", "math.twice"]
    assert registry.node_type("math.scale").version == 3
    registry.add(twice)  # the same again is nothing
    with pytest.raises(RegistryError, match="registered twice"):
        registry.node("math.twice")(lambda n: n)
    with pytest.raises(RegistryError, match=r"did you mean math\.scale"):
        registry.node_type("math.scal")
    registry.register("store", "s3", object)
    assert registry.get("store", "s3") is object


def entry_point(name: str, value: str) -> importlib.metadata.EntryPoint:
    return importlib.metadata.EntryPoint(name, value, "livets.plugins")


def contribute(registry: Registry) -> None:
    """What a package's entry point loads."""
    registry.add(Sums)


def test_entry_points_bring_nodes_and_a_broken_one_harms_no_other() -> None:
    registry = Registry()
    here = __name__
    import sys

    sys.modules.setdefault(here, sys.modules[Scale.__module__])
    registry.load_entry_points(
        [
            entry_point("scale", f"{here}:Scale"),
            entry_point("broken", "no_such_module:x"),
            entry_point("odd", f"{here}:__name__"),
            entry_point("all", f"{here}:contribute"),
            entry_point("store:box", f"{here}:Point"),
        ]
    )
    assert list(registry.names("node")) == ["math.scale", "math.sum"]
    assert registry.get("store", "box") is Point
    assert [line.split(" = ")[0] for line in registry.broken] == ["broken", "odd"]
    with pytest.raises(RegistryError, match="could not load: broken = no_such_module:x"):
        registry.node_type("x")


async def test_a_request_to_stop_reaches_who_waits_and_who_looks() -> None:
    import asyncio

    cancellation = Cancellation()
    waiting = asyncio.create_task(cancellation.wait())
    await asyncio.sleep(0)
    cancellation.request("enough")
    assert await waiting == "enough" == await cancellation.wait()
    assert cancellation.requested


def test_log_records_carry_run_node_and_attempt(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "livets.engine.node"):
        NodeContext("r1", "n1", {}, attempt=2).log.info("hello")
    record: Any = caplog.records[0]
    assert (record.run, record.node, record.attempt) == ("r1", "n1", 2)


class _Adder:
    def __init__(self, by: int) -> None:
        self.by = by

    def __call__(self, n: int) -> int:
        return n + self.by

    def times(self, n: int) -> int:
        return n * self.by


def _sum(a: int, b: int) -> int:
    return a + b


@pytest.mark.parametrize(
    ("thing", "name", "ports"),
    [
        (functools.partial(_sum, 3), "_sum", ["b"]),
        (functools.partial(_sum, b=3), "_sum", ["a", "b"]),
        (functools.partial(functools.partial(_sum), 3), "_sum", ["b"]),
        (_Adder(2), "_Adder", ["n"]),
        (_Adder(2).times, "times", ["n"]),
    ],
)
def test_whatever_can_be_called_by_name_is_a_node(thing: Any, name: str, ports: list[str]) -> None:
    found = node_type_of(thing)
    assert (found.name, [port.name for port in found.ports().inputs]) == (name, ports)
    assert all(port.kind is Kind.INT for port in found.ports().outputs)


@pytest.mark.parametrize("thing", [max, len, print])
def test_what_takes_no_names_is_refused_with_advice(thing: Any) -> None:
    with pytest.raises(EngineError, match=f"{thing.__name__}.* wrap it in a function"):
        node_type_of(thing)


async def test_blocking_functions_run_side_by_side_and_can_be_given_up() -> None:
    meeting = threading.Barrier(3, timeout=5)
    here = contextvars.ContextVar("here", default="nowhere")

    @node("t.meet", blocking=True)
    def meet(n: int) -> str:
        meeting.wait()
        return f"{n} {here.get()} {threading.current_thread() is threading.main_thread()}"

    here.set("here")
    calls = [meet.node_type.function(n=n) for n in range(3)]  # type: ignore[misc]
    assert await asyncio.gather(*calls) == ["0 here False", "1 here False", "2 here False"]
    assert [(port.name, port.kind) for port in meet.node_type.ports().inputs] == [("n", Kind.INT)]
    held = threading.Event()
    waiting = node(blocking=True)(held.wait)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(waiting.node_type.function(), 0.01)  # type: ignore[misc]
    held.set()


def test_what_does_not_block_or_takes_ctx_gets_no_thread() -> None:
    async def slow() -> None: ...

    def told(ctx: NodeContext) -> None: ...

    with pytest.raises(EngineError, match="leave  blocking=True  out"):
        node(blocking=True)(slow)
    with pytest.raises(EngineError, match=r"takes ctx.* asyncio.to_thread"):
        Registry().node("t.told", blocking=True)(told)
