"""Nodes and typed connections as flat arrays: cheap to build, to check for cycles, and to run from.

Nodes are numbered in the order they were added. A graph of a million nodes stays below 100 MB, because edges are
machine integers, not objects. `plan` freezes it into what a scheduler runs. Knows nothing of what nodes do.
"""

from __future__ import annotations

import itertools
import operator
import struct
from array import array
from collections.abc import Iterable, Sequence

import msgspec

from livets.engine.errors import GraphFault

_CHUNK = 16_384


class Connection(msgspec.Struct, frozen=True, gc=False, order=True, forbid_unknown_fields=True):
    """One edge, with the four names that workflow files use."""

    from_node: str
    from_port: str
    to_node: str
    to_port: str

    def __str__(self) -> str:
        return f"{self.from_node}.{self.from_port} -> {self.to_node}.{self.to_port}"


class Plan:
    """A frozen graph: for node n, its out-edges are `edge_target[out_start[n]:out_start[n + 1]]`, sorted by source.

    `in_edges[in_start[n]:in_start[n + 1]]` are the numbers of the edges that lead into n, in the order they were added
    (all of them a range, where they were added in that order). Columns that are in order are those of the graph: who
    makes a plan adds no more to it.
    """

    __slots__ = (
        "edge_source",
        "edge_source_port",
        "edge_target",
        "edge_target_port",
        "in_edges",
        "in_start",
        "names",
        "out_start",
        "ports",
        "size",
    )

    def __init__(self, graph: Graph) -> None:
        self.size = len(graph.names)
        self.names = graph.names
        self.ports = graph.ports
        order, self.out_start = _sorted_by(graph.sources, self.size)
        self.edge_source, self.edge_target, self.edge_source_port, self.edge_target_port = (
            picked(column, order) for column in (graph.sources, graph.targets, graph.source_ports, graph.target_ports)
        )
        by_target, self.in_start = _sorted_by(graph.targets, self.size)
        self.in_edges: Sequence[int] = by_target if isinstance(order, range) else picked(_inverse(order), by_target)

    def in_degrees(self) -> array[int]:
        """Return how many edges lead into each node."""
        return _lengths(self.in_start)

    def out_degrees(self) -> array[int]:
        """Return how many edges lead out of each node."""
        return _lengths(self.out_start)

    def successors(self, node: int) -> array[int]:
        """Return the nodes that `node`'s edges lead to; one that several edges lead to is there several times."""
        return self.edge_target[self.out_start[node] : self.out_start[node + 1]]

    def descendants(self, nodes: Iterable[int]) -> set[int]:
        """Return `nodes` and everything downstream of them."""
        return _closure(nodes, self.successors)

    def ancestors(self, nodes: Iterable[int]) -> set[int]:
        """Return `nodes` and everything they need."""
        return _closure(nodes, self.predecessors)

    def predecessors(self, node: int) -> list[int]:
        """Return the nodes whose edges lead into `node`."""
        edges = self.in_edges[self.in_start[node] : self.in_start[node + 1]]
        return [self.edge_source[edge] for edge in edges]


