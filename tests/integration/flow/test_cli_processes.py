"""`livets flow` as processes: interrupted, killed, cancelled and answered from another terminal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
WAITING: dict[str, Any] = {
    "id": "waiting",
    "nodes": [
        {"id": "first", "type": "debug.log", "inputs": {"value": 1}},
        {"id": "ask", "type": "flow.approval", "config": {"prompt": "ship it?"}},
        {"id": "end", "type": "debug.log"},
    ],
    "connections": [
        {"from_node": "first", "from_port": "out", "to_node": "ask", "to_port": "value"},
        {"from_node": "ask", "from_port": "approved", "to_node": "end", "to_port": "value"},
    ],
}


class Terminal:
    """Commands in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "waiting.json").write_text(json.dumps(WAITING))

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "livets", "flow", *arguments]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self._folder, env=env, stdout=pipe, stderr=pipe, text=True)

    def do(self, *arguments: str) -> tuple[int, str]:
        child = self.begin(*arguments)
        out, err = child.communicate(timeout=60)
        return child.returncode, out + err

    def until(self, run: str, state: str) -> None:
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            code, text = self.do("show", run, "--json")
            if code == 0 and json.loads(text)["nodes"].get("ask", {}).get("state") == state:
                return
        pytest.fail(f"{run} did not come to {state}")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def test_a_run_is_killed_resumed_and_answered_from_elsewhere(terminal: Terminal) -> None:
    first = terminal.begin("run", "waiting.json", "--run", "r")
    terminal.until("r", "waiting")
    first.kill()
    first.communicate()
    code, text = terminal.do("signal", "r", "ask", "true")
    assert (code, "nobody runs r at the moment" in text) == (1, True)
    second = terminal.begin("resume", "r")
    while True:
        code, text = terminal.do("signal", "r", "ask", '{"approved": true, "by": "ann"}')
        if code == 0:
            break
        assert "nobody runs r" in text
    out, err = second.communicate(timeout=60)
    assert (second.returncode, json.loads(out)) == (0, {"end": 1})
    assert "first" not in err, "what was done is not done again"


def test_a_run_is_cancelled_from_elsewhere_or_when_nobody_runs_it(terminal: Terminal) -> None:
    child = terminal.begin("run", "waiting.json", "--run", "r")
    terminal.until("r", "waiting")
    assert terminal.do("cancel", "r") == (0, "r cancelled\n")
    assert child.communicate(timeout=60)[0] is not None
    assert child.returncode == 1
    child = terminal.begin("resume", "r")
    terminal.until("r", "waiting")
    child.kill()
    child.communicate()
    assert terminal.do("cancel", "r") == (0, "r cancelled\n")


def test_control_c_ends_a_run_that_can_be_resumed(terminal: Terminal) -> None:
    child = terminal.begin("run", "waiting.json", "--run", "r")
    terminal.until("r", "waiting")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "go on with  livets flow resume r" in err
    assert "Traceback" not in err
