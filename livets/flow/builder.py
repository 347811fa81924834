"""Building workflows in Python: `flow.add(thing, ...)`, `a >> b`, `flow.connect(a, b)`; the result is plain data.

Functions and Node classes given to `add` are registered with this flow only, under their own names; everything else is
exactly what a file could say. Nothing is checked before the workflow is compiled or validated: then all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import msgspec

from livets.engine.errors import EngineError
from livets.engine.graph import Connection
from livets.engine.node import FunctionNode, Node, NodeType, node_type_of
from livets.engine.registry import Registry
from livets.flow.constants import Reference, write_constant
from livets.flow.model import InputSpec, NodeSpec, Settings, Workflow
from livets.flow.table import Table

Thing = str | type[Node] | FunctionNode | Callable[..., Any] | NodeType


class Port_:
    """One port of a node, as `node["name"]` gives it."""

    __slots__ = ("name", "node")

    def __init__(self, node: NodeRef, name: str) -> None:
        self.node, self.name = node, name

    def __rshift__(self, target: NodeRef | Port_) -> NodeRef:
        return self.node.flow.connect(self, target)


class NodeRef:
    """A node in a flow being built; `a >> b` connects a's output to b's input, `a["port"]` names one of several."""

    __slots__ = ("flow", "id", "number")

    def __init__(self, flow: Flow, id: str, number: int | None = None) -> None:
        self.flow, self.id, self.number = flow, id, number

    def __getitem__(self, port: str) -> Port_:
        return Port_(self, port)

    def __rshift__(self, target: NodeRef | Port_) -> NodeRef:
        return self.flow.connect(self, target)

    def __repr__(self) -> str:
        return f"<{self.id}>"


_FIELDS = {field.name: field.type for field in msgspec.structs.fields(NodeSpec)}


class Flow:
    """A workflow being built. Keyword arguments beside `id` are fields of Settings.

    >>> flow = Flow("greet", max_parallel=4)
    >>> name = flow.input("name", str)
    >>> hello = flow.add(lambda name: f"hello {name}", id="hello", name=name)
    >>> flow.workflow().nodes[0].inputs
    {'name': {'$input': 'name'}}
    """

    def __init__(self, id: str, **settings: Any) -> None:
        self._workflow = Workflow(id=id, settings=msgspec.convert(_plain(settings), Settings))
        self._table: Table | None = Table(self._workflow)
        """Nodes and connections, until somebody asks for them as objects: then `_workflow` has them."""
        self._registry = Registry()
        self._types: dict[str, NodeType] = {}

    def input(self, name: str, kind: type | None = None, **more: Any) -> Reference:
        """Declare an input of the workflow; pass what this returns to `add` where a node needs it."""
        from livets.engine.ports import port_of

        if "default" in more:
            more = {**more, "default": write_constant(more["default"]), "required": False}
        self._workflow.inputs[name] = InputSpec(kind=port_of(name, kind or Any).kind, **more)
        return Reference(name)

    def output(self, name: str, source: NodeRef | Port_) -> None:
        """Make a port an output of the workflow."""
        node, port = self._end(source, "output")
        self._workflow.outputs[name] = f"{node.id}.{port}"

    def add(
        self, thing: Thing, /, *, id: str | None = None, config: dict[str, Any] | None = None, **inputs: Any
    ) -> NodeRef:
        """Add a node and return it. `thing` is a type's name, a function or a Node class.

        `inputs` are constants by port, other nodes (which are connected) or what `input` returned. Fields of NodeSpec
        (retry, timeout_s, on_error, priority, pool, rate, memo, ...) are set with `set`.
        """
        name = self._name(thing)
        id = id or self._free_id(name.rpartition(".")[2].strip("<>"))
        constants, links = {}, []
        for port, value in inputs.items():
            if isinstance(value, NodeRef | Port_):
                links.append((value, port))
            else:
                constants[port] = write_constant(value)
        spec = NodeSpec(id=id, type=name, config=_plain(config) if config else {}, inputs=constants)
        if self._table is not None:
            ref = NodeRef(self, id, self._table.add(spec))
        else:
            ref = NodeRef(self, id)
            self._workflow.nodes.append(spec)
        for source, port in links:
            self.connect(source, ref[port])
        return ref

    def set(self, node: NodeRef, **fields: Any) -> NodeRef:
        """Set fields of NodeSpec on a node: retry, timeout_s, on_error, priority, pool, rate, memo, position, notes."""
        if "id" in fields:
            self.workflow()  # connections that are there stay with the old name
        spec = self._spec(node)
        for name, value in fields.items():
            if name not in NodeSpec.__struct_fields__:
                raise EngineError(f"a node has no field {name!r}: there are {', '.join(NodeSpec.__struct_fields__)}")
            try:
                setattr(spec, name, msgspec.convert(_plain(value), _FIELDS[name]))
            except msgspec.ValidationError as error:
                raise EngineError(f"{node.id}: {name}={value!r:.80}: {error}") from error
        number = self._number(node)
        if self._table is not None and number is not None:
            self._table.replace(number, spec)
        return node

    def connect(self, source: NodeRef | Port_, target: NodeRef | Port_) -> NodeRef:
        """Connect; where no port is named, the only one (of an input: the only required one) is meant."""
        giver, from_port = self._end(source, "output")
        taker, to_port = self._end(target, "input")
        first, last = self._number(giver), self._number(taker)
        if self._table is not None and first is not None and last is not None:
            self._table.connect(first, from_port, last, to_port)
        else:  # a name that is not here (yet)
            self.workflow().connections.append(Connection(giver.id, from_port, taker.id, to_port))
        return taker

    def define(self, inner: Flow | Workflow) -> str:
        """Take `inner` in as a sub-workflow and return the name by which call, map and loop nodes use it.

        Raises EngineError when another one of that id is there already.
        """
        workflow = inner.workflow() if isinstance(inner, Flow) else inner
        if isinstance(inner, Flow):
            names = {name: self._name(_named(one, name)) for name, one in inner._types.items()}
            workflow = _with_types(workflow, names)
        for one in (workflow, *workflow.definitions.values()):
            there = self._workflow.definitions.setdefault(one.id, one)
            if there.content_version() != one.content_version():
                raise EngineError(f"two different sub-workflows are called {one.id!r}: give one another id")
        return workflow.id

    def workflow(self) -> Workflow:
        """Return the workflow built so far; what is added later is added to it, and edits of it count."""
        if self._table is not None:
            table, self._table = self._table, None
            self._workflow.nodes = [spec.copied() for spec in table.specs()]
            self._workflow.connections = table.connections()
        return self._workflow

    def compact(self) -> Workflow | Table:
        """Return the same for the compiler: as a table, a tenth as large, unless `workflow` was called before."""
        return self._workflow if self._table is None else self._table

    def types(self) -> list[NodeType]:
        """Return the types of nodes that only this flow knows: its functions and classes."""
        return list(self._types.values())

    def registry_over(self, parent: Registry) -> Registry:
        """Return a registry with this flow's functions and classes, on top of `parent`."""
        registry = Registry(parent)
        for node_type in self._types.values():
            registry.add(node_type)
        return registry

    def _name(self, thing: Thing) -> str:
        if isinstance(thing, str):
            return thing
        made = node_type_of(thing)
        name = made.name
        for number in range(2, 10_000):
            known = self._types.setdefault(name, made)
            if (known.function, known.cls) == (made.function, made.cls):
                break
            name = f"{made.name}-{number}"  # another function of the same name, such as a second lambda
        made.name = name
        return name

    def _free_id(self, wish: str) -> str:
        taken = {spec.id for spec in self._workflow.nodes} if self._table is None else set(self._table.ids)
        return wish if wish not in taken else next(f"{wish}-{n}" for n in range(2, 10**9) if f"{wish}-{n}" not in taken)

    def _number(self, node: NodeRef) -> int | None:
        """The number of a node in the table; None when it is not there."""
        if self._table is None:
            return None
        if node.flow is self and node.number is not None:
            return node.number
        return self._table.ids.index(node.id) if node.id in self._table.ids else None

    def _spec(self, node: NodeRef) -> NodeSpec:
        number = self._number(node)
        if self._table is not None and number is not None:
            return self._table.spec(number)
        for spec in self.workflow().nodes:
            if spec.id == node.id:
                return spec
        raise EngineError(f"there is no node {node.id!r} in {self._workflow.id!r}: add it first")

    def _end(self, end: NodeRef | Port_, side: str) -> tuple[NodeRef, str]:
        if isinstance(end, Port_):
            return end.node, end.name
        return end, self._only_port(end, side)

    def _only_port(self, node: NodeRef, side: str) -> str:
        from livets.flow.nodes import standard_registry

        spec = self._spec(node)
        node_type = self._types.get(spec.type) or standard_registry().node_type(spec.type)
        ports = node_type.ports(node_type.read_config(spec.config))
        if side == "output":
            names = [port.name for port in ports.outputs if port.name != "error"]
        else:
            free = [port for port in ports.inputs if port.name not in spec.inputs]
            names = [port.name for port in free if port.required] or [port.name for port in free]
            if len(names) > 1:
                linked = self._linked(node)
                names = [name for name in names if name not in linked] or names
        if len(names) == 1 or (names and side == "input"):
            return names[0]
        listed = ", ".join(names) or "none"
        raise EngineError(
            f'{node.id!r} has {len(names)} {side}s ({listed}): name one, as in  node["{(names or ["x"])[0]}"]'
        )

    def _linked(self, node: NodeRef) -> Collection[str]:
        """The inputs of a node that connections lead to."""
        number = self._number(node)
        if self._table is not None and number is not None:
            return self._table.linked(number)
        return {link.to_port for link in self._workflow.connections if link.to_node == node.id}


def _named(node_type: NodeType, name: str) -> NodeType:
    """The same type of node, for another flow, in which it may have to get another name."""
    return NodeType(node_type.function or node_type.cls or Node, name, node_type.version)


def _with_types(workflow: Workflow, names: dict[str, str]) -> Workflow:
    """`workflow` with its functions called as the outer flow calls them: two flows may each have a lambda."""
    nodes = [msgspec.structs.replace(spec, type=names.get(spec.type, spec.type)) for spec in workflow.nodes]
    definitions = {name: _with_types(one, names) for name, one in workflow.definitions.items()}
    return msgspec.structs.replace(workflow, nodes=nodes, definitions=definitions)


def _plain(thing: Any) -> Any:
    return msgspec.to_builtins(thing)
