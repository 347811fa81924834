"""The graph: cycles are found and named, waves and closures are right, on random graphs against a plain model."""

from __future__ import annotations

import graphlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livets.engine.errors import GraphFault
from livets.engine.graph import Connection, Graph

edges = st.integers(1, 9).flatmap(
    lambda n: st.tuples(st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=20))
)


def build(size: int, pairs: list[tuple[int, int]]) -> Graph:
    graph = Graph()
    for n in range(size):
        graph.add(f"n{n}")
    for source, target in pairs:
        graph.connect(f"n{source}", f"n{target}", f"o{source % 2}", f"i{target % 3}")
    return graph


@given(edges)
def test_a_cycle_is_found_exactly_when_there_is_one(case: tuple[int, list[tuple[int, int]]]) -> None:
    size, pairs = case
    sorter = graphlib.TopologicalSorter({f"n{t}": {f"n{s}" for s, u in pairs if u == t} for t in range(size)})
    try:
        sorter.prepare()
        cyclic = False
    except graphlib.CycleError:
        cyclic = True
    cycle = build(size, pairs).cycle()
    assert (cycle is not None) is cyclic
    if cycle is not None:
        assert cycle[0] == cycle[-1]
        assert len(set(cycle)) == len(cycle) - 1
        known = {(f"n{s}", f"n{t}") for s, t in pairs}
        assert all(step in known for step in itertools.pairwise(cycle))


@given(edges)
def test_waves_and_closures_agree_with_a_plain_model(case: tuple[int, list[tuple[int, int]]]) -> None:
    size, pairs = case
    pairs = [(min(p), max(p)) for p in pairs if p[0] != p[1]]  # no cycle can be
    graph = build(size, pairs)
    depth = [0] * size
    for target in range(size):
        depth[target] = max((depth[s] + 1 for s, t in pairs if t == target), default=0)
    assert [sorted(wave) for wave in graph.waves()] == [
        sorted(f"n{n}" for n in range(size) if depth[n] == level) for level in range(max(depth) + 1)
    ]
    plan = graph.plan()
    assert list(plan.in_degrees()) == [sum(t == n for _, t in pairs) for n in range(size)]
    for node in range(size):
        assert sorted(plan.successors(node)) == sorted(t for s, t in pairs if s == node)
        assert plan.predecessors(node) == [s for s, t in pairs if t == node]  # in the order they were added
        below = {node}
        for source, target in sorted(pairs):
            if source in below:
                below.add(target)
        assert plan.descendants([node]) == below
        assert all((node in plan.descendants([other])) == (other in plan.ancestors([node])) for other in range(size))
    got = sorted(
        (
            plan.edge_source[e],
            plan.edge_target[e],
            plan.ports[plan.edge_source_port[e]],
            plan.ports[plan.edge_target_port[e]],
        )
        for e in range(len(pairs))
    )
    assert got == sorted((s, t, f"o{s % 2}", f"i{t % 3}") for s, t in pairs)


def test_the_cycle_is_named_with_its_path() -> None:
    graph = build(4, [(0, 1), (1, 2), (2, 1), (2, 3)])
    with pytest.raises(GraphFault, match="n1 -> n2 -> n1; cut one connection"):
        graph.plan()


def test_a_long_chain_needs_no_recursion() -> None:
    graph = Graph()
    for n in range(20_000):
        graph.add(str(n))
    port = graph.port("x")
    for n in range(19_999):
        graph.connect_numbers(n, n + 1, port, port)
    assert graph.cycle() is None
    graph.connect_numbers(19_999, 0, port, port)
    cycle = graph.cycle()
    assert cycle is not None
    assert len(cycle) == 20_001


def test_unknown_and_doubled_nodes_are_named() -> None:
    graph = build(1, [])
    with pytest.raises(GraphFault, match=r"n0\.out -> ghost\.in: there is no node 'ghost'"):
        graph.connect("n0", "ghost")
    with pytest.raises(GraphFault, match="two nodes are called 'n0'"):
        graph.add("n0")


def test_a_connection_reads_as_an_arrow() -> None:
    assert str(Connection("a", "out", "b", "in")) == "a.out -> b.in"
