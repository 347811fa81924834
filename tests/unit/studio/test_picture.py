"""What is drawn: boxes, groups, lines; every node is in exactly one box, whatever the graph."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from livets.engine.events import Event
from livets.engine.graph import Connection
from livets.flow.model import NodeSpec, Workflow
from livets.render import Templates, opaque_parts
from livets.studio.history import History
from livets.studio.picture import GROUPS_ABOVE, draw
from livets.studio.run_view import RunView
from livets.studio.runs_view import RunsView
from livets.studio.scene import Scene


def workflow(names: list[str], edges: list[tuple[int, int]]) -> Workflow:
    links = [Connection(names[a], "out", names[b], "in") for a, b in edges]
    return Workflow(id="w", nodes=[NodeSpec(id=name, type="debug.log") for name in names], connections=links)


def layered(layers: int, width: int) -> Workflow:
    """`layers` stages of `width` tasks; each task follows two of the stage before."""
    names = [f"stage{layer}_{number:04}" for layer in range(layers) for number in range(width)]
    edges = [
        ((layer - 1) * width + (number + shift) % width, layer * width + number)
        for layer in range(1, layers)
        for number in range(width)
        for shift in (0, 1)
    ]
    return workflow(names, edges)


@settings(max_examples=40)
@given(st.data(), st.integers(1, 30), st.booleans())
def test_every_node_is_in_one_box(data: st.DataObject, count: int, grouped: bool) -> None:
    stems = data.draw(st.lists(st.sampled_from(["load", "join", "a'b", "7"]), min_size=count, max_size=count))
    names = [f"{stem}_{number}" for number, stem in enumerate(stems)]
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] < pair[1])
    edges = data.draw(st.lists(ends, max_size=40)) if count > 1 else []
    picture = draw(workflow(names, edges), grouped=grouped)
    assert set(picture.owner) == set(names)
    members = [member for box in picture.boxes for member in (box.members or (box.id,))]
    assert sorted(members) == sorted(names)
    opened = frozenset(box.id for box in picture.boxes if box.members)
    assert len(draw(workflow(names, edges), grouped=grouped, opened=opened).boxes) == count


def test_tasks_of_a_stage_are_one_group() -> None:
    picture = draw(layered(4, 500), grouped=True)
    assert [len(box.members) for box in picture.boxes] == [500] * 4
    assert picture.boxes[0].label == "stage x 500"
    assert picture.is_labelled


def test_a_very_deep_graph_is_drawn_in_bands() -> None:
    names = [f"n{number}" for number in range(3_000)]
    picture = draw(workflow(names, [(n, n + 1) for n in range(2_999)]), grouped=True)
    assert len(picture.boxes) <= GROUPS_ABOVE + 1


def test_a_group_is_what_somebody_has_to_know_first() -> None:
    history = History()
    scene = Scene(layered(2, 100), history, grouped=True, opened=frozenset())
    (first, second) = scene.items.values()
    assert (first.state, first.line) == ("pending", "0 of 100")
    for number in range(60):
        history.step(Event(number, "flow/r", "flow.node.started", 0.0, {"node": f"stage0_{number:04}", "attempt": 1}))
    assert scene.absorb(history.drain()) == {first.id}
    assert scene.items[first.id].state == "running"
    assert scene.items[second.id] is second
    failure = {"node": "stage0_0003", "kind": "k", "message": "m", "attempt": 1}
    history.step(Event(99, "flow/r", "flow.node.failed", 0.0, failure))
    scene.absorb(history.drain())
    assert scene.items[first.id].state == "failed"
    assert scene.items[first.id].line == "1 of 100, 1 failed"
    assert scene.absorb(history.drain()) == set()


def test_what_one_change_costs_does_not_grow_with_the_graph() -> None:
    """A node that changes is one box looked at again, among 2,000 as among 20."""

    def seconds(width: int) -> float:
        history = History()
        scene = Scene(layered(2, width), history, grouped=False, opened=frozenset())
        best = 1.0
        for number in range(30):
            history.step(Event(number, "flow/r", "flow.node.started", 0.0, {"node": "stage0_0003", "attempt": number}))
            began = time.perf_counter()
            scene.absorb(history.drain())
            best = min(best, time.perf_counter() - began)
        return best

    assert seconds(1_000) < 20 * seconds(10) + 0.0002


def test_everything_of_the_pages_is_in_slots() -> None:
    for view in (RunView, RunsView):
        assert not opaque_parts(Templates().from_string(view.template))
