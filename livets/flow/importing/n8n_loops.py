"""n8n's Loop Over Items (splitInBatches): its circle becomes a sub-workflow, run for one batch after another.

Bounded: one round for each batch. Circles of other kinds are cut, and told, by the graph.
"""

from __future__ import annotations

from collections.abc import Callable

from livets.flow.importing.drawing import Drawing, Port, Unmapped, clean
from livets.flow.importing.n8n_node import N8nNode, Work
from livets.flow.importing.ways import Way, reached
from livets.flow.model import InputSpec, NodeSpec

Draw = Callable[[list[str], list[Way], Drawing, str, Port], dict[tuple[str, int], list[Port]]]
"""Draws the named nodes into a drawing; the first name's output 0 is given. Returns the exits of all nodes."""


def loop_body(node: N8nNode, ways: list[Way]) -> set[str] | None:
    """Return the names inside the loop, or None when something leads in or out besides the loop node."""
    out = loop_output(node)
    begins = [way.target for way in ways if way.source == node.name and way.output == out]
    after = [way.target for way in ways if way.source == node.name and way.output != out]
    body = reached([name for name in begins if name != node.name], ways, without=node.name) - {node.name}
    rest = reached([name for name in after if name != node.name], ways, without=node.name) - {node.name}
    entered = any(way.target in body and way.source not in body and way.source != node.name for way in ways)
    return None if body & rest or entered else body


def loop_output(node: N8nNode) -> int:
    """Return which output leads into the loop: since version 3 the second."""
    return 1 if node.version >= 3 else 0


def loop(node: N8nNode, work: Work, body: list[str], ways: list[Way], draw: Draw) -> None:
    """Draw the loop node: transform.split, flow.map over the sub-workflow of `body`, and what came back as items."""
    size = node.constant("batchSize", 1 if node.version >= 3 else 10)
    if not 1 <= size <= 1_000_000:
        raise Unmapped("its batch size is no number from 1 on")
    if node.get("options.reset", False):
        raise Unmapped("it begins anew by an expression (reset)")
    inner = work.drawing.inner()
    inner.inputs["item"] = InputSpec(description="one batch of items")
    begin = inner.free_id("batch")
    out = loop_output(node)
    inside = [Way(node.name, 0, way.target, way.input) for way in ways if way.source == node.name and way.output == out]
    inside += [way for way in ways if way.source in body and way.target in body]
    exits = draw(body, inside, inner, node.name, (begin, "out"))
    back = inner.free_id("back")
    returning = [way for way in ways if way.target == node.name and way.source in body]
    item = {"value": {"$input": "item"}}
    inner.nodes.insert(0, NodeSpec(id=begin, type="transform.compute", inputs=item))
    inner.nodes.append(NodeSpec(id=back, type="flow.merge", config={"mode": "concat"}))
    for way in returning:
        for port in exits.get((way.source, way.output), []):
            inner.link(port, (back, "in"))
    if not any(link.to_node == back for link in inner.links):
        inner.link((begin, "out"), (back, "in"))
        work.make.differs("nothing leads back to it: its items are given on as they came")
    name = work.drawing.free_id(f"loop_{clean(node.name)}")
    work.make.definitions[name] = inner.workflow(name, outputs={"items": f"{back}.out"})
    work.through(work.make.add("transform.split", {"size": size}))
    looped = work.make.after((work.piece.exits[0]), "flow.map", {"workflow": name, "concurrency": 1}, to="items")
    done = work.make.after((looped, "out"), "transform.query", {"expression": "[?type(@) == 'array'][]"})
    work.piece.exits = [(done, "out"), (done, "out")]