class Graph:
    """Nodes by name, edges between their ports.

    >>> graph = Graph()
    >>> for name in "abc":
    ...     _ = graph.add(name)
    >>> graph.connect("a", "b"); graph.connect("b", "c")
    >>> graph.waves()
    [['a'], ['b'], ['c']]
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.index: dict[str, int] = {}
        self.ports: list[str] = []
        self._port_index: dict[str, int] = {}
        self.sources = array("i")
        self.targets = array("i")
        self.source_ports = array("i")
        self.target_ports = array("i")

    def add(self, name: str) -> int:
        """Add a node and return its number; raises GraphFault when the name is taken."""
        number = len(self.names)
        if self.index.setdefault(name, number) != number:
            raise GraphFault(f"two nodes are called {name!r}: rename one")
        self.names.append(name)
        return number

    def add_all(self, names: Iterable[str]) -> None:
        """`add` for many at once, to an empty graph."""
        self.names = list(names)
        self.index = {name: number for number, name in enumerate(self.names)}
        if len(self.index) < len(self.names):
            raise GraphFault("two nodes have the same name: rename one")

    def copied(self) -> Graph:
        """Return a copy; it knows nodes by number only, its `index` is empty."""
        copy = Graph()
        copy.names, copy.ports, copy._port_index = self.names[:], self.ports[:], dict(self._port_index)
        copy.sources, copy.targets = self.sources[:], self.targets[:]
        copy.source_ports, copy.target_ports = self.source_ports[:], self.target_ports[:]
        return copy

    def port(self, name: str) -> int:
        """Return the number that stands for a port's name."""
        number = self._port_index.setdefault(name, len(self.ports))
        if number == len(self.ports):
            self.ports.append(name)
        return number

    def connect(self, source: str, target: str, from_port: str = "out", to_port: str = "in") -> None:
        """Add an edge; raises GraphFault when a node is unknown."""
        for name in (source, target):
            if name not in self.index:
                raise GraphFault(f"{source}.{from_port} -> {target}.{to_port}: there is no node {name!r}")
        self.connect_numbers(self.index[source], self.index[target], self.port(from_port), self.port(to_port))

    def connect_numbers(self, source: int, target: int, from_port: int, to_port: int) -> None:
        """`connect` for those who hold the numbers of nodes and ports."""
        self.sources.append(source)
        self.targets.append(target)
        self.source_ports.append(from_port)
        self.target_ports.append(to_port)

    def connect_all(self, links: Iterable[Connection]) -> None:
        """`connect` for many at once; raises KeyError for an unknown node: who calls this has validated."""
        links, index, port = list(links), self.index, self._port_index
        for name in dict.fromkeys([link.from_port for link in links] + [link.to_port for link in links]):
            self.port(name)
        self.sources.extend(packed([index[link.from_node] for link in links]))
        self.targets.extend(packed([index[link.to_node] for link in links]))
        self.source_ports.extend(packed([port[link.from_port] for link in links]))
        self.target_ports.extend(packed([port[link.to_port] for link in links]))

    def cycle(self) -> list[str] | None:
        """Return the names along one cycle, the first again at the end, or None. O(nodes + edges), no recursion."""
        size = len(self.names)
        order, start = _sorted_by(self.sources, size)
        waiting = array("i", bytes(4 * size))
        for target in self.targets:
            waiting[target] += 1
        ready = [n for n in range(size) if not waiting[n]]
        seen = 0
        while ready:
            node = ready.pop()
            seen += 1
            for place in range(start[node], start[node + 1]):
                target = self.targets[order[place]]
                waiting[target] -= 1
                if not waiting[target]:
                    ready.append(target)
        return None if seen == size else self._walk_back(waiting)

    def _walk_back(self, waiting: array[int]) -> list[str]:
        """Walk against the edges among the nodes left over: each has a predecessor there, so a node comes twice."""
        before: dict[int, int] = {}
        for source, target in zip(self.sources, self.targets, strict=True):
            if waiting[source] and waiting[target]:
                before.setdefault(target, source)
        node = next(n for n in before)
        seen: dict[int, int] = {}
        path: list[int] = []
        while node not in seen:
            seen[node] = len(path)
            path.append(node)
            node = before[node]
        loop = path[seen[node] :][::-1]
        first = loop.index(min(loop))
        loop = loop[first:] + loop[:first]
        return [self.names[n] for n in (*loop, loop[0])]

    def plan(self) -> Plan:
        """Freeze; raises GraphFault naming the path of a cycle."""
        cycle = self.cycle()
        if cycle is not None:
            raise GraphFault(f"the nodes wait for each other in a circle: {' -> '.join(cycle)}; cut one connection")
        return Plan(self)

    def waves(self) -> list[list[str]]:
        """Return the nodes in waves: each needs only nodes of waves before. Raises GraphFault on a cycle."""
        plan = self.plan()
        waiting = plan.in_degrees()
        wave = [n for n in range(plan.size) if not waiting[n]]
        waves: list[list[str]] = []
        while wave:
            waves.append([self.names[n] for n in wave])
            following: list[int] = []
            for node in wave:
                for target in plan.successors(node):
                    waiting[target] -= 1
                    if not waiting[target]:
                        following.append(target)
            wave = following
        return waves


def _sorted_by(keys: array[int], size: int) -> tuple[Sequence[int], array[int]]:
    """The positions of `keys` in their order (stable), and where each key's run starts."""
    counts = [0] * (size + 1)
    for key in keys:
        counts[key + 1] += 1
    start = packed(itertools.accumulate(counts))
    if all(map(operator.le, keys, itertools.islice(keys, 1, None))):
        return range(len(keys)), start  # the edges of most files are in order, at least by their sources
    free, order = start[:], array("i", bytes(4 * len(keys)))
    for place, key in enumerate(keys):
        order[free[key]] = place
        free[key] += 1
    return order, start


def _inverse(order: Sequence[int]) -> array[int]:
    """Where each place has gone, of those that `order` has each once."""
    inverse = array("i", bytes(4 * len(order)))
    for now, before in enumerate(order):
        inverse[before] = now
    return inverse


def picked(column: array[int], order: Sequence[int]) -> array[int]:
    """Return the items of `column` at the places `order`, which has each once; the column itself when all stay."""
    return column if isinstance(order, range) else packed(map(column.__getitem__, order))


def packed(numbers: Iterable[int]) -> array[int]:
    """Return `numbers` as an array: four times as fast as making it of a list, with a few of them in memory at once."""
    column, rest = array("i"), iter(numbers)
    while part := list(itertools.islice(rest, _CHUNK)):
        column.frombytes(struct.pack(f"{len(part)}i", *part))
    return column


def _lengths(start: array[int]) -> array[int]:
    """How long each run is, of those that begin at `start`."""
    return packed(map(operator.sub, itertools.islice(start, 1, None), start))


def _closure(nodes: Iterable[int], step: object) -> set[int]:
    seen = set(nodes)
    todo = list(seen)
    while todo:
        for near in step(todo.pop()):  # type: ignore[operator]
            if near not in seen:
                seen.add(near)
                todo.append(near)
    return seen
