"""A definition as columns: nodes that differ by name only share one form, connections are four numbers each.

A node takes some 15 bytes beside its name, where a NodeSpec and a Connection take 400. Made by the builder or of a
Workflow, which it gives back without loss; read by the soundness check and the compiler. Judges nothing.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator

import msgspec

from livets.engine.errors import GraphFault
from livets.engine.graph import Connection, Graph
from livets.flow.model import NodeSpec, Workflow, content_of, content_of_nodes

_CHUNK = 1_000
"""Nodes or connections that are objects at the same time while they are hashed."""
_form_bytes = msgspec.json.Encoder().encode


class Table:
    """Node n is called `ids[n]` and is like `forms[form_of[n]]`; `head` is the workflow without nodes and connections.

    >>> table = Table(Workflow(id="w"))
    >>> a, b = (table.add(NodeSpec(id=id, type="debug.log")) for id in "ab")
    >>> table.connect(a, "out", b, "value")
    >>> len(table.forms), str(table.workflow().connections[0])
    (1, 'a.out -> b.value')
    """

    __slots__ = ("_drawn", "_known", "form_of", "forms", "graph", "head", "ids")

    def __init__(self, head: Workflow) -> None:
        self.head = head
        self.graph = Graph()
        self.ids = self.graph.names
        self.forms: list[NodeSpec] = []
        self.form_of = array("i")
        self._known: dict[bytes, int] = {}
        """The numbers of forms that other nodes may share."""
        self._drawn: dict[int, tuple[str, str, tuple[float, float] | None]] = {}
        """Name, notes and position of the nodes that have one of these."""

    @classmethod
    def of(cls, workflow: Workflow) -> Table:
        """Return `workflow` as a table that no edit reaches; raises GraphFault when names are doubled or unknown."""
        table = cls(workflow.head().copied())
        table.head.definitions = {name: inner.copied() for name, inner in workflow.definitions.items()}
        for spec in workflow.nodes:
            table.add(spec)
        table.graph.add_all(table.ids)
        table.ids = table.graph.names
        try:
            table.graph.connect_all(workflow.connections)
        except KeyError as error:
            raise GraphFault(f"there is no node {error}") from None
        return table

    def copied(self) -> Table:
        """Return a copy that nothing reaches which is added to this one."""
        head = msgspec.structs.replace(self.head, definitions={})
        copy = Table(head.copied())
        copy.head.definitions = {name: inner.copied() for name, inner in self.head.definitions.items()}
        copy.graph = self.graph.copied()
        copy.ids = copy.graph.names
        copy.forms, copy.form_of = self.forms[:], self.form_of[:]  # a form is replaced, never edited
        copy._drawn = dict(self._drawn)
        return copy

    def add(self, spec: NodeSpec) -> int:
        """Add a node and return its number; whether its name is taken is not looked at."""
        number = len(self.ids)
        self.ids.append(spec.id)
        self.form_of.append(self._form(spec))
        self._draw(number, spec)
        return number

    def replace(self, number: int, spec: NodeSpec) -> None:
        """Let node `number` be as `spec` says, under the name that it has."""
        old = self.form_of[number]
        form = self.form_of[number] = self._form(spec)
        if not _is_shared(self.forms[old]):
            self.forms[old] = self.forms[form]
        self._drawn.pop(number, None)
        self._draw(number, spec)

    def _draw(self, number: int, spec: NodeSpec) -> None:
        if spec.name or spec.notes or spec.position is not None:
            self._drawn[number] = (spec.name, spec.notes, spec.position)

    def _form(self, spec: NodeSpec) -> int:
        """The number of the form that `spec` has: an old one, if it has neither config nor constants of its own."""
        form = msgspec.structs.replace(spec, id="", name="", notes="", position=None)
        if not _is_shared(form):
            self.forms.append(form.copied())
            return len(self.forms) - 1
        number = self._known.setdefault(_form_bytes(form), len(self.forms))
        if number == len(self.forms):
            self.forms.append(form.copied())
        return number

    def connect(self, source: int, from_port: str, target: int, to_port: str) -> None:
        """Connect the nodes of these numbers."""
        graph = self.graph
        graph.connect_numbers(source, target, graph.port(from_port), graph.port(to_port))

    def linked(self, number: int) -> set[str]:
        """Return the inputs of a node that connections lead to."""
        graph = self.graph
        ends = zip(graph.targets, graph.target_ports, strict=True)
        return {graph.ports[port] for target, port in ends if target == number}

    def spec(self, number: int) -> NodeSpec:
        """Return node `number` as an object; its config and constants are those of the form: look, do not edit."""
        form = self.forms[self.form_of[number]]
        if number not in self._drawn:
            return msgspec.structs.replace(form, id=self.ids[number])
        name, notes, position = self._drawn[number]
        return msgspec.structs.replace(form, id=self.ids[number], name=name, notes=notes, position=position)

    def specs(self, start: int = 0, end: int | None = None) -> list[NodeSpec]:
        """Return the nodes of a range, as objects."""
        return [self.spec(number) for number in range(len(self.ids))[start:end]]

    def connections(self, start: int = 0, end: int | None = None) -> list[Connection]:
        """Return the connections of a range, as objects, in the order in which they were made."""
        graph, ids, ports = self.graph, self.ids, self.graph.ports
        columns = (graph.sources, graph.source_ports, graph.targets, graph.target_ports)
        rows = zip(*(column[start:end] for column in columns), strict=True)
        return [Connection(ids[giver], ports[given], ids[taker], ports[taken]) for giver, given, taker, taken in rows]

    def workflow(self) -> Workflow:
        """Return the definition as objects, of its own."""
        head = self.head
        nodes = [spec.copied() for spec in self.specs()]
        return msgspec.structs.replace(head, nodes=nodes, connections=self.connections())

    def content_version(self) -> str:
        """Return the content version of `workflow()`, without making all of it at once."""
        content = content_of(self.head)
        if len(self.graph.sources):
            content["connections"] = []
        hasher, mark = hashlib.sha256(b"{"), b""
        for name in sorted(content):
            hasher.update(mark + _json(name) + b":")
            mark = b","
            for piece in self._pieces(name) if name in ("nodes", "connections") else (_json(content[name]),):
                hasher.update(piece)
        hasher.update(b"}")
        return hasher.hexdigest()

    def _pieces(self, name: str) -> Iterator[bytes]:
        """The JSON list of all nodes or connections, in pieces."""
        size = len(self.ids if name == "nodes" else self.graph.sources)
        yield b"["
        for start in range(0, size, _CHUNK):
            end = start + _CHUNK
            part = content_of_nodes(self.specs(start, end)) if name == "nodes" else self.connections(start, end)
            yield (b"," if start else b"") + _json(part)[1:-1]
        yield b"]"


def _is_shared(form: NodeSpec) -> bool:
    """Whether other nodes may have the form too: config and constants are a node's own."""
    return not form.config and not form.inputs and form.placement is None


def _json(thing: object) -> bytes:
    return msgspec.json.encode(thing, order="sorted")
