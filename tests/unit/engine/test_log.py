"""The conformance suite of event logs: every backend, every promise, against a plain model."""

from __future__ import annotations

import asyncio
import importlib.util
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livets.engine.errors import Conflict, LogError, LogFull, MissingExtra, ValueFault
from livets.engine.events import Event, NewEvent
from livets.engine.log import EventLog, MemoryLog, SqliteLog
from livets.engine.log.lmdb import LmdbLog
from livets.engine.values import Json

OPENERS: dict[str, Callable[[Path], EventLog]] = {
    "memory": lambda folder: MemoryLog(),
    "sqlite": lambda folder: SqliteLog(folder / "log.db"),
    "sqlite-power": lambda folder: SqliteLog(folder / "log.db", "power"),
    "lmdb": lambda folder: LmdbLog(folder / "log"),
    "lmdb-power": lambda folder: LmdbLog(folder / "log", "power"),
}
HAS_LMDB = importlib.util.find_spec("lmdb") is not None
BACKENDS = [
    pytest.param(name, marks=pytest.mark.skipif(name.startswith("lmdb") and not HAS_LMDB, reason="needs livets[lmdb]"))
    for name in OPENERS
]


@pytest.fixture(params=BACKENDS)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], EventLog]:
    return lambda: OPENERS[request.param](tmp_path)


@pytest.fixture
async def log(opener: Callable[[], EventLog]) -> AsyncIterator[EventLog]:
    log = opener()
    yield log
    await log.close()


def new(*words: str) -> list[NewEvent]:
    return [NewEvent(word, {"word": word}) for word in words]


def words(events: list[Event]) -> list[str]:
    return [event.type for event in events]


async def test_events_come_back_whole_and_in_order(log: EventLog) -> None:
    data = {"int": 2**70, "bytes": b"\0\xff", "float": 1.0, "json": Json({"type": 1}), "list": [None, True, "é"]}
    first = NewEvent("a", data, ts=12.5, v=3, actor="me", corr="c", cause="x:1")
    assert await log.append("s", [first, *new("b")], expected=0) == 2
    got = await log.read("s")
    assert got[0] == first.at("s", 1)
    assert type(got[0].data["float"]) is float
    assert [event.seq for event in got] == [1, 2]
    assert got[1].ts > 1e9
    assert await log.head("s") == 2
    assert await log.head("other") == 0
    assert await log.read("other") == []


async def test_expected_guards_against_a_second_writer(log: EventLog) -> None:
    await log.append("s", new("a"), expected=0)
    with pytest.raises(Conflict, match="'s' is at 1, not at 0") as caught:
        await log.append("s", new("b"), expected=0)
    assert caught.value.head == 1
    with pytest.raises(Conflict):
        await log.append("s", new("b"), expected=5)
    with pytest.raises(Conflict):
        await log.append("new", new("b"), expected=5)
    assert await log.append("s", new("c"), expected=1) == 2
    assert await log.append("s", []) == 2
    assert words(await log.read("s")) == ["a", "c"]


async def test_an_append_is_all_or_nothing(log: EventLog) -> None:
    await log.append("s", new("a"))
    with pytest.raises(ValueFault):
        await log.append("s", [*new("b"), NewEvent("c", {"x": {1, 2}})])
    assert words(await log.read("s")) == ["a"]


async def test_names_of_streams_are_listed_and_limited(log: EventLog) -> None:
    for name in ("b/1", "a/é", "b/2%", "b_1"):
        await log.append(name, new("x"))
    assert await log.streams() == ["a/é", "b/1", "b/2%", "b_1"]
    assert await log.streams("b/") == ["b/1", "b/2%"]
    assert await log.heads("b/") == {"b/1": 1, "b/2%": 1}
    for name in ("", "x" * 256):
        with pytest.raises(LogError, match="1 to 255 bytes"):
            await log.append(name, new("x"))


