"""The workflow that an import is drawing: nodes with free ids, links, sub-workflows, and one entry a foreign node.

A mapper gets a Maker for one foreign node; what it adds is kept when it ends well, and replaced by a flow.fail when it
raises Unmapped. Executes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from livets.engine.graph import Connection
from livets.engine.retry import RetryPolicy
from livets.flow.files import FileFault
from livets.flow.importing.report import Entry, How
from livets.flow.model import InputSpec, NodeSpec, Workflow

MAX_NODES = 20_000
MAX_ORIGINAL = 100_000
Port = tuple[str, str]


class Unmapped(Exception):
    """This foreign node has no equivalent here: the reason, and what to do."""


class Piece(msgspec.Struct):
    """What one foreign node became: where its inputs lead, and where its outputs come from, by number."""

    entries: list[Port] = []
    exits: list[Port] = []


class Drawing:
    """All that has been drawn so far of one workflow, and of its sub-workflows (which share ids and report)."""

    def __init__(self) -> None:
        self.nodes: list[NodeSpec] = []
        self.links: dict[Connection, None] = {}
        self.definitions: dict[str, Workflow] = {}
        self.inputs: dict[str, InputSpec] = {}
        self.entries: list[Entry] = []
        self.remarks: list[str] = []
        self.taken: set[str] = set()

    def inner(self) -> Drawing:
        """Return an empty drawing for a sub-workflow."""
        new = Drawing()
        new.definitions, new.entries, new.remarks, new.taken = self.definitions, self.entries, self.remarks, self.taken
        return new

    def free_id(self, wanted: str) -> str:
        """Return an id like `wanted` that nothing else has."""
        if len(self.taken) >= MAX_NODES:
            raise FileFault(f"the workflow would have more than {MAX_NODES} nodes")
        base = clean(wanted)[:100] or "node"
        id, count = base, 2
        while id in self.taken:
            id, count = f"{base}-{count}", count + 1
        self.taken.add(id)
        return id

    def link(self, source: Port, target: Port) -> None:
        """Connect an output port with an input port; twice is once."""
        self.links[Connection(source[0], source[1], target[0], target[1])] = None

    def feed(self, entries: list[Port], type: str, config: dict[str, Any], **inputs: Any) -> None:
        """Lead one new node into those inputs that nothing leads to."""
        led = {(link.to_node, link.to_port) for link in self.links}
        idle = [entry for entry in entries if entry not in led]
        if not idle:
            return
        id = self.free_id("start" if type.startswith("trigger") else "never")
        self.nodes.append(NodeSpec(id=id, type=type, config=config, inputs=inputs))
        for entry in idle:
            self.link((id, "out"), entry)

    def quiet(self, entries: list[Port]) -> None:
        """Keep those nodes from running that nothing leads to."""
        self.feed(entries, "flow.filter", {"when": {"op": "truthy"}}, value=None)

    def workflow(self, id: str, **more: Any) -> Workflow:
        """Return what was drawn."""
        return Workflow(id=id, nodes=self.nodes, connections=list(self.links), inputs=self.inputs, **more)


class Maker:
    """Draws one foreign node called `name`; every node that it adds carries the name and the place."""

    def __init__(self, drawing: Drawing, name: str, type: str, at: Any = None, notes: str = "") -> None:
        self.drawing, self.name, self.type, self.notes = drawing, name, type, notes
        self.position = at
        self.remarks: list[str] = []
        self.added: list[NodeSpec] = []
        self.links: list[tuple[Port, Port]] = []
        self.definitions: dict[str, Workflow] = {}

    def add(self, type: str, config: Mapping[str, Any] | None = None, **inputs: Any) -> str:
        """Add a node with constant `inputs`; returns its id."""
        id = self.drawing.free_id(self.name)
        x, y = self.position or (0.0, 0.0)
        at = (x + 40.0 * len(self.added), y) if self.position else None
        spec = NodeSpec(id=id, type=type, config=dict(config or {}), inputs=inputs, name=self.name, position=at)
        spec.notes = self.notes if not self.added else ""
        self.added.append(spec)
        return id

    def after(self, port: Port, type: str, config: Mapping[str, Any] | None = None, to: str = "value") -> str:
        """Add a node that takes what comes out of `port`; returns its id."""
        id = self.add(type, config)
        self.links.append((port, (id, to)))
        return id

    def differs(self, remark: str) -> None:
        """Say how what is drawn differs from the foreign node."""
        if remark not in self.remarks:
            self.remarks.append(remark)

    def retried(self, retry: RetryPolicy) -> None:
        """Let the last node that was added be tried again."""
        self.added[-1].retry = retry

    def done(self, how: How | None = None) -> None:
        """Keep what was added, and report it."""
        self.drawing.nodes += self.added
        self.drawing.definitions |= self.definitions
        for source, target in self.links:
            self.drawing.link(source, target)
        became = [spec.type for spec in self.added]
        how = how or ("differs" if self.remarks else "exact")
        self.drawing.entries.append(Entry(self.name, self.type, how, became, self.remarks))

    def placeholder(self, reason: str, outputs: int, original: Any) -> Piece:
        """Add a node that fails with `reason` instead of all that was added; returns its piece."""
        self.drawing.taken -= {spec.id for spec in self.added}
        self.added, self.links, self.remarks, self.definitions = [], [], [reason], {}
        ports = [f"out{place}" for place in range(outputs)]
        message = f"{self.name!r} ({self.type}) was not imported: {reason}"
        config = {"message": message[:2000], "kind": "not_imported", "outputs": ports, "original": _kept(original)}
        id = self.add("flow.fail", config)
        self.done("unmapped")
        return Piece([(id, "value")], [(id, port) for port in ports])


def _kept(original: Any) -> Any:
    """The foreign node's own words, unless they are very long; as text where our files would read them otherwise."""
    text = json.dumps(original)
    if len(text) > MAX_ORIGINAL:
        return f"left out: {len(text)} characters"
    return text if '"$' in text or text.count("[") + text.count("{") > 20 else original


def clean(text: str) -> str:
    """Return `text` as an id: letters, digits, `_`, `-` and `.`."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text).strip("._-")[:120]
