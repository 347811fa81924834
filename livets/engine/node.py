"""What a node is: a class with a life cycle, or a plain function; and the NodeType that describes either.

Life of an instance: `initialize` once for each workflow on each worker, then for each run `start`, any number of
`execute`, `stop`; at the end `shutdown`, always, in the reverse order of `initialize`. Instances are shared by runs, so
what belongs to one run lives in `ctx.state`. Nothing here decides when a node runs.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, overload

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import EngineError
from livets.engine.ports import Many, Ports, parameters_of, signature_ports, struct_parameters, struct_ports
from livets.engine.threads import in_thread

StructType = type[msgspec.Struct]


class Outputs(dict[str, Any]):
    """What a node gives when it has several output ports, or leaves some silent: ports that are missing do not fire.

    >>> Outputs(high=3)
    Outputs({'high': 3})
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Outputs({dict(self)!r})"


class Suspend(msgspec.Struct, frozen=True):
    """Returned by a node that waits durably: no worker is held until `until` (Unix seconds) or the signal `signal`.

    The node is then executed again, with what woke it in `ctx.wake`.
    """

    until: float | None = None
    signal: str | None = None
    data: dict[str, Any] = {}


class Node:
    """Base of nodes written as classes. Set `type`, `Inputs`, `Outputs`, `Config`; write `execute`.

    >>> class Double(Node):
    ...     type = "math.double"
    ...     class Inputs(msgspec.Struct):
    ...         n: int
    ...     class Outputs(msgspec.Struct):
    ...         out: int
    ...     async def execute(self, ctx):
    ...         return 2 * ctx.inputs["n"]
    """

    type: ClassVar[str] = ""
    version: ClassVar[int] = 1
    Config: ClassVar[StructType | None] = None
    Inputs: ClassVar[StructType | None] = None
    Outputs: ClassVar[StructType | None] = None
    many: ClassVar[Mapping[str, Many]] = {}
    """How several connections into one input port are joined, by port."""
    container: ClassVar[bool] = False
    """True for nodes that run other nodes: they take no slot of their own."""
    joins: ClassVar[bool] = False
    """True for nodes that run when at least one connection brings a value, instead of all required ones."""
    stays: ClassVar[bool] = False
    """True for nodes that steer or wait for the run: they run in its own process, wherever others run."""
    grants: Any = None
    """What nodes may touch, as the driver says it (in flows livets.flow.grants.Grants); set before `initialize`."""

    def __init__(self, config: Any = None) -> None:
        self.config = config

    @classmethod
    def ports(cls, config: Any) -> Ports:
        """Return the ports; override when they depend on `config` (a switch has one for each case)."""
        return Ports(struct_ports(cls.Inputs, cls.many), struct_ports(cls.Outputs))

    async def initialize(self) -> None:
        """Open what all runs share (pools, models); called once for each workflow on each worker."""

    async def start(self, run: str) -> None:
        """A run begins."""

    async def execute(self, ctx: NodeContext) -> Any:
        """Do the work: return the value of the only output port, a dict or Outputs by port name, or Suspend."""
        return await self.process(ctx.inputs)

    async def process(self, inputs: Mapping[str, Any]) -> Any:
        """The shorter form of `execute`, for nodes that need their inputs only."""
        raise NotImplementedError(f"{type(self).__name__} must define execute(ctx) or process(inputs)")

    async def stop(self, run: str) -> None:
        """A run has ended, however."""

    async def shutdown(self) -> None:
        """Close what `initialize` opened; called even when a run failed or was cancelled."""


