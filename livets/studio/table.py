"""The nodes of a run as rows of a table: what the graph shows, for who cannot or does not want to see it. Pure."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from livets.flow.model import Workflow
from livets.studio.history import History
from livets.studio.scene import state_line
from livets.studio.wording import clock, duration

PAGE = 50
"""Rows of a page."""


class Row(msgspec.Struct, frozen=True):
    """One node; `id` is its path."""

    id: str
    query: str
    type: str
    state: str
    line: str
    after: str
    attempts: int
    started: str
    took: str


class Rows(msgspec.Struct, frozen=True):
    """One page of rows, and of how many."""

    rows: tuple[Row, ...]
    total: int
    page: int
    pages: int


def rows_of(workflow: Workflow, history: History, *, state: str = "", text: str = "", page: int = 1) -> Rows:
    """Return a page of the nodes in that state whose path or type has `text` in it; inner nodes stand at the end."""
    types = {spec.id: spec.type for spec in workflow.nodes}
    inner = [path for path in history.nodes if path not in types]
    wanted = text.lower()
    found = [
        path
        for path in [*types, *inner]
        if (not state or history.node(path).state == state)
        and (not wanted or wanted in path.lower() or wanted in types.get(path, ""))
    ]
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(1, page), pages)
    shown = found[(page - 1) * PAGE : page * PAGE]
    wanted_ids = set(shown)
    before: dict[str, list[str]] = {}
    for link in workflow.connections:
        if link.to_node in wanted_ids:
            sources = before.setdefault(link.to_node, [])
            if link.from_node not in sources:
                sources.append(link.from_node)
    rows = tuple(_row(history, path, types.get(path, ""), before.get(path, [])) for path in shown)
    return Rows(rows, len(found), page, pages)


def _row(history: History, path: str, type: str, before: list[str]) -> Row:
    node = history.node(path)
    after = ", ".join(before[:4]) + (f" and {len(before) - 4} more" if len(before) > 4 else "")
    took = duration(node.ended - node.started) if node.ended and node.started else ""
    query = quote(path, safe="")
    return Row(path, query, type, node.state, state_line(node), after, node.attempt_count, clock(node.started), took)
