"""One node in full: where its inputs came from, what it gave, every attempt; read from the journal when it is chosen.

Owns which part of the definition a path names (sub-workflows included). Values are read, shown and let go of: nothing
of them stays in memory but their text. Called by the run view.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from livets.flow import FlowRuntime
from livets.flow.constants import Reference, read_constant
from livets.flow.model import NodeSpec, Workflow
from livets.studio.feed import Feed
from livets.studio.history import Attempt, History, Line, NodeHistory
from livets.studio.scene import counted, counts_line, state_line
from livets.studio.showing import Shown, shown
from livets.studio.wording import clock, duration

_STEP = re.compile(r"\[[^\]]*\]$")
MAX_MEMBERS = 100
MAX_LINES = 30


class Try(msgspec.Struct, frozen=True):
    """One attempt, in words."""

    number: int
    state: str
    at: str
    took: str
    what: str


class Member(msgspec.Struct, frozen=True):
    """One node of a group."""

    path: str
    state: str
    line: str


class Detail(msgspec.Struct, frozen=True):
    """What the page shows beside the graph."""

    path: str
    title: str
    type: str = ""
    notes: str = ""
    state: str = ""
    line: str = ""
    error: str = ""
    tries: tuple[Try, ...] = ()
    inputs: tuple[Shown, ...] = ()
    outputs: tuple[Shown, ...] = ()
    config: str = ""
    lines: tuple[Line, ...] = ()
    signal: str = ""
    prompt: str = ""
    asked: str = ""
    can_retry: bool = False
    members: tuple[Member, ...] = ()
    more: int = 0
    is_group: bool = False
    is_open: bool = False
    """Of a group: its nodes are in the graph one by one."""


def group_detail(feed: Feed, id: str, *, is_open: bool) -> Detail:
    """Return what is told of a group: its nodes, those first that somebody has to look at."""
    history, members = feed.history, feed.groups[id].members
    line, title = counts_line(counted(history, members)), f"{len(members)} x {id.rpartition(' @')[0]}"
    listed, more = _members(history, members)
    return Detail(id, title, line=line, members=listed, more=more, is_group=True, is_open=is_open)


def _members(history: History, paths: list[str]) -> tuple[tuple[Member, ...], int]:
    """The first of these nodes, those before others that somebody has to look at; and how many more there are."""
    urgent = {"failed": 0, "waiting": 1, "running": 2, "retrying": 2}
    nodes = sorted((history.node(path) for path in paths), key=lambda one: urgent.get(one.state, 3))
    listed = tuple(Member(one.path, one.state, state_line(one)) for one in nodes[:MAX_MEMBERS])
    return listed, max(0, len(paths) - MAX_MEMBERS)


async def node_detail(feed: Feed, runtime: FlowRuntime, path: str) -> Detail | None:
    """Return all that is known of the node at `path`; None when the workflow has none there."""
    found = find(feed.workflow, path)
    if found is None:
        return None
    workflow, spec, prefix = found
    node, over = feed.history.node(path), feed.history.status != "running"
    secrets = runtime.grants.secret_values()
    starts = (f"{path}[", f"{path}/")
    runs_others = path in feed.history.inner
    inside = [one for one in feed.history.nodes if one.startswith(starts)] if runs_others else []
    listed, more = _members(feed.history, inside)
    return Detail(
        path=path,
        title=spec.name or spec.id,
        type=spec.type,
        notes=spec.notes,
        state=node.state,
        line=state_line(node),
        error=node.error if node.state in ("failed", "retrying", "running", "cancelled") else "",
        tries=tuple(_try(one) for one in node.attempts),
        inputs=await _inputs(feed, runtime, workflow, spec, prefix, secrets),
        outputs=await _outputs(feed, runtime, node, secrets),
        config=shown(spec.config, secrets) if spec.config else "",
        lines=tuple([line for line in feed.history.lines if line.node == path][-MAX_LINES:]),
        signal=node.signal if node.state == "waiting" else "",
        prompt=str(node.asked.get("prompt", "")),
        asked=shown(node.asked.get("value"), secrets) if node.asked.get("value") is not None else "",
        members=listed,
        more=more,
        can_retry=not prefix and over and workflow.settings.stream is None,
    )


def find(workflow: Workflow, path: str) -> tuple[Workflow, NodeSpec, str] | None:
    """Return the definition that the node at `path` belongs to, its specification, and the path of what runs it.

    >>> inner = Workflow(id="i", nodes=[NodeSpec(id="parse", type="json.parse")])
    >>> outer = NodeSpec(id="each", type="flow.map", config={"workflow": "one"})
    >>> find(Workflow(id="w", nodes=[outer], definitions={"one": inner}), "each[2]/parse")[1].id
    'parse'
    """
    definitions, prefix = workflow.definitions, ""
    *outer, last = path.split("/")
    for step in outer:
        spec = _spec(workflow, _STEP.sub("", step))
        inner = definitions.get(str(spec.config.get("workflow", ""))) if spec is not None else None
        if inner is None:
            return None
        workflow, prefix = inner, f"{prefix}{step}/"
    spec = _spec(workflow, last)
    return None if spec is None else (workflow, spec, prefix)


def _spec(workflow: Workflow, id: str) -> NodeSpec | None:
    return next((spec for spec in workflow.nodes if spec.id == id), None)


def _try(one: Attempt) -> Try:
    what = one.message if one.message.startswith(one.kind) else f"{one.kind}: {one.message}"
    if one.wait_s:
        what = f"{what} (again after {duration(one.wait_s)})"
    return Try(one.number, one.state, clock(one.started), duration(one.ended - one.started) if one.ended else "", what)


async def _inputs(
    feed: Feed, runtime: FlowRuntime, workflow: Workflow, spec: NodeSpec, prefix: str, secrets: list[str]
) -> tuple[Shown, ...]:
    """What came in, by port: the journal has it as outputs of other nodes, constants stand in the definition."""
    found = []
    for port, raw in spec.inputs.items():
        value = read_constant(raw)
        if not isinstance(value, Reference):
            found.append(Shown(port, shown(value, secrets), "written in the workflow"))
        elif not prefix and value.name in feed.history.created["inputs"]:
            text = shown(feed.history.created["inputs"][value.name], secrets)
            found.append(Shown(port, text, f"input {value.name} of the run"))
        else:
            found.append(Shown(port, "", f"input {value.name} of the sub-workflow"))
    for link in workflow.connections:
        if link.to_node == spec.id:
            outputs = await _recorded(feed, runtime, feed.history.node(prefix + link.from_node))
            source = f"{link.from_node}.{link.from_port}"
            if link.from_port in outputs:
                found.append(Shown(link.to_port, shown(outputs[link.from_port], secrets), f"from {source}"))
            else:
                found.append(Shown(link.to_port, "", f"from {source}, which has given nothing"))
    return tuple(found)


async def _outputs(feed: Feed, runtime: FlowRuntime, node: NodeHistory, secrets: list[str]) -> tuple[Shown, ...]:
    outputs = await _recorded(feed, runtime, node)
    return tuple(Shown(port, shown(value, secrets)) for port, value in outputs.items())


async def _recorded(feed: Feed, runtime: FlowRuntime, node: NodeHistory) -> dict[str, Any]:
    """What the journal says that a node gave."""
    assert runtime.log is not None
    if not node.completed_seq:
        return {}
    events = await runtime.log.read(f"flow/{feed.run}", node.completed_seq - 1, 1)
    outputs: dict[str, Any] = events[0].data.get("outputs", {}) if events else {}
    return outputs
