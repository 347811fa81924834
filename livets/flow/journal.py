"""Reads a run back from its events: what is done, what waits, what the state is. Pure; the opposite of recording.

What a later `flow.run.resumed` event resets counts as not done. Knows the names of all events of a run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from livets.engine.errors import EngineError
from livets.engine.events import Event
from livets.engine.node import Suspend

ENDINGS = ("flow.run.completed", "flow.run.failed", "flow.run.cancelled")
INTERRUPTED = "flow.run.interrupted"
"""What ran its nodes is gone: nobody runs it, and it can be resumed."""


def status_after(type: str) -> str:
    """Return the status of a run whose last event is of that type.

    >>> status_after("flow.run.failed"), status_after("flow.node.started")
    ('failed', 'running')
    """
    return type.rpartition(".")[2] if type in ENDINGS or type == INTERRUPTED else "running"


class Recorded:
    """A run as its journal has it; nodes are named by path (`map[3]/inner`)."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.head = 0
        self.status = "running"
        self.created: dict[str, Any] = {}
        self.runner: str | None = None
        """Who ran it last (livets.flow.leasing)."""
        self.created_at = self.ended_at = 0.0
        self.outputs: dict[str, dict[str, Any]] = {}
        self.failures: dict[str, dict[str, Any]] = {}
        self.waits: dict[str, Suspend] = {}
        self.signals: dict[str, Any] = {}
        self._writes: dict[str, list[list[Any]]] = {}
        for event in events:
            self.head = event.seq
            self._take(event.type, event.data, event.ts)

    def _take(self, type: str, data: dict[str, Any], when: float) -> None:
        if type == "flow.node.completed":
            path = data["node"]
            self.outputs[path] = data["outputs"]
            self.failures.pop(path, None)
            self.waits.pop(path, None)
            if "state" in data:
                self._writes.pop(path, None)
                self._writes[path] = data["state"]
        elif type == "flow.node.failed":
            self.failures[data["node"]] = data
            self.waits.pop(data["node"], None)
        elif type == "flow.node.waiting":
            self.waits[data["node"]] = Suspend(data.get("until"), data.get("signal"), data.get("data", {}))
            self.signals.pop(data["node"], None)
        elif type == "flow.node.signalled":
            self.signals[data["node"]] = data["value"]
        elif type == "flow.run.created":
            self.created, self.created_at, self.runner = data, when, data.get("runner")
        elif type == "flow.run.resumed":
            self.status, self.runner = "running", data.get("runner")
            self.reset(data["reset"], deep=data["deep"])
        elif type in ENDINGS:
            self.status, self.ended_at = status_after(type), when
        elif type == INTERRUPTED:
            self.status = status_after(type)

    def reset(self, paths: Iterable[str], *, deep: bool) -> None:
        """Forget what the nodes at `paths` have done; `deep`: and the nodes inside them."""
        tables: tuple[dict[str, Any], ...] = (self.outputs, self.failures, self.waits, self.signals, self._writes)
        gone = set(paths)
        for table in tables:
            for path in [p for p in table if p in gone or (deep and _top(p) in gone)]:
                del table[path]

    def state_writes(self) -> list[list[Any]]:
        """Return [key, value] of every write of completed nodes, in the order in which they completed."""
        return [write for writes in self._writes.values() for write in writes]

    def check_created(self, run: str) -> None:
        """Raise EngineError when there is no such run."""
        if not self.created:
            raise EngineError(f"there is no run {run!r} in this journal")


def _top(path: str) -> str:
    """The node of the workflow itself that `path` lies in."""
    return re.split(r"[\[/]", path, maxsplit=1)[0]
