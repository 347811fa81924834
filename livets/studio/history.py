"""A run as its events tell it, kept small: states, attempts, waits and what nodes said; never what they gave.

Unlike `flow.replay` it holds no outputs (they stay in the journal; `completed_seq` says where), so that a run whose
values are large can be watched for days. Notes which nodes have changed. Pure; called by `feed`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

import msgspec

from livets.engine.events import Event
from livets.studio.wording import clock

MAX_ATTEMPTS = 20
"""Attempts of a node that are kept: the first and the last ones."""
MAX_LINES = 1_000
"""Lines of the log that are kept."""
OPEN = ("running", "retrying", "waiting", "ready")
"""States of a node that is under way."""
ENDED = ("completed", "failed", "cancelled")


class Attempt(msgspec.Struct):
    """One try of a node; times are Unix seconds, 0 for not yet."""

    number: int
    started: float
    ended: float = 0.0
    state: str = "running"
    kind: str = ""
    message: str = ""
    wait_s: float = 0.0


class NodeHistory(msgspec.Struct):
    """One node. `signal` is what it waits for from a person ("input", "approval"), with what it says about that."""

    path: str
    state: str = "pending"
    attempts: list[Attempt] = []
    attempt_count: int = 0
    started: float = 0.0
    ended: float = 0.0
    ms: float = 0.0
    completed_seq: int = 0
    signal: str = ""
    until: float = 0.0
    asked: dict[str, Any] = {}
    is_held: bool = False
    """It waits, or did when its run was cancelled: then it waits again when the run goes on."""
    memo: bool = False
    progress: str = ""

    @property
    def error(self) -> str:
        """Why its last attempt that has ended did not succeed."""
        return next((one.message for one in reversed(self.attempts) if one.ended), "")


class Line(msgspec.Struct, frozen=True):
    """One line of the log; `level` is info, warning, error or the name of a state."""

    seq: int
    ts: float
    node: str
    level: str
    text: str

    @property
    def at(self) -> str:
        """When, as a time of day."""
        return clock(self.ts)


def top_of(path: str) -> str:
    """Return the node of the workflow itself that a path lies in.

    >>> top_of("each[3]/parse"), top_of("parse")
    ('each', 'parse')
    """
    for place, letter in enumerate(path):
        if letter in "[/":
            return path[:place]
    return path


class History:
    """Take events with `step`; `drain` says which nodes have changed since it was asked last.

    >>> history = History()
    >>> history.step(Event(1, "flow/r", "flow.node.started", 5.0, {"node": "a", "attempt": 1}))
    >>> history.nodes["a"].state, history.drain()
    ('running', {'a'})
    """

    def __init__(self) -> None:
        self.nodes: dict[str, NodeHistory] = {}
        self.inner: dict[str, dict[str, int]] = {}
        """Of nodes that run others: how many of those are in each state."""
        self.status = "running"
        self.reason = ""
        self.created: dict[str, Any] = {}
        self.runner: str | None = None
        """Who runs it (livets.flow.leasing)."""
        self.began = self.ended = self.last = 0.0
        self.seq = 0
        self.lines: deque[Line] = deque(maxlen=MAX_LINES)
        self.waiting: set[str] = set()
        """Paths of the nodes that wait for somebody."""
        self.failed: set[str] = set()
        """Paths of the nodes that have failed."""
        self.counts: dict[str, int] = {}
        """How many nodes of the workflow itself are in each state, of those that were heard of."""
        self._changed: set[str] = set()

    def drain(self) -> set[str]:
        """Return the paths of the nodes that have changed since the last call."""
        changed, self._changed = self._changed, set()
        return changed

    def node(self, path: str) -> NodeHistory:
        """Return a node, also one of which nothing was heard."""
        return self.nodes.get(path) or NodeHistory(path)

    def step(self, event: Event) -> None:
        """Take one event in."""
        self.seq, self.last = event.seq, event.ts
        kind = event.type
        if kind.startswith("flow.node."):
            path = event.data["node"]
            node = self.nodes.get(path)
            if node is None:
                node = self.nodes[path] = NodeHistory(path)
                self._count(path, "pending", 1)
            take = _TAKE.get(kind[10:])
            if take is not None:
                take(self, node, event)
                self._changed.add(path)
        elif kind == "flow.run.created":
            self.created, self.began, self.runner = event.data, event.ts, event.data.get("runner")
        elif kind == "flow.run.resumed":
            self._resumed(event)
        elif kind.startswith("flow.run.") and kind[9:] in (*ENDED, "interrupted"):
            self._ended(event)

    def _to(self, node: NodeHistory, state: str) -> None:
        self._count(node.path, node.state, -1)
        self._count(node.path, state, 1)
        node.state = state
        (self.failed.add if state == "failed" else self.failed.discard)(node.path)
        if state == "waiting" and node.signal:
            self.waiting.add(node.path)
        else:
            self.waiting.discard(node.path)

    def _count(self, path: str, state: str, by: int) -> None:
        top = top_of(path)
        counts = self.counts
        if top != path:
            counts = self.inner.setdefault(top, {})
            self._changed.add(top)
        counts[state] = counts.get(state, 0) + by

    def _say(self, event: Event, level: str, text: str) -> None:
        self.lines.append(Line(event.seq, event.ts, event.data.get("node", ""), level, text))

    def _started(self, node: NodeHistory, event: Event) -> None:
        self._to(node, "running")
        number = event.data["attempt"]
        node.attempt_count, node.started, node.ended, node.progress = number, event.ts, 0.0, ""
        if len(node.attempts) >= MAX_ATTEMPTS:
            del node.attempts[MAX_ATTEMPTS // 2]
        node.attempts = [*node.attempts, Attempt(number, event.ts)]

    def _close(self, node: NodeHistory, event: Event, state: str, **more: Any) -> None:
        node.ended = event.ts
        if node.attempts and not node.attempts[-1].ended:
            last = node.attempts[-1]
            node.attempts = [*node.attempts[:-1], msgspec.structs.replace(last, ended=event.ts, state=state, **more)]

    def _completed(self, node: NodeHistory, event: Event) -> None:
        node.is_held = False
        self._to(node, "completed")
        self._close(node, event, "completed")
        node.ms, node.completed_seq, node.memo = event.data["ms"], event.seq, bool(event.data.get("memo"))

    def _failed(self, node: NodeHistory, event: Event) -> None:
        node.is_held = False
        self._to(node, "failed")
        self._close(node, event, "failed", kind=event.data["kind"], message=event.data["message"])
        self._say(event, "failed", event.data["message"])

    def _retrying(self, node: NodeHistory, event: Event) -> None:
        self._to(node, "retrying")
        data = event.data
        self._close(node, event, "failed", kind=data["kind"], message=data["message"], wait_s=data["wait_s"])
        self._say(event, "retrying", f"again in {data['wait_s']:.1f} s: {data['message']}")

    def _waiting(self, node: NodeHistory, event: Event) -> None:
        data = event.data
        node.signal, node.until, node.asked = data.get("signal") or "", data.get("until") or 0.0, data.get("data", {})
        node.is_held = True
        self._to(node, "waiting")
        if node.signal:
            self._say(event, "waiting", node.asked.get("prompt") or f"waits for an {node.signal}")

    def _signalled(self, node: NodeHistory, event: Event) -> None:
        self._to(node, "ready")
        self._say(event, "info", "has its answer")

    def _skipped(self, node: NodeHistory, event: Event) -> None:
        self._to(node, "skipped")
        self._close(node, event, "skipped")

    def _cancelled(self, node: NodeHistory, event: Event) -> None:
        self._to(node, "cancelled")
        self._close(node, event, "cancelled")

    def _said(self, node: NodeHistory, event: Event) -> None:
        kind, data = event.data["kind"], event.data["data"]
        text = str(data.get("message", data))[:1_000]
        if kind == "progress":
            node.progress = text[:100]
        self._say(event, kind, text)

    def _resumed(self, event: Event) -> None:
        """What was under way begins again, and so does what is reset: `deep` with what runs inside of it."""
        self.status, self.reason, self.ended, self.runner = "running", "", 0.0, event.data.get("runner")
        gone, deep = set(event.data["reset"]), event.data["deep"]
        for path, node in self.nodes.items():
            is_reset = path in gone or (deep and top_of(path) in gone)
            if is_reset or node.state in ("running", "retrying", "cancelled"):
                node.is_held = node.is_held and not is_reset
                self._to(node, "waiting" if node.is_held else "pending")
                self._close(node, event, "interrupted")
                node.completed_seq, node.ended = 0, 0.0
                self._changed.add(path)
        self._say(event, "info", "the run goes on")

    def _ended(self, event: Event) -> None:
        self.status, self.ended = event.type[9:], event.ts
        self.reason = event.data.get("reason") or ""
        for node in self.nodes.values():
            if node.state in OPEN:
                self._to(node, "cancelled")
                self._close(node, event, "cancelled")
                self._changed.add(node.path)
        self._say(event, self.status, self.reason if self.reason not in ("", self.status) else f"the run {self.status}")


_TAKE = {
    "started": History._started,
    "completed": History._completed,
    "failed": History._failed,
    "retrying": History._retrying,
    "waiting": History._waiting,
    "signalled": History._signalled,
    "skipped": History._skipped,
    "cancelled": History._cancelled,
    "event": History._said,
}


def history_of(events: Iterable[Event]) -> History:
    """Return a run as all of its events tell it."""
    history = History()
    for event in events:
        history.step(event)
    return history
