"""kill -9 of runs in push mode: they go on from their last checkpoint, and every memory is as if nothing had been."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.flow.killed_stream import LIMIT

ROOT = Path(__file__).parents[3]
WINDOWS = -(-LIMIT // 7)
EXPECTED = {"total": sum(range(LIMIT)) * 10_001, "count": [WINDOWS, sum(range(LIMIT))]}


def attempt(folder: Path, kill_after: float) -> str:
    """Run or resume once, killed `kill_after` seconds after it began to give numbers; return what it printed."""
    size = (folder / "given").stat().st_size if (folder / "given").exists() else 0
    command = [sys.executable, "-m", "tests.integration.flow.killed_stream", str(folder)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    if kill_after:
        while child.poll() is None and (not (folder / "given").exists() or (folder / "given").stat().st_size == size):
            time.sleep(0.001)
        try:
            child.wait(kill_after)
        except subprocess.TimeoutExpired:
            child.kill()
    out, err = child.communicate(timeout=60)
    assert child.returncode in (0, -9), err.decode()
    return out.decode()


def killed(folder: Path, kills: int, chance: random.Random) -> int:
    """Kill again and again, then let it end, and look at what it came to; returns how often it was killed."""
    out, count = "", 0
    for _ in range(kills):
        out = attempt(folder, chance.uniform(0.001, 0.1))
        if out:
            break
        count += 1
    status, outputs = json.loads(out or attempt(folder, 0))
    assert (status, outputs) == ("completed", EXPECTED)
    given = (folder / "given").read_text().splitlines()
    assert set(given) >= set(map(str, range(LIMIT)))
    return count


def test_killed_at_random(tmp_path: Path) -> None:
    assert killed(tmp_path, 4, random.Random(1)) >= 1


@pytest.mark.nightly
@pytest.mark.timeout(1200)
def test_a_hundred_kills(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    total, number = 0, 0
    while total < 100:
        folder = tmp_path / str(number)
        folder.mkdir()
        total += killed(folder, 6, random.Random())
        number += 1
    with capsys.disabled():
        print(f"\nstreams: {total} kills in {number} runs")
