"""`livets flow`: what a person types, what comes out, and which exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from livets.cli import main
from livets.flow.files import read_workflow, to_json

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `livets flow ARGUMENTS` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def run(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, ["flow", *arguments], input=stdin)

    return run


@pytest.fixture
def hello(run: Run) -> Path:
    assert run("init", "hello.json").exit_code == 0
    return Path("hello.json")


def test_a_workflow_is_made_checked_and_run(run: Run, hello: Path) -> None:
    assert run("validate", str(hello)).exit_code == 0
    result = run("run", str(hello), "-i", "name=Ann", "--run", "r1")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["name"] == "Ann"
    assert "ok r1" in result.stderr
    assert "3 completed" in result.stderr
    again = run("init", "hello.json")
    assert (again.exit_code, "is there already" in again.stderr) == (1, True)
    assert run("init", "hello.txt").exit_code == 2
    nowhere = run("init", "no/such/folder.json")
    assert (nowhere.exit_code, "No such file or directory" in nowhere.stderr) == (1, True)
    unknown = run("retry", "nobody")
    assert (unknown.exit_code, "there is no run 'nobody'" in unknown.stderr) == (1, True)
    assert run("init", "hello.yaml").exit_code == 0
    assert read_workflow("hello.yaml").nodes == read_workflow("hello.json").nodes


def test_stdin_gives_the_workflow_or_its_inputs(run: Run, hello: Path) -> None:
    result = run("run", "-", "--memory", "-q", stdin=hello.read_text())
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["name"] == "world"
    run("init", "hello.yaml")
    assert run("run", "-", "--memory", stdin=Path("hello.yaml").read_text()).exit_code == 0
    given = run("run", str(hello), "--inputs", "-", "--json", "--memory", stdin='{"name": "Bo"}')
    told = json.loads(given.stdout)
    assert (told["status"], told["outputs"]["name"], told["counts"]) == ("completed", "Bo", {"completed": 3})
    assert not Path(".livets").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "none.json"], "No such file"),
        (["run", "bad.json"], "no JSON"),
        (["run", "faulty.json"], "nodes[0].type: no node is called 'debug.lag'; did you mean debug.log"),
        (["run", "hello.json", "-i", "name"], "write  name=value"),
        (["run", "hello.json", "--inputs", "bad.json"], "--inputs bad.json"),
        (["run", "no_such_module:flow"], "could not be imported"),
        (["validate"], "Missing argument"),
    ],
)
def test_what_is_called_in_a_wrong_way_is_said_with_code_2(
    run: Run, hello: Path, arguments: list[str], says: str
) -> None:
    Path("bad.json").write_text("{")
    Path("faulty.json").write_text('{"id": "x", "nodes": [{"id": "a", "type": "debug.lag"}]}')
    result = run(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr


def test_every_fault_is_listed_for_people_and_programs(run: Run) -> None:
    Path("faulty.json").write_text('{"id": "x!", "nodes": [{"id": "a", "type": "debug.lag"}]}')
    result = run("validate", "faulty.json")
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 2
    told = json.loads(run("validate", "faulty.json", "--json").stdout)
    assert [(one["path"], one["code"]) for one in told] == [("id", "id"), ("nodes[0].type", "unknown")]


PYTHON = """
from pathlib import Path
from livets.flow import Flow

def shaky(n: int) -> int:
    with open("ran", "a") as file:
        file.write("x")
    if Path("broken").exists():
        raise OSError("broken")
    return n + 1

