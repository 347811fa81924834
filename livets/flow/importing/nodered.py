"""Reads Node-RED flows: one message, an object with `payload`, flows from node to node; all tabs become one workflow.

A node without an equivalent becomes a flow.fail with its reason; comments, frames, settings and what is disabled are
left out. All of it is told in the report. Executes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from livets.flow.importing.drawing import Drawing, Maker, Piece, Port, Unmapped, clean
from livets.flow.importing.nodered_flat import Flat, Raw, flatten, settled, title
from livets.flow.importing.nodered_nodes import TABLE
from livets.flow.importing.nodered_sequences import Sequence, draw_sequence, outermost
from livets.flow.importing.nodered_work import RedWork
from livets.flow.importing.report import Entry, Imported, Report
from livets.flow.importing.sound import check
from livets.flow.importing.ways import Way, ordered
from livets.flow.model import Settings


def is_nodered(plain: Any) -> bool:
    """Return whether parsed JSON looks like a Node-RED flow file."""
    return isinstance(plain, list) and bool(plain) and isinstance(plain[0], dict) and {"id", "type"} <= plain[0].keys()


def read_nodered(plain: list[Any], name: str = "imported") -> Imported:
    """Return the workflow and the report. Raises FileFault when ids are missing or double, or it is too large."""
    flat = flatten(plain)
    drawing = Drawing()
    drawing.entries, drawing.remarks = flat.entries, flat.remarks
    ways = settled(flat)
    pieces, arrived = _draw(flat, list(flat.nodes), ways, drawing)
    _quiet(flat, arrived, pieces, drawing)
    made = drawing.workflow(
        clean(name) or "imported",
        name=name,
        settings=Settings(max_parallel=50),
        definitions=drawing.definitions,
        metadata={"source": "Node-RED"},
    )
    return Imported(made, Report("Node-RED", drawing.entries, drawing.remarks))


def _draw(
    flat: Flat,
    names: list[str],
    ways: list[Way],
    drawing: Drawing,
    begin: Mapping[str, Piece] | None = None,
    depth: int = 0,
) -> tuple[dict[str, Piece], set[str]]:
    """Draw `names`; `begin` are pieces that are there. Returns all pieces, and the names that something leads to."""
    order, cut = ordered([*(begin or ()), *names], ways)
    for way in cut:
        told = f"{title(flat.nodes[way.source])!r} -> {title(flat.nodes[way.target])!r}"
        drawing.remarks.append(f"{told} closes a circle and is left out: draw it as a flow.loop")
    kept = [way for way in ways if way not in set(cut)]
    sequences, refused = outermost(flat.nodes, kept, [id for id in order if id not in (begin or ())], depth)
    inside = {id for its in sequences.values() for id in its.body}
    outputs: dict[str, int] = {}
    for way in kept:
        outputs[way.source] = max(outputs.get(way.source, 1), way.output + 1)
    led = Counter(way.target for way in kept)
    pieces: dict[str, Piece] = dict(begin or {})
    for id in order:
        if id in sequences:
            pieces |= _sequence(flat, id, sequences[id], kept, drawing, depth)
        elif id not in inside and id not in pieces:
            pieces[id] = _node(flat.nodes[id], drawing, outputs.get(id, 1), led[id] > 1, refused.get(id))
    arriving: dict[str, list[Way]] = {}
    for way in kept:
        if way.source not in inside and way.source not in sequences and way.target not in inside:
            arriving.setdefault(way.target, []).append(way)
    for id, its in arriving.items():
        _arrive(flat, id, its, pieces, drawing)
    return pieces, set(arriving)


def _sequence(flat: Flat, id: str, its: Sequence, ways: list[Way], drawing: Drawing, depth: int) -> dict[str, Piece]:
    """Draw a Split, all that follows it, and its Join."""
    raw, join = flat.nodes[id], flat.nodes[its.join] if its.join else None
    make = _maker(raw, drawing)

    def draw(inner: Drawing, begin: Piece) -> dict[str, Piece]:
        body = [way for way in ways if (way.source == id or way.source in its.body) and way.target in its.body]
        pieces, arrived = _draw(flat, sorted(its.body), body, inner, {id: begin}, depth + 1)
        inner.quiet([piece.entries[0] for one, piece in pieces.items() if one in arrived and piece.entries])
        return pieces

    back = [way for way in ways if way.target == its.join] if its.join else []
    first, last = draw_sequence(raw, join, back, make, draw)
    if len({(way.source, way.output) for way in back}) > 1:
        make.differs("several wires lead to its join: of a part the first message counts")
    make.done()
    if join is None:
        return {id: first}
    drawing.entries.append(Entry(title(join), "join", "exact", ["message.join"]))
    return {id: first, its.join: last}


def _maker(raw: Raw, drawing: Drawing) -> Maker:
    x: Any = raw.get("x")
    y: Any = raw.get("y")
    at = (float(x), float(y)) if _is_number(x) and _is_number(y) else None
    return Maker(drawing, title(raw), raw["type"], at, str(raw.get("info") or "")[:2000])


def _node(raw: Raw, drawing: Drawing, outputs: int, several: bool, refused: str | None) -> Piece:
    make = _maker(raw, drawing)
    work = RedWork(make, Piece())
    try:
        if refused:
            raise Unmapped(refused)
        if raw["type"] not in TABLE:
            raise Unmapped("this node has no equivalent: use http.request, or a granted python.function")
        TABLE[raw["type"]][0](raw, work)
        check(make)
    except Unmapped as reason:
        return make.placeholder(str(reason), outputs, raw)
    if several:
        make.differs("several wires lead to it: of a run the first message counts")
    make.done("unmapped" if raw["type"] in ("catch", "status", "complete") else None)
    return work.piece


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 1e7


def _arrive(flat: Flat, id: str, ways: list[Way], pieces: dict[str, Piece], drawing: Drawing) -> None:
    """Lead what comes into a node; of several only the first message of a run counts, which is told."""
    ports: list[Port] = []
    for way in ways:
        exits = pieces[way.source].exits
        if way.output < len(exits):
            ports.append(exits[way.output])
        else:
            drawing.remarks.append(f"{title(flat.nodes[way.source])!r} has no output {way.output + 1} here")
    ports = list(dict.fromkeys(ports))
    if not ports or not pieces[id].entries:
        return
    target = pieces[id].entries[0]
    if len(ports) > 1 and target[1] != "in":
        merge = Maker(drawing, f"{title(flat.nodes[id])} in", "")
        first = merge.add("flow.merge")
        drawing.nodes += merge.added
        drawing.link((first, "out"), target)
        target = (first, "in")
    for port in ports:
        drawing.link(port, target)


def _quiet(flat: Flat, arrived: set[str], pieces: dict[str, Piece], drawing: Drawing) -> None:
    """Keep what nothing leads to from running, but for what begins messages; a sole unknown beginning does run."""
    begins = [id for id in pieces if id not in arrived and not pieces[id].entries]
    idle = [id for id in pieces if id not in arrived and pieces[id].entries]
    if not begins:  # nothing else could run: let it say why
        idle = [id for id in idle if flat.nodes[id]["type"] in TABLE]
    lost = [id for id in arrived if pieces[id].entries]
    drawing.quiet([pieces[id].entries[0] for id in [*idle, *lost]])
