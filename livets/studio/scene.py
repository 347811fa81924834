"""A picture with what changes in it: each box with the state of its nodes, in words, and as a bar for groups.

One for each way in which somebody looks at a run (groups or nodes, which groups are open); views that look the same
way share it, and its items. Follows a History; called by `feed` and by views.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from livets.flow.model import Workflow
from livets.studio.history import History, NodeHistory
from livets.studio.picture import Box, Picture, draw
from livets.studio.wording import duration

ORDER = ("failed", "waiting", "running", "retrying", "ready", "cancelled", "pending", "skipped", "completed")
"""The state that a group shows is the first of these that one of its nodes is in."""
_BAR = ("completed", "running", "failed", "waiting")
_BAR_WIDTH = 166.0


class Part(msgspec.Struct, frozen=True):
    """A piece of a group's bar."""

    state: str
    x: float
    width: float


class Item(msgspec.Struct, frozen=True):
    """One box as it is drawn now."""

    id: str
    query: str
    x: float
    y: float
    label: str
    title: str
    state: str
    line: str
    is_group: bool = False
    bar: tuple[Part, ...] = ()


class Scene:
    """`items` by id, in the order in which they are drawn; `absorb` says which of them have changed."""

    def __init__(self, workflow: Workflow, history: History, *, grouped: bool, opened: frozenset[str]) -> None:
        self.picture: Picture = draw(workflow, grouped=grouped, opened=opened)
        self._history = history
        self._boxes = {box.id: box for box in self.picture.boxes}
        self.items: dict[str, Item] = {box.id: self._item(box) for box in self.picture.boxes}

    def absorb(self, paths: Iterable[str]) -> set[str]:
        """Look at the nodes at `paths` again; returns the ids of the boxes that look different now."""
        owner = self.picture.owner
        changed = set()
        for id in {owner[path] for path in paths if path in owner}:
            item = self._item(self._boxes[id])
            if item != self.items[id]:
                self.items[id] = item
                changed.add(id)
        return changed

    def _item(self, box: Box) -> Item:
        history = self._history
        if box.members:
            counts = counted(history, box.members)
            whole = len(box.members)
            state, line, bar = group_state(counts), progress_line(counts, whole), _bar(counts, whole)
            return Item(box.id, box.query, box.x, box.y, box.label, box.title, state, line, True, bar)
        node = history.node(box.id)
        inner = history.inner.get(box.id)
        line = progress_line(inner, sum(inner.values())) if inner and node.state == "running" else state_line(node)
        return Item(box.id, box.query, box.x, box.y, box.label, box.title, node.state, line)


def counted(history: History, paths: Iterable[str]) -> dict[str, int]:
    """Return how many of the nodes at `paths` are in each state."""
    counts: dict[str, int] = {}
    for path in paths:
        node = history.nodes.get(path)
        state = "pending" if node is None else node.state
        counts[state] = counts.get(state, 0) + 1
    return counts


def group_state(counts: dict[str, int]) -> str:
    """Return the one state of several nodes: what somebody has to know first.

    >>> group_state({"completed": 3, "pending": 2}), group_state({"completed": 3, "skipped": 1})
    ('running', 'completed')
    """
    found = [state for state in ORDER if counts.get(state)]
    first = found[0] if found else "pending"
    if first == "pending" and counts.get("completed"):
        return "running"
    return "completed" if first == "skipped" and counts.get("completed") else first


def progress_line(counts: dict[str, int], whole: int) -> str:
    """Return how far many nodes are, short enough for a box.

    >>> progress_line({"completed": 3, "failed": 1, "running": 2}, 10)
    '4 of 10, 1 failed'
    """
    done = sum(counts.get(state, 0) for state in ("completed", "failed", "skipped", "cancelled"))
    first = next((state for state in ("failed", "waiting", "running") if counts.get(state)), "")
    return f"{done} of {whole}, {counts[first]} {first}" if first else f"{done} of {whole}"


def counts_line(counts: dict[str, int]) -> str:
    """Return how many are in which state, in words.

    >>> counts_line({"completed": 3, "running": 1})
    '1 running, 3 completed'
    """
    return ", ".join(f"{counts[state]} {state}" for state in ORDER if counts.get(state)) or "nothing yet"


def state_line(node: NodeHistory) -> str:
    """Return a node's state in a few words."""
    state = node.state
    if state == "completed":
        return "remembered" if node.memo else f"completed in {duration(node.ms / 1000)}"
    if state in ("running", "failed", "retrying") and node.attempt_count > 1:
        return f"{state}, attempt {node.attempt_count}"
    if state == "running" and node.progress:
        return node.progress[:26]
    if state == "waiting" and node.signal:
        return f"waits for {node.signal}"
    return state


def _bar(counts: dict[str, int], whole: int) -> tuple[Part, ...]:
    parts, x = [], 0.0
    for state in _BAR:
        width = round(_BAR_WIDTH * counts.get(state, 0) / whole, 1)
        parts.append(Part(state, x, width))
        x = round(x + width, 1)
    return tuple(parts)
