"""Traces of scientific workflows: read in their old and new forms, honest about what is left out, and run in order."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from livets.cli import main
from livets.flow import FlowRuntime
from livets.flow.files import FileFault, from_json, to_json
from livets.flow.nodes import standard_registry
from livets.flow.validate import validate
from livets.flow.wfformat import read_wfformat


def trace(parents: dict[str, list[str]], version: str = "1.5") -> dict[str, Any]:
    children = {name: [one for one, its in parents.items() if name in its] for name in parents}
    command = {"program": "mProject", "arguments": ["-x", 1]}
    if version >= "1.5":
        tasks = [
            {"name": "step", "id": id, "parents": its, "children": children[id], "inputFiles": ["a.fits"]}
            for id, its in parents.items()
        ]
        ran = [{"id": id, "runtimeInSeconds": 2.5, "command": command} for id in parents]
        workflow: dict[str, Any] = {"specification": {"tasks": tasks, "files": []}, "execution": {"tasks": ran}}
    else:
        workflow = {
            "machines": [{"nodeName": "m1"}],
            "tasks": [
                {"name": id, "id": f"0{n}", "runtime": 2.5, "parents": its, "children": [], "command": command}
                for n, (id, its) in enumerate(parents.items())
            ],
        }
    return {"name": "montage #1", "schemaVersion": version, "workflow": workflow}


DIAMOND = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}


@pytest.mark.parametrize("version", ["1.3", "1.5"])
async def test_a_trace_runs_in_its_order(version: str) -> None:
    found = read_wfformat(trace(DIAMOND, version))
    assert validate(found.workflow, standard_registry()) == []
    assert len(found.workflow.connections) == 4
    assert from_json(to_json(found.workflow)) == found.workflow
    async with FlowRuntime() as runtime:
        result = await runtime.run(found.workflow)
    assert result.counts == {"completed": 4}


def test_what_does_not_map_is_listed() -> None:
    found = read_wfformat(trace(DIAMOND), time_scale=0.1)
    assert found.missing == [
        "the command is kept in the config, and not run (4 tasks)",
        "files are not moved (4 tasks)",
    ]
    assert found.workflow.nodes[0].config == {"seconds": 0.25, "program": "mProject", "arguments": ["-x", "1"]}
    assert "machines are not looked at: tasks run where the runtime is" in read_wfformat(trace(DIAMOND, "1.3")).missing
    bare = {"schemaVersion": "1.5", "workflow": {"specification": {"tasks": [{"id": "a", "parents": ["gone"]}]}}}
    assert read_wfformat(bare).missing == [
        "no run time is recorded: taken as 0 s (1 tasks)",
        "a parent or child is not in the trace: left out (1 tasks)",
    ]


@pytest.mark.parametrize(
    "plain", [{}, [], {"schemaVersion": "1.5", "workflow": {}}, {"schemaVersion": "1.5", "workflow": {"tasks": [1]}}]
)
def test_what_is_no_trace_is_refused(plain: Any) -> None:
    with pytest.raises(FileFault):
        read_wfformat(plain)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(max_size=6), min_size=1, max_size=8, unique=True), st.randoms())
def test_any_names_make_a_valid_workflow(names: list[str], chance: random.Random) -> None:
    names = [name for name in names if name] or ["a"]
    parents = {name: [one for one in names[:place] if chance.random() < 0.5] for place, name in enumerate(names)}
    workflow = read_wfformat(trace(parents)).workflow
    assert validate(workflow, standard_registry()) == []
    assert len(workflow.connections) == sum(map(len, parents.values()))


async def test_a_trace_of_two_thousand_tasks_is_journaled_and_complete(tmp_path: Path) -> None:
    chance = random.Random(2122)
    names = [f"mTask_ID{n:07}" for n in range(2122)]
    parents = {name: chance.sample(names[max(0, n - 50) : n], min(n, 3)) for n, name in enumerate(names)}
    workflow = read_wfformat(trace(parents)).workflow
    async with FlowRuntime(tmp_path) as runtime:
        result = await runtime.run(workflow, run="r")
        assert result.counts == {"completed": 2122}
        done: set[str] = set()
        for event in await runtime.events("r"):
            if event.type == "flow.node.started":
                assert set(parents[event.data["node"]]) <= done
            elif event.type == "flow.node.completed":
                done.add(event.data["node"])
    assert len(done) == 2122


def test_the_command_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("trace.json").write_text(json.dumps(trace(DIAMOND)))
    result = CliRunner().invoke(main, ["flow", "import", "trace.json", "-o", "flow.json"])
    assert result.exit_code == 0
    assert "4 tasks, 4 connections" in result.stderr
    assert "files are not moved" in result.stderr
    assert CliRunner().invoke(main, ["flow", "run", "flow.json", "--memory", "-q"]).exit_code == 0
    Path("other.json").write_text("{}")
    refused = CliRunner().invoke(main, ["flow", "import", "other.json"])
    assert (refused.exit_code, "neither n8n, Node-RED nor WfFormat" in refused.stderr) == (2, True)
