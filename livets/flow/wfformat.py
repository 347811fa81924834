"""Reads WfFormat, the traces of scientific workflows of WfCommons (up to 1.6): each task becomes a `trace.task`.

What a trace says and a run here cannot do is listed, not passed over: commands are kept but not run, files not moved,
machines not looked at. Reading executes nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import msgspec

from livets.engine.graph import Connection
from livets.flow.files import FileFault
from livets.flow.model import NodeSpec, Settings, Workflow


class Imported(msgspec.Struct, frozen=True):
    """A workflow that was read from a foreign form, and what of it did not map, in words."""

    workflow: Workflow
    missing: list[str]


def is_wfformat(plain: Any) -> bool:
    """Return whether parsed JSON looks like WfFormat."""
    return isinstance(plain, dict) and "schemaVersion" in plain and isinstance(plain.get("workflow"), dict)


def read_wfformat(plain: Any, *, time_scale: float = 0.0) -> Imported:
    """Return the workflow; each task waits its recorded run time times `time_scale`. Raises FileFault.

    >>> task = {"name": "a", "id": "a1", "parents": [], "children": []}
    >>> trace = {"name": "t", "schemaVersion": "1.5", "workflow": {"specification": {"tasks": [task]}}}
    >>> [node.id for node in read_wfformat(trace).workflow.nodes]
    ['a1']
    """
    if not is_wfformat(plain):
        raise FileFault("this is no WfFormat: it has no schemaVersion and workflow")
    specified, executed = _tasks(plain["workflow"])
    ids = _ids(specified)
    lost: Counter[str] = Counter()
    nodes = [_node(task, executed, ids, time_scale, lost) for task in specified]
    links = dict.fromkeys(_links(specified, ids, lost))
    connections = [Connection(source, "out", target, "after") for source, target in links]
    name = str(plain.get("name", "trace"))
    workflow = Workflow(
        id=_clean(name) or "trace",
        name=name,
        description=str(plain.get("description", "")),
        nodes=nodes,
        connections=connections,
        settings=Settings(max_parallel=1000),
        metadata={"source": "WfFormat", "schemaVersion": str(plain["schemaVersion"])},
    )
    missing = [f"{what} ({count} tasks)" for what, count in lost.items()]
    if plain["workflow"].get("machines") or (plain["workflow"].get("execution") or {}).get("machines"):
        missing.append("machines are not looked at: tasks run where the runtime is")
    return Imported(workflow, missing)


def _tasks(workflow: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """The tasks as specified, and what is known of their execution by id."""
    specification = workflow.get("specification")
    if isinstance(specification, dict):  # from 1.5 on in two parts
        tasks = specification.get("tasks")
        ran = (workflow.get("execution") or {}).get("tasks") or []
        executed = {str(task.get("id")): task for task in ran if isinstance(task, dict)}
    else:
        tasks = workflow.get("tasks", workflow.get("jobs"))
        executed = {}
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks) or not tasks:
        raise FileFault("workflow: there are no tasks in it")
    return tasks, executed


def _ids(tasks: list[dict[str, Any]]) -> dict[str, str]:
    """Our id of each task, by its id and (older traces refer to that) by its name."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for place, task in enumerate(tasks):
        own = str(task.get("id") or task.get("name") or place)
        id = _clean(own) or f"task-{place}"
        while id in taken:
            id = f"{id[:100]}-{place}"
        taken.add(id)
        if own in found:
            raise FileFault(f"two tasks are called {own!r}")
        found[own] = id
    for task in tasks:
        name, own = task.get("name"), str(task.get("id") or task.get("name"))
        if isinstance(name, str) and own in found:
            found.setdefault(name, found[own])
    return found


def _node(
    task: dict[str, Any],
    executed: dict[str, dict[str, Any]],
    ids: dict[str, str],
    time_scale: float,
    lost: Counter[str],
) -> NodeSpec:
    own = str(task.get("id") or task.get("name"))
    ran = {**task, **executed.get(own, {})}
    seconds = ran.get("runtimeInSeconds", ran.get("runtime"))
    if not isinstance(seconds, int | float) or not seconds >= 0:
        lost["no run time is recorded: taken as 0 s"] += 1
        seconds = 0.0
    command = ran.get("command")
    config: dict[str, Any] = {"seconds": float(seconds) * time_scale}
    if isinstance(command, dict) and command.get("program"):
        lost["the command is kept in the config, and not run"] += 1
        config["program"] = str(command["program"])
        config["arguments"] = [str(argument) for argument in command.get("arguments") or []]
    if task.get("inputFiles") or task.get("outputFiles") or task.get("files"):
        lost["files are not moved"] += 1
    return NodeSpec(id=ids[own], type="trace.task", name=str(task.get("name", "")), config=config)


def _links(tasks: list[dict[str, Any]], ids: dict[str, str], lost: Counter[str]) -> list[tuple[str, str]]:
    links: list[tuple[str | None, str | None]] = []
    for task in tasks:
        own = ids[str(task.get("id") or task.get("name"))]
        links += [(ids.get(str(other)), own) for other in task.get("parents") or ()]
        links += [(own, ids.get(str(other))) for other in task.get("children") or ()]
    unknown = sum(None in link for link in links)
    if unknown:
        lost["a parent or child is not in the trace: left out"] += unknown
    return [(source, target) for source, target in links if source is not None and target is not None]


def _clean(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text).lstrip(".-")[:120]