flow = Flow("shaky")
flow.add(lambda: 1, id="one") >> flow.add(shaky, id="shaky") >> flow.add(lambda n: n * 10, id="ten")
"""


def test_a_failed_run_is_shown_resumed_and_retried(run: Run) -> None:
    Path("flow_in_python.py").write_text(PYTHON)
    Path("broken").touch()
    failed = run("run", "flow_in_python:flow", "--run", "r1")
    assert failed.exit_code == 1
    assert "shaky: OSError: broken" in failed.stderr
    shown = run("show", "r1")
    assert "failed" in shown.stdout
    assert json.loads(run("show", "r1", "--json").stdout)["nodes"]["shaky"]["error"] == "OSError: broken"
    Path("broken").unlink()
    resumed = run("resume", "r1", "--workflow", "flow_in_python:flow")
    assert (resumed.exit_code, json.loads(resumed.stdout)) == (0, {"ten": 20})
    assert run("resume", "r1").exit_code == 1
    nothing = run("retry", "r1", "--workflow", "flow_in_python:flow")
    assert "no node of run 'r1' has failed" in nothing.stderr
    assert run("retry", "r1", "shaky", "--workflow", "flow_in_python:flow").exit_code == 0
    assert Path("ran").read_text() == "xxx"


def test_the_journal_is_listed_replayed_and_exported(run: Run, hello: Path) -> None:
    run("run", str(hello), "--run", "r1")
    run("run", str(hello), "--run", "r2")
    assert [one["run"] for one in json.loads(run("runs", "--json").stdout)] == ["r2", "r1"]
    assert len(json.loads(run("runs", "--limit", "1", "--json").stdout)) == 1
    assert "r2" in run("runs").stdout
    lines = run("replay", "r1").stdout.splitlines()
    assert "flow.run.created" in lines[0]
    assert "flow.run.completed" in lines[-1]
    stood = run("replay", "r1", "--until", "2").stdout
    assert "running" in stood.splitlines()[-1]
    events = [json.loads(line) for line in run("replay", "r1", "--json").stdout.splitlines()]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert (events[1]["state"], events[-1]["state"]) == ("running", "completed")
    exported = [json.loads(line) for line in run("export", "r1").stdout.splitlines()]
    assert [event["id"] for event in exported] == [f"flow/r1:{n + 1}" for n in range(len(events))]
    assert run("export", "r1", "--definition", "-o", "again.json").exit_code == 0
    assert to_json(read_workflow("again.json")) == to_json(read_workflow(hello))
    assert json.loads(run("show", "r1", "--node", "who").stdout)["outputs"] == {"out": "world"}
    for wrong in (["show", "r9"], ["replay", "r9"], ["export", "r9"], ["cancel", "r9"], ["resume", "r9"]):
        assert run(*wrong).exit_code == 1, wrong
    assert "there is no journal in other" in run("runs", "--folder", "other").stderr


def test_nodes_and_schema_are_for_programs_too(run: Run) -> None:
    listed = run("nodes").stdout
    assert "http.request" in listed
    told = json.loads(run("nodes", "transform.sort", "--json").stdout)
    assert told["inputs"][0]["name"] == "items"
    assert {one["type"] for one in json.loads(run("nodes", "--json").stdout)} >= {"flow.map", "debug.log"}
    assert "did you mean transform.sort" in run("nodes", "transform.srt").stderr
    schema = json.loads(run("schema").stdout)
    assert schema["title"] == "livets workflow"


def test_only_what_a_grants_file_says_may_be_touched(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("data").mkdir()
    Path("data/a.txt").write_text("hi")
    node = {"id": "r", "type": "file.read", "config": {"root": "d"}, "inputs": {"path": "a.txt"}}
    Path("read.json").write_text(json.dumps({"id": "read", "nodes": [node]}))
    Path("grants.toml").write_text('[files]\nd = "data"\n[secrets]\ntoken = {env = "TOKEN_FOR_TEST"}\n')
    refused = run("run", "read.json")
    assert (refused.exit_code, "no file root 'd' is granted" in refused.stderr) == (1, True)
    unset = run("run", "read.json", "--grants", "grants.toml")
    assert (unset.exit_code, "which is not set" in unset.stderr) == (1, True)
    monkeypatch.setenv("TOKEN_FOR_TEST", "x")
    granted = run("run", "read.json", "--grants", "grants.toml")
    assert json.loads(granted.stdout) == {"r": "hi"}
    Path("grants.toml").write_text("[fils]\n")
    assert "unknown field `fils`" in run("run", "read.json", "--grants", "grants.toml").stderr


def test_what_was_called_wrongly_is_told_with_exit_code_2(run: Run, hello: Path) -> None:
    Path("empty.yaml").touch()
    for arguments, said in (
        (("run", "empty.yaml"), "empty.yaml: it is empty"),
        (("run", "-"), "stdin is empty"),
        (("run", "none.json"), "none.json: No such file or directory"),
        (("run", str(hello), "-i", "nme=Ann"), "'hello' has no input nme; it has: name"),
        (("run", str(hello), "--target", "nobody"), "no node 'nobody'"),
    ):
        result = run(*arguments, stdin="")
        assert (result.exit_code, said in result.stderr) == (2, True), result.stderr
    assert not Path(".livets/flow/journal.db").exists() or json.loads(run("runs", "--json").stdout) == []
