"""A recorded run, event by event: what happened, and how each node stood after it. Reads only; nothing runs again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from livets.engine.events import Event

_STATES = {
    "flow.node.started": "running",
    "flow.node.completed": "completed",
    "flow.node.failed": "failed",
    "flow.node.skipped": "skipped",
    "flow.node.cancelled": "cancelled",
    "flow.node.waiting": "waiting",
    "flow.node.retrying": "waiting",
    "flow.node.signalled": "ready",
}


class NodeView(msgspec.Struct):
    """One node as the events so far tell it; times are Unix seconds, `ms` is what its last attempt took."""

    state: str = "pending"
    attempts: int = 0
    started: float | None = None
    ended: float | None = None
    ms: float | None = None
    outputs: dict[str, Any] | None = None
    error: str = ""


class Replay:
    """Take events with `step`, look at `nodes` (by path), `status` and `counts` in between.

    >>> replay = Replay()
    >>> replay.step(Event(1, "flow/r", "flow.node.started", 0.0, {"node": "a", "attempt": 1}))
    >>> replay.nodes["a"].state
    'running'
    """

    def __init__(self) -> None:
        self.nodes: dict[str, NodeView] = {}
        self.status = "running"
        self.created: dict[str, Any] = {}
        self.checkpoint: dict[str, Any] = {}
        """Of a run in push mode: its last checkpoint."""

    def step(self, event: Event) -> None:
        """Take one event in."""
        data = event.data
        if event.type in _STATES:
            self._node(event, self.nodes.setdefault(data["node"], NodeView()))
        elif event.type == "flow.run.created":
            self.created = data
        elif event.type == "flow.run.resumed":
            self.status = "running"
            for path in data["reset"]:
                self.nodes.pop(path, None)
        elif event.type == "flow.stream.checkpoint":
            self.checkpoint = data
        elif event.type.startswith("flow.run.") and event.type != "flow.run.retrying":
            self.status = event.type.rpartition(".")[2]

    def _node(self, event: Event, node: NodeView) -> None:
        data = event.data
        node.state = _STATES[event.type]
        if node.state == "running":
            node.attempts, node.started, node.ended = data["attempt"], event.ts, None
        elif node.state in ("completed", "failed", "skipped", "cancelled"):
            node.ended = event.ts
        if node.state == "completed":
            node.outputs, node.ms, node.error = data["outputs"], data["ms"], ""
        elif "message" in data:
            node.error = data["message"]

    def counts(self) -> dict[str, int]:
        """Return how many nodes are in each state."""
        found: dict[str, int] = {}
        for node in self.nodes.values():
            found[node.state] = found.get(node.state, 0) + 1
        return found


def replayed(events: Iterable[Event]) -> Replay:
    """Return a run as all of its events tell it."""
    replay = Replay()
    for event in events:
        replay.step(event)
    return replay


def steps(events: Iterable[Event]) -> Iterator[tuple[Event, Replay]]:
    """Yield each event with the run as it stood right after; the same Replay each time."""
    replay = Replay()
    for event in events:
        replay.step(event)
        yield event, replay
