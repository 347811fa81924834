"""kill -9 at write boundaries and at random moments: what the journal has is never done again, and the run ends right.

The short version makes about 40 kills; `pytest -m nightly` makes several hundred. Each shape is killed again and again
while it is resumed, until it completes.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from livets.engine.log import SqliteLog
from livets.flow.journal import Recorded
from tests.integration.flow.killed_run import SIZE

ROOT = Path(__file__).parents[3]
EXPECTED: dict[str, dict[str, Any]] = {
    "chain": {"total": SIZE},
    "fan": {"merge": [2] * SIZE, "total": SIZE + 1},
    "mixed": {"merge": [2] * SIZE, "map": [n + 2 for n in range(8)]},
}


def command(folder: Path, shape: str, durability: str, kill_at: int = 0) -> list[str]:
    return [sys.executable, "-m", "tests.integration.flow.killed_run", str(folder), shape, durability, str(kill_at)]


async def recorded(folder: Path) -> set[str]:
    """The paths of the nodes that the journal calls completed."""
    if not (folder / "journal.db").exists():
        return set()
    log = SqliteLog(folder / "journal.db")
    try:
        return set(Recorded(await log.read("flow/run")).outputs)
    finally:
        await log.close()


def executed(folder: Path) -> Counter[str]:
    path = folder / "executed"
    return Counter(path.read_text().splitlines() if path.exists() else [])


async def attempt(folder: Path, shape: str, durability: str, kill_at: int = 0, kill_after: float = 0) -> str:
    """Run or resume once, killed or not, and check that nothing recorded was done again; returns what it printed."""
    known, before = await recorded(folder), executed(folder)
    child = subprocess.Popen(
        command(folder, shape, durability, kill_at), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    if kill_after:
        while not (folder / "journal.db").exists() and child.poll() is None:
            time.sleep(0.001)
        try:
            child.wait(kill_after)
        except subprocess.TimeoutExpired:
            child.kill()
    out, err = child.communicate(timeout=60)
    assert child.returncode in (0, -9), err.decode()
    again = executed(folder) - before
    assert not known & set(again), f"done again although recorded: {sorted(known & set(again))}"
    return out.decode()


async def check_end(folder: Path, shape: str, out: str) -> None:
    if not out:
        out = await attempt(folder, shape, "process")
    if out:  # else: killed after the last commit, so that nothing was left to resume
        status, outputs = json.loads(out)
        assert (status, outputs) == ("completed", EXPECTED[shape])
    log = SqliteLog(folder / "journal.db")
    story = Recorded(await log.read("flow/run"))
    await log.close()
    assert story.status == "completed"


async def killed_at_boundaries(folder: Path, shape: str, durability: str, boundaries: list[int]) -> int:
    kills = 0
    for number, kill_at in enumerate(boundaries):
        place = folder / str(number)
        place.mkdir()
        out = await attempt(place, shape, durability, kill_at=kill_at)
        kills += not out
        await check_end(place, shape, out)
    return kills


async def killed_at_random(folder: Path, shape: str, durability: str, runs: int, chance: random.Random) -> int:
    kills = 0
    for number in range(runs):
        place = folder / f"random-{number}"
        place.mkdir()
        for _ in range(4):
            out = await attempt(place, shape, durability, kill_after=chance.uniform(0.001, 0.06))
            if out:
                break
            kills += 1
        await check_end(place, shape, out)
    return kills


@pytest.mark.parametrize("shape", EXPECTED)
async def test_kills_at_write_boundaries(tmp_path: Path, shape: str) -> None:
    assert await killed_at_boundaries(tmp_path, shape, "process", [1, 2, 5, 6, 7, 8, 11]) >= 4


@pytest.mark.parametrize("shape", EXPECTED)
async def test_kills_at_random(tmp_path: Path, shape: str) -> None:
    await killed_at_random(tmp_path, shape, "process", 2, random.Random(shape))


@pytest.mark.nightly
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("durability", ["process", "power"])
@pytest.mark.parametrize("shape", EXPECTED)
async def test_hundreds_of_kills(
    tmp_path: Path, shape: str, durability: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kills = await killed_at_boundaries(tmp_path, shape, durability, list(range(1, 45)))
    kills += await killed_at_random(tmp_path, shape, durability, 8, random.Random())
    with capsys.disabled():
        print(f"\n{shape} {durability}: {kills} kills")
