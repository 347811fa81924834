"""Event logs under kill -9, torn tails and a full disk: what was acknowledged is there, what is there is whole."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from livets.engine.events import Event, NewEvent
from livets.engine.log import EventLog, SqliteLog
from tests.integration.engine.log_writer import OPENERS

ROOT = Path(__file__).parents[3]
HAS_LMDB = importlib.util.find_spec("lmdb") is not None
DURABLE = [
    pytest.param(name, marks=pytest.mark.skipif(name.startswith("lmdb") and not HAS_LMDB, reason="needs livets[lmdb]"))
    for name in OPENERS
]


def start(backend: str, folder: Path, *more: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.integration.engine.log_writer", backend, str(folder), *map(str, more)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)


def whole_batches(events: list[Event]) -> dict[int, int]:
    """Check that every batch is there completely and in its writer's order; return each writer's last batch."""
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    last: dict[int, int] = {}
    at = 0
    while at < len(events):
        if events[at].type == "room":
            at += 1
            continue
        data = events[at].data
        batch = events[at : at + data["size"]]
        assert [e.data["i"] for e in batch] == list(range(data["size"]))
        assert {(e.data["w"], e.data["b"]) for e in batch} == {(data["w"], data["b"])}
        assert all(e.data["body"] == b"x" * (data["b"] * 37 % 3000) for e in batch)
        assert data["b"] == last.get(data["w"], 0) + 1
        last[data["w"]] = data["b"]
        at += data["size"]
    return last


async def read_all(log: EventLog) -> list[Event]:
    events = await log.read("s")
    await log.close()
    return events


async def kill_and_look(backend: str, folder: Path, writers: int, after_bytes: int) -> int:
    """Kill a writer once it has acknowledged about `after_bytes` of lines; returns how many events survived."""
    child = start(backend, folder, writers)
    assert child.stdout is not None
    told = b""
    while len(told) < after_bytes:
        told += os.read(child.stdout.fileno(), 4096)
    child.kill()
    told += child.stdout.read()
    child.wait()
    child.stdout.close()
    events = await read_all(OPENERS[backend](folder))
    last = whole_batches(events)
    for line in told.decode().splitlines():
        if line.count(" ") == 2:
            writer, batch, head = map(int, line.split())
            assert last[writer] >= batch
            assert len(events) >= head
    return len(events)


@pytest.mark.parametrize("backend", DURABLE)
async def test_what_was_acknowledged_survives_kill_9(backend: str, tmp_path: Path) -> None:
    chance = random.Random(backend)
    for n in range(3):
        folder = tmp_path / str(n)
        folder.mkdir()
        assert await kill_and_look(backend, folder, chance.choice([1, 8]), chance.randrange(1, 6000)) > 0


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("backend", DURABLE)
async def test_many_kills_at_random(backend: str, tmp_path: Path) -> None:
    chance = random.Random()
    for n in range(60):
        folder = tmp_path / str(n)
        folder.mkdir()
        await kill_and_look(backend, folder, chance.choice([1, 3, 20]), chance.randrange(1, 40_000))
        shutil.rmtree(folder)


@pytest.mark.parametrize("step", [211, pytest.param(1, marks=[pytest.mark.nightly, pytest.mark.timeout(1800)])])
async def test_a_tail_torn_at_any_byte_is_a_suffix_lost(tmp_path: Path, step: int) -> None:
    """Cut the WAL at every byte (or each 211th): what remains is a prefix of the appends, and whole."""
    log = SqliteLog(tmp_path / "log.db")
    sizes = []
    for n in range(6):
        await log.append("s", [NewEvent("e", {"n": n, "i": i, "pad": "x" * 50 * n}) for i in range(n + 1)])
        sizes.append(os.stat(tmp_path / "log.db-wal").st_size)
    database, wal = (tmp_path / "log.db").read_bytes(), (tmp_path / "log.db-wal").read_bytes()
    await log.close()
    assert await survivors(tmp_path, database, wal) == 21
    for length in sorted({*range(0, len(wal), step), *sizes, *(size - 1 for size in sizes)}):
        count = await survivors(tmp_path, database, wal[:length])
        assert count == sum(n + 1 for n, size in enumerate(sizes) if size <= length), length


async def survivors(folder: Path, database: bytes, wal: bytes) -> int:
    """Open a copy whose WAL is `wal`, check that batches are whole and that it can be appended to; count the events."""
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    (copy / "log.db").write_bytes(database)
    (copy / "log.db-wal").write_bytes(wal)
    log = SqliteLog(copy / "log.db")
    events = await log.read("s")
    assert [(e.data["n"], e.data["i"]) for e in events] == [(n, i) for n in range(6) for i in range(n + 1)][
        : len(events)
    ]
    assert await log.append("s", [NewEvent("more", {})], expected=len(events)) == len(events) + 1
    await log.close()
    return len(events)


async def test_a_flipped_byte_in_the_tail_loses_a_suffix_only(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db")
    for n in range(6):
        await log.append("s", [NewEvent("e", {"n": n, "i": i, "pad": ""}) for i in range(n + 1)])
    database, wal = (tmp_path / "log.db").read_bytes(), (tmp_path / "log.db-wal").read_bytes()
    await log.close()
    chance = random.Random(5)
    for _ in range(40):
        at = chance.randrange(len(wal) // 2, len(wal))
        damaged = wal[:at] + bytes([wal[at] ^ 0xFF]) + wal[at + 1 :]
        assert await survivors(tmp_path, database, damaged) in {0, 1, 3, 6, 10, 15, 21}


@pytest.mark.parametrize("backend", DURABLE)
async def test_a_full_disk_keeps_nothing_of_what_did_not_fit(backend: str, tmp_path: Path) -> None:
    child = await asyncio.to_thread(run_full, backend, tmp_path)
    lines = child.stdout.decode().splitlines()
    assert child.returncode == 0, child.stderr.decode()
    word, before, after = lines[-1].split()
    assert word == "full"
    assert int(after) == int(before) + 1
    acknowledged = int(lines[-2].split()[2])
    events = await read_all(OPENERS[backend](tmp_path))
    whole_batches(events)
    assert len(events) == int(after) > acknowledged > 10
    assert int(before) == acknowledged


def run_full(backend: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    limit = 400_000
    command = [sys.executable, "-m", "tests.integration.engine.log_writer", backend, str(folder), "1", str(limit)]
    return subprocess.run(command, capture_output=True, timeout=60, cwd=ROOT, check=False)