class NodeType:
    """A kind of node: its name, version, ports, config, and how to make one. `function` is set for function nodes."""

    __slots__ = (
        "_ports", "cls", "config", "container", "doc", "function", "joins", "name", "stays", "streams",
        "streams_only", "structs", "takes_ctx", "version",
    )  # fmt: skip

    def __init__(self, thing: type[Node] | Callable[..., Any], name: str = "", version: int = 1) -> None:
        self.doc = inspect.getdoc(thing) or ""
        self.cls: type[Node] | None = None
        self.function: Callable[..., Any] | None = None
        self.takes_ctx = False
        self._ports: Ports | None = None
        self.config: type[msgspec.Struct] | None = None
        self.container = self.joins = self.stays = False
        self.streams = self.streams_only = False
        """In runs in push mode an asynchronous generator; `streams_only`: it cannot run otherwise."""
        self.structs: dict[str, Any] = {}
        """Inputs that the function wants as Structs: name -> Struct."""
        if isinstance(thing, type) and issubclass(thing, Node):
            self.cls, self.config = thing, thing.Config
            self.container, self.joins = thing.container, thing.joins
            self.stays = thing.stays or thing.container
            self.streams = hasattr(thing, "stream")
            self.streams_only = self.streams and thing.execute is Node.execute and thing.process is Node.process
            self.name, self.version = name or thing.type, thing.version
            if not self.name:
                raise EngineError(f'{thing.__qualname__} has no type: add  type = "category.name"  to the class')
        elif callable(thing) and not isinstance(thing, type):
            self.function = thing
            self.name, self.version = name or _name_of(thing), version
            self.takes_ctx = "ctx" in parameters_of(thing)
            self.streams = self.streams_only = inspect.isasyncgenfunction(thing)
            self._ports = signature_ports(thing, skip=("ctx",))
            self.structs = struct_parameters(thing)
        else:
            raise EngineError(f"{thing!r} is no node: give a subclass of Node, or a function")

    def __repr__(self) -> str:
        return f"<NodeType {self.name} v{self.version}>"

    @property
    def chooses_ports(self) -> bool:
        """Whether the ports depend on the config: the class, or one that it comes from, has `ports` of its own."""
        return self.cls is not None and self.cls.ports.__func__ is not Node.ports.__func__  # type: ignore[attr-defined]

    def ports(self, config: Any = None) -> Ports:
        """Return the ports of a node of this type with that config."""
        if self._ports is not None:
            return self._ports
        assert self.cls is not None
        found = self.cls.ports(config)
        if not self.chooses_ports:
            self._ports = found  # they do not depend on the config: worked out once, not for each of 10,000 nodes
        return found

    def read_config(self, raw: Mapping[str, Any]) -> Any:
        """Return `raw` as the node's Config; raises EngineError saying which field is wrong."""
        if self.config is None:
            if raw and self.function is None:
                raise EngineError(f"{self.name} takes no config, but got {', '.join(sorted(raw))}")
            return dict(raw) if raw else None
        unknown = set(raw) - set(self.config.__struct_encode_fields__)
        if unknown:
            known = ", ".join(self.config.__struct_encode_fields__)
            raise EngineError(f"unknown config {', '.join(sorted(unknown))}: {self.name} knows {known}")
        try:
            return msgspec.convert(dict(raw), self.config)
        except msgspec.ValidationError as error:
            raise EngineError(str(error)) from error

    def create(self, config: Any) -> Node:
        """Return a fresh instance; a function node's instance calls the function."""
        return self.cls(config) if self.cls is not None else _FunctionNode(self, config)

    def config_schema(self) -> dict[str, Any] | None:
        """Return JSON Schema of the config, or None when there is none."""
        return msgspec.json.schema(self.config) if self.config is not None else None


def _name_of(function: Callable[..., Any]) -> str:
    """The name of a function; of a functools.partial that of what it calls, of other objects that of their class."""
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", "") or type(function).__name__


class _FunctionNode(Node):
    """Runs a plain function as a node."""

    def __init__(self, node_type: NodeType, config: Any) -> None:
        super().__init__(config)
        assert node_type.function is not None
        self._function, self._takes_ctx = node_type.function, node_type.takes_ctx

    async def execute(self, ctx: NodeContext) -> Any:
        result = self._function(**ctx.inputs, ctx=ctx) if self._takes_ctx else self._function(**ctx.inputs)
        return await result if inspect.isawaitable(result) else result


class FunctionNode:
    """A function that is a node: still callable as before, and describes itself in `node_type`."""

    def __init__(self, function: Callable[..., Any], node_type: NodeType) -> None:
        functools.update_wrapper(self, function)
        self._function, self.node_type = function, node_type

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)


@overload
def node(function: Callable[..., Any], /) -> FunctionNode: ...
@overload
def node(
    name: str = "", /, *, version: int = 1, blocking: bool = False
) -> Callable[[Callable[..., Any]], FunctionNode]: ...
def node(function: Any = "", /, *, version: int = 1, blocking: bool = False) -> Any:
    """Make a function a node: parameters are input ports, the result goes to `out`; one named `ctx` gets the context.

    `blocking`: a plain function that waits (for files, drivers, requests) is called in a thread.

    >>> @node
    ... def add(a: int, b: int = 1) -> int:
    ...     return a + b
    >>> add(2), [port.name for port in add.node_type.ports().inputs]
    (3, ['a', 'b'])
    """
    if isinstance(function, str):
        name = function
        return lambda target: FunctionNode(target, NodeType(in_thread(target) if blocking else target, name, version))
    return FunctionNode(function, NodeType(function, version=version))


def node_type_of(thing: object) -> NodeType:
    """Return the NodeType behind a Node class, a function, or what `@node` made of one."""
    if isinstance(thing, NodeType):
        return thing
    if isinstance(thing, FunctionNode):
        return thing.node_type
    return NodeType(thing)  # type: ignore[arg-type]  # NodeType says itself what it cannot take
