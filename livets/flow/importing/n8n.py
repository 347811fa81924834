"""Reads n8n workflows: items flow as arrays of objects, each foreign node becomes one or a few of ours.

A node without an equivalent becomes a flow.fail with its reason; sticky notes are left out; what nothing leads to in
n8n is drawn, and never fires. All of it is told in the report. Executes nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from livets.flow.files import FileFault
from livets.flow.importing.drawing import Drawing, Maker, Piece, Port, Unmapped, clean
from livets.flow.importing.n8n_expression import Expressions
from livets.flow.importing.n8n_loops import loop, loop_body
from livets.flow.importing.n8n_node import N8nNode, Work, dig, records
from livets.flow.importing.n8n_ways import TABLE
from livets.flow.importing.report import Entry, Imported, Report
from livets.flow.importing.sound import check
from livets.flow.importing.ways import Way, ordered
from livets.flow.model import Settings

MAX_LOOPS_DEEP = 8
MAX_OUTPUTS = 200
_BEGINNERS = {"webhook", "cron", "interval", "start", "emailReadImap", "sseTrigger", "formTrigger", "chatTrigger"}


def is_n8n(plain: Any) -> bool:
    """Return whether parsed JSON looks like an n8n workflow."""
    return isinstance(plain, dict) and isinstance(plain.get("nodes"), list) and "connections" in plain


def read_n8n(plain: dict[str, Any], name: str = "imported") -> Imported:
    """Return the workflow and the report. Raises FileFault when names are missing or double, or it is too large."""
    drawing = Drawing()
    graph = _Graph(plain, drawing)
    graph.draw_all()
    name = str(plain.get("name") or name)[:200]
    settings = Settings(max_parallel=50)
    seconds = dig(plain, "settings.executionTimeout", 0)
    if seconds > 0:
        settings.run_timeout_s = float(seconds)
    made = drawing.workflow(
        clean(name) or "imported",
        name=name,
        settings=settings,
        definitions=drawing.definitions,
        metadata={"source": "n8n"},
    )
    return Imported(made, Report("n8n", drawing.entries, drawing.remarks))


class _Graph:
    """The nodes and connections of one file, and how far they are drawn."""

    def __init__(self, plain: dict[str, Any], drawing: Drawing) -> None:
        self.drawing = drawing
        self.nodes: dict[str, N8nNode] = {}
        self._pinned: dict[str, Any] = dig(plain, "pinData", {})
        for place, raw in enumerate(plain["nodes"]):
            self._read(place, raw)
        self.serving: set[str] = set()
        self.together: set[str] = set()
        self.ways = self._read_ways(plain["connections"])

    def _read(self, place: int, raw: Any) -> None:
        if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
            raise FileFault(f"nodes[{place}] is no object with a type")
        name = raw.get("name", raw.get("id"))
        if not isinstance(name, str) or not name:
            raise FileFault(f"nodes[{place}] has no name")
        if raw["type"].endswith(".stickyNote"):
            self.drawing.entries.append(Entry(name, raw["type"], "dropped", [], ["a note on the canvas"]))
            return
        if name in self.nodes:
            told = f"nodes[{place}]: another node is called {name!r:.80} already: connections by name are the other's"
            self.drawing.remarks.append(told)
            name = f"{name} [{place}]"
            if name in self.nodes:
                raise FileFault(f"nodes[{place}]: another node is called {name!r:.80} already")
        version = raw.get("typeVersion", 1)
        version = float(version) if type(version) in (int, float) and math.isfinite(version) else 1.0
        pinned = self._pinned.get(name)
        self.nodes[name] = N8nNode(
            name, raw["type"], version, dig(raw, "parameters", {}), raw, pinned if isinstance(pinned, list) else None
        )

    def _read_ways(self, connections: Any) -> list[Way]:
        found: dict[Way, None] = {}
        if not isinstance(connections, dict):
            raise FileFault("connections is no object")
        by_id = {str(node.raw.get("id")): name for name, node in self.nodes.items()}  # some exports name nodes by id
        for key, kinds in connections.items():
            source: str = str(key) if key in self.nodes else by_id.get(str(key), str(key))
            for kind, outputs in (kinds if isinstance(kinds, dict) else {}).items():
                if kind != "main":
                    self.serving.add(source)
                    continue
                for output, targets in enumerate((outputs if isinstance(outputs, list) else [])[:MAX_OUTPUTS]):
                    for target in records(targets):
                        to = str(target.get("node"))
                        to = to if to in self.nodes else by_id.get(to, to)
                        way = Way(source, output, to, max(dig(target, "index", 0), 0))
                        if source in self.nodes and way.target in self.nodes:
                            found[way] = None
                            self.nodes[source].outputs = max(self.nodes[source].outputs, output + 1)
                        else:
                            self.drawing.remarks.append(f"{source!r:.80} -> {way.target!r:.80}: no such node")
        return list(found)

    def draw_all(self) -> None:
        roots = [
            name
            for name, node in self.nodes.items()
            if node.kind in _BEGINNERS or node.kind.lower().endswith("trigger")
        ]
        targets = {way.target for way in self.ways}
        first = roots or [name for name in self.nodes if name not in targets and name not in self.serving]
        pieces: dict[str, Piece] = {}
        self._draw(list(self.nodes), self.ways, self.drawing, 0, pieces=pieces)
        unmapped = {entry.name for entry in self.drawing.entries if entry.how == "unmapped"}
        loud = set(first) if set(first) <= unmapped else set()  # else a known beginning could never run alone
        entries = {name: piece.entries[0] for name, piece in pieces.items() if piece.entries and name not in loud}
        if not roots:  # a part of a workflow: a person starts it
            begun = [entries[name] for name in first if name in entries and name not in unmapped]
            self.drawing.feed(begun, "trigger.manual", {"sample": [{}]})
        self.drawing.quiet(list(entries.values()))

    def _draw(
        self,
        names: list[str],
        ways: list[Way],
        drawing: Drawing,
        depth: int,
        begin: tuple[str, Port] | None = None,
        pieces: dict[str, Piece] | None = None,
    ) -> dict[tuple[str, int], list[Port]]:
        """Draw `names`; ways from the name in `begin` come from its port. Returns the ports of each output."""
        pieces = {} if pieces is None else pieces
        bodies: dict[str, tuple[list[str], list[Way]]] = {}
        inside: set[str] = set()
        for name in names:
            if self.nodes[name].kind == "splitInBatches" and name not in inside and depth < MAX_LOOPS_DEEP:
                body = loop_body(self.nodes[name], ways)
                if body is not None and not body & inside and not any(other in body for other in bodies):
                    bodies[name] = ([one for one in names if one in body], ways)
                    inside |= body
        left = [way for way in ways if way.source not in inside and way.target not in inside]
        order, cut = ordered([name for name in names if name not in inside], left)
        for way in cut:
            told = f"{way.source!r:.80} -> {way.target!r:.80} closes a circle and is left out: draw it as a flow.loop"
            drawing.remarks.append(told)
        kept = [way for way in left if way not in set(cut)]
        led = Counter((way.target, way.input) for way in kept)
        self.together |= {target for (target, _), count in led.items() if count > 1}
        exits = {} if begin is None else {(begin[0], 0): [begin[1]]}
        for name in (name for name in order if name in self.nodes and (begin is None or name != begin[0])):
            pieces[name] = self._node(name, drawing, pieces, bodies.get(name), depth)
            exits |= {(name, place): [port] for place, port in enumerate(pieces[name].exits)}
        arriving: dict[str, list[Way]] = {}
        for way in kept:
            arriving.setdefault(way.target, []).append(way)
        for name, its in arriving.items():
            if name not in pieces:  # the loop that this is the body of, leading back to itself
                continue
            its.sort(key=lambda way: way.input)
            entries = pieces[name].entries
            if len(entries) < 2:
                self._arrive(name, entries, [port for way in its for port in self._port(way, exits)], drawing)
                continue
            for place, entry in enumerate(entries):
                into = [way for way in its if way.input == place]
                self._arrive(name, [entry], [port for way in into for port in self._port(way, exits)], drawing)
            if its[-1].input >= len(entries):
                self.drawing.remarks.append(
                    f"{name!r:.80} has no input {its[-1].input + 1} here: connections are left out"
                )
        if depth:
            drawing.quiet([piece.entries[0] for piece in pieces.values() if piece.entries])
        return exits

    def _port(self, way: Way, exits: dict[tuple[str, int], list[Port]]) -> list[Port]:
        found = exits.get((way.source, way.output))
        if found is None:
            self.drawing.remarks.append(f"{way.source!r:.80} has no output {way.output} here: a connection is left out")
        return found or []

    def _arrive(self, name: str, entries: list[Port], ports: list[Port], drawing: Drawing) -> None:
        """Lead ports into a piece: several of them by way of one flow.merge, which takes all items together."""
        ports = list(dict.fromkeys(ports))
        if not entries or not ports:
            return
        target = entries[0]
        if len(ports) > 1 and target[1] != "in":
            merge = Maker(drawing, f"{name} in", "")
            id = merge.add("flow.merge", {"mode": "concat"})
            drawing.nodes += merge.added
            drawing.link((id, "out"), target)
            target = (id, "in")
        for port in ports:
            drawing.link(port, target)

    def _node(
        self,
        name: str,
        drawing: Drawing,
        pieces: dict[str, Piece],
        body: tuple[list[str], list[Way]] | None,
        depth: int,
    ) -> Piece:
        node = self.nodes[name]
        at: Any = node.raw.get("position")
        place = tuple(float(one) for one in at[:2]) if _is_place(at) else None
        make = Maker(drawing, name, node.type, place, str(node.raw.get("notes") or "")[:2000])
        known = {other: piece.exits[0][0] for other, piece in pieces.items() if piece.exits}
        work = Work(node, make, drawing, Expressions(known.get), Piece())
        try:
            if name in self.serving:
                raise Unmapped("it serves an AI node, which has no equivalent")
            self._map(work, body, depth)
            self._others(work, pieces)
            check(make)
        except Unmapped as reason:
            return make.placeholder(str(reason), node.outputs, node.raw)
        for remark in dict.fromkeys(work.expressions.remarks):
            make.differs(remark)
        if name in self.together and node.kind not in ("splitInBatches", "noOp"):
            make.differs("several connections lead to it: their items are taken together, n8n runs it for each")
        if node.raw.get("executeOnce") is True:
            make.differs("n8n does this for the first item only")
        make.done("exact" if node.raw.get("disabled") is True else None)
        return work.piece

    def _map(self, work: Work, body: tuple[list[str], list[Way]] | None, depth: int) -> None:
        node = work.node
        if node.raw.get("disabled") is True:
            mapper = TABLE["errorTrigger" if node.kind.lower().endswith("trigger") else "noOp"][0]
            mapper(node, work)
            work.make.remarks = ["disabled: gives on what comes"]
        elif node.kind == "splitInBatches" and body is not None:
            loop(node, work, *body, lambda names, ways, inner, name, port: self._draw(
                names, ways, inner, depth + 1, (name, port)))  # fmt: skip
        elif node.kind == "splitInBatches":
            raise Unmapped("its loop is entered or left in the middle, too: draw it as a flow.map over a sub-workflow")
        elif node.kind in TABLE and node.type.startswith("n8n-nodes-base."):
            TABLE[node.kind][0](node, work)
            self._errors(work)
        else:
            raise Unmapped(
                "this node has no equivalent: use http.request against its API, or a granted python.function"
            )

    def _errors(self, work: Work) -> None:
        how, made = work.node.raw.get("onError"), work.make.added
        if not made or work.node.kind == "httpRequest":
            return
        if how == "continueErrorOutput" and len(work.piece.exits) == 1:
            made[0].on_error = "port"
            errors = work.make.after((made[0].id, "error"), "transform.query", {"expression": "[{error: @}]"})
            work.piece.exits.append((errors, "out"))
        elif how in ("continueRegularOutput", "continueErrorOutput") or work.node.raw.get("continueOnFail") is True:
            work.make.differs("when it fails, the run stops; n8n goes on")

    def _others(self, work: Work, pieces: dict[str, Piece]) -> None:
        """Bring what expressions read of other nodes to the transform.compute that has them."""
        if not work.expressions.others:
            return
        target = next(spec.id for spec in work.make.added if spec.type == "transform.compute")
        merge = work.make.add("flow.merge", {"mode": "object"})
        for name in work.expressions.others:
            work.make.links.append((pieces[name].exits[0], (merge, "in")))
        work.make.links.append(((merge, "out"), (target, "others")))


def _is_place(at: Any) -> bool:
    return isinstance(at, list) and len(at) >= 2 and all(type(one) in (int, float) and abs(one) < 1e7 for one in at[:2])