async def test_a_fork_shares_the_past_and_goes_its_own_way(log: EventLog) -> None:
    await log.append("main", new("a", "b", "c"))
    await log.fork("main", 2, "side")
    await log.append("main", new("d"))
    assert await log.head("side") == 2
    assert await log.append("side", new("x"), expected=2) == 3
    await log.fork("side", 3, "third")
    assert await log.heads() == {"main": 4, "side": 3, "third": 3}
    await log.append("third", new("y"))
    assert words(await log.read("main")) == ["a", "b", "c", "d"]
    assert words(await log.read("side")) == ["a", "b", "x"]
    third = await log.read("third")
    assert [(e.stream, e.seq, e.type) for e in third] == [
        ("main", 1, "a"), ("main", 2, "b"), ("side", 3, "x"), ("third", 4, "y"),
    ]  # fmt: skip
    assert words(await log.read("third", after=1, limit=2)) == ["b", "x"]
    for bad in (("main", 0, "n"), ("main", 5, "n"), ("ghost", 1, "n"), ("main", 1, "side"), ("main", 1, "main")):
        with pytest.raises(LogError):
            await log.fork(*bad)


async def test_snapshots_are_found_by_version_and_place(log: EventLog) -> None:
    await log.append("s", new(*"abcdef"))
    assert await log.load_snapshot("s") is None
    await log.save_snapshot("s", 2, {"n": 2})
    await log.save_snapshot("s", 5, {"n": 5})
    await log.save_snapshot("s", 6, {"other": True}, version=2)
    await log.fork("s", 4, "child")
    latest = await log.load_snapshot("s")
    assert latest is not None
    assert (latest.seq, latest.state) == (5, {"n": 5})
    early = await log.load_snapshot("s", upto=4)
    assert early is not None
    assert early.seq == 2
    inherited = await log.load_snapshot("child")
    assert inherited is not None
    assert inherited.seq == 2
    assert await log.load_snapshot("child", version=2) is None
    with pytest.raises(LogError):
        await log.save_snapshot("s", 7, {})


async def test_a_subscriber_gets_what_was_and_what_comes_once_each(log: EventLog) -> None:
    await log.append("s", new(*map(str, range(5))))
    got: list[int] = []

    async def listen() -> None:
        async for batch in log.subscribe("s", after=2):
            got.extend(event.seq for event in batch)
            if got[-1] == 105:
                return

    listener = asyncio.create_task(listen())
    for n in range(100):
        await log.append("s", new(str(n)))
    await asyncio.wait_for(listener, 20)
    assert got == list(range(3, 106))


async def test_many_writers_at_once_lose_nothing(log: EventLog) -> None:
    async def write(n: int) -> list[int]:
        return [await log.append("shared", new(f"{n}.{k}a", f"{n}.{k}b")) for k in range(10)]

    heads = await asyncio.gather(*(write(n) for n in range(10)))
    assert sorted(head for run in heads for head in run) == list(range(2, 201, 2))
    got = words(await log.read("shared"))
    assert len(got) == 200
    for n in range(10):
        assert [w for w in got if w.startswith(f"{n}.")] == [f"{n}.{k}{x}" for k in range(10) for x in "ab"]
    assert all(a[:-1] == b[:-1] for a, b in zip(got[::2], got[1::2], strict=True))  # batches are never mixed


async def test_a_closed_log_says_so(opener: Callable[[], EventLog]) -> None:
    log = opener()
    await log.append("s", new("a"))
    await log.close()
    await log.close()
    with pytest.raises(LogError, match="closed"):
        await log.append("s", new("b"))
    again = opener()
    assert words(await again.read("s")) == ([] if isinstance(again, MemoryLog) else ["a"])
    await again.append("s", new("b"))
    await again.close()


Step = tuple[str, Any]
names = st.sampled_from(["p", "q", "r", "t"])
steps = st.lists(
    st.tuples(st.just("append"), st.tuples(names, st.integers(0, 3), st.none() | st.integers(0, 6)))
    | st.tuples(st.just("fork"), st.tuples(names, st.integers(0, 6), names))
    | st.tuples(st.just("read"), st.tuples(names, st.integers(0, 6), st.none() | st.integers(1, 4)))
    | st.tuples(st.just("reopen"), st.none()),
    max_size=25,
)


@pytest.mark.parametrize("backend", BACKENDS)
@given(todo=steps)
@settings(max_examples=25)
def test_any_history_reads_as_the_model_says(backend: str, todo: list[Step]) -> None:
    async def go(folder: Path) -> None:
        log = OPENERS[backend](folder)
        model: dict[str, list[int]] = {}
        counter = 0
        for step, what in todo:
            if step == "append":
                name, count, expected = what
                fresh = list(range(counter, counter + count))
                counter += count
                head = len(model.get(name, []))
                if expected is not None and expected != head:
                    with pytest.raises(Conflict):
                        await log.append(name, [NewEvent("e", {"n": n}) for n in fresh], expected)
                else:
                    assert await log.append(name, [NewEvent("e", {"n": n}) for n in fresh], expected) == head + count
                    if fresh:
                        model.setdefault(name, []).extend(fresh)
            elif step == "fork":
                name, at, child = what
                if child in model or not 0 < at <= len(model.get(name, [])):
                    with pytest.raises(LogError):
                        await log.fork(name, at, child)
                else:
                    await log.fork(name, at, child)
                    model[child] = model[name][:at]
            elif step == "reopen" and backend != "memory":
                await log.close()
                log = OPENERS[backend](folder)
            elif step == "read":
                name, after, limit = what
                got = await log.read(name, after, limit)
                expected_rows = model.get(name, [])[after:][: len(model.get(name, [])) if limit is None else limit]
                assert [e.data["n"] for e in got] == expected_rows
                assert [e.seq for e in got] == list(range(after + 1, after + 1 + len(got)))
        assert await log.streams() == sorted(model)
        await log.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(go(Path(folder)))


async def test_two_logs_on_one_sqlite_file_number_without_gaps(tmp_path: Path) -> None:
    one, two = SqliteLog(tmp_path / "log.db"), SqliteLog(tmp_path / "log.db")
    for n in range(5):
        assert await one.append("s", new("one")) == 2 * n + 1
        assert await two.append("s", new("two")) == 2 * n + 2
    assert await one.append("s", new("one")) == 11
    with pytest.raises(Conflict):  # two believes in 10, as its own last append told it
        await two.append("s", new("two"), expected=10)
    assert await two.append("s", new("two"), expected=11) == 12
    assert words(await one.read("s")) == ["one", "two"] * 6
    await one.close()
    await two.close()


async def test_a_subscriber_hears_of_another_process(tmp_path: Path) -> None:
    one, two = SqliteLog(tmp_path / "log.db"), SqliteLog(tmp_path / "log.db")
    one.poll_seconds = 0.01
    listening = one.subscribe("s")
    task = asyncio.ensure_future(anext(listening))
    await asyncio.sleep(0)
    await two.append("s", new("news"))
    assert words(await asyncio.wait_for(task, 20)) == ["news"]
    await listening.aclose()  # type: ignore[attr-defined]
    await one.close()
    await two.close()


async def test_a_full_memory_log_keeps_nothing_of_what_did_not_fit() -> None:
    log = MemoryLog(max_bytes=200)
    await log.append("s", new("a"))
    with pytest.raises(LogFull):
        await log.append("s", [NewEvent("b", {"x": "y" * 200})])
    await log.append("s", new("c"))
    assert words(await log.read("s")) == ["a", "c"]


async def test_a_full_lmdb_log_keeps_nothing_of_what_did_not_fit(tmp_path: Path) -> None:
    pytest.importorskip("lmdb")
    log = LmdbLog(tmp_path / "log", max_bytes=2**20)
    await log.append("s", new("a"))
    with pytest.raises(LogFull, match="1048576 bytes at most"):
        await log.append("s", [NewEvent("b", {"x": "y" * 2**20})])
    await log.append("s", new("c"))
    assert words(await log.read("s")) == ["a", "c"]
    await log.close()


async def test_an_lmdb_map_grows_by_itself(tmp_path: Path) -> None:
    pytest.importorskip("lmdb")
    log = LmdbLog(tmp_path / "log")
    for _ in range(3):
        await log.append("s", [NewEvent("b", {"x": b"y" * 10_000_000})])
    assert await log.head("s") == 3
    await log.close()


def test_a_missing_lmdb_names_the_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(MissingExtra, match=r"pip install 'livets\[lmdb\]'"):
        LmdbLog(tmp_path / "log")


def test_a_file_that_is_no_log_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(LogError, match=r"log\.db cannot be opened"):
        SqliteLog(tmp_path / "log.db")
