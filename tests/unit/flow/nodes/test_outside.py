"""Nodes that touch something: files, a database, functions. Against real files and a real SQLite."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.retry import RetryPolicy
from livets.flow import Database, FileRoot, Flow, FlowRuntime, Grants
from livets.flow.folders import reading, steps_of
from tests.unit.flow.nodes.running import failure, give


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("canary")
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def grants_for(folder: Path) -> Grants:
    return Grants(files={"data": FileRoot(folder, writable=True), "seen": folder})


async def test_files_are_written_and_read(root: Path) -> None:
    grants, data = grants_for(root), {"root": "data"}
    assert await give("file.write", data, grants, path="a/b/x.txt", content="hé") == {"path": "a/b/x.txt", "size": 3}
    assert await give("file.read", {"root": "seen"}, grants, path="a/b/x.txt") == "hé"
    await give("file.write", {**data, "mode": "append"}, grants, path="a/b/x.txt", content=b"\xff")
    assert await give("file.read", {**data, "form": "bytes"}, grants, path="./a/b/x.txt") == b"h\xc3\xa9\xff"
    assert "text: 'a/b/x.txt' is no UTF-8" in await failure("file.read", data, grants, path="a/b/x.txt")
    assert "limit: " in await failure("file.read", {**data, "max_bytes": 3}, grants, path="a/b/x.txt")
    assert "missing: 'none': No such file" in await failure("file.read", data, grants, path="none")
    assert sorted(path.name for path in (root / "a/b").iterdir()) == ["x.txt"], "no temporary file stays"


async def test_only_what_is_granted_and_only_as_it_is(root: Path) -> None:
    grants = grants_for(root)
    assert "forbidden: no file root 'other'" in await failure("file.read", {"root": "other"}, grants, path="x")
    assert "is read-only" in await failure("file.write", {"root": "seen"}, grants, path="x", content="")


@pytest.mark.parametrize(
    "path", ["../secret", "a/../../secret", "/etc/passwd", "", "a//b", "x\0", "..", "a\\..\\b", "a/.."]
)
async def test_no_path_climbs_out(root: Path, path: str) -> None:
    grants = grants_for(root)
    assert "forbidden: " in await failure("file.read", {"root": "data"}, grants, path=path)
    assert "forbidden: " in await failure("file.write", {"root": "data"}, grants, path=path, content="x")


@given(st.lists(st.sampled_from(["a", "..", ".", "", "b c", "...", "\0"]), max_size=5).map("/".join))
def test_steps_never_climb(path: str) -> None:
    try:
        steps = steps_of(path)
    except NodeError:
        return
    assert not set(steps) & {"", ".", ".."}


async def test_links_are_not_followed(root: Path) -> None:
    grants = grants_for(root)
    (root / "file").symlink_to(root.parent / "secret")
    (root / "folder").symlink_to(root.parent)
    os.mkfifo(root / "pipe")
    for path in ("file", "folder/secret"):
        assert "forbidden: " in await failure("file.read", {"root": "data"}, grants, path=path)
    assert "forbidden: " in await failure("file.write", {"root": "data"}, grants, path="folder/new", content="x")
    append = {"root": "data", "mode": "append"}
    assert "forbidden: " in await failure("file.write", append, grants, path="file", content="x")
    assert "forbidden: 'pipe' is no regular file" in await failure("file.read", {"root": "data"}, grants, path="pipe")
    await give("file.write", {"root": "data"}, grants, path="file", content="mine")  # the link itself is replaced
    assert (root.parent / "secret").read_text() == "canary"
    assert not (root.parent / "new").exists()


def test_a_link_that_is_put_there_at_the_last_moment_is_refused_too(root: Path) -> None:
    (root / "way").mkdir()
    (root / "way" / "secret").write_text("harmless")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            (root / "way").rename(root / "kept")
            (root / "way").symlink_to(root.parent)
            (root / "way").unlink()
            (root / "kept").rename(root / "way")

    thread = threading.Thread(target=swap)
    thread.start()
    seen = set()
    try:
        for _ in range(300):
            try:
                with reading(root, "way/secret") as file:
                    seen.add(file.read())
            except NodeError:
                continue
    finally:
        stop.set()
        thread.join()
    assert seen <= {b"harmless"}


async def test_a_database_is_asked_with_parameters(tmp_path: Path) -> None:
    grants = Grants(databases={"shop": Database.sqlite(tmp_path / "shop.db", writable=True)})
    shop = {"database": "shop"}
    await give("database.query", {**shop, "statement": "CREATE TABLE item (name TEXT, n INT, raw BLOB)"}, grants)
    insert = {**shop, "statement": "INSERT INTO item VALUES (:name, :n, :raw)"}
    attack = "x'); DROP TABLE item; --"
    given = await give("database.query", insert, grants, parameters={"name": attack, "n": 2**40, "raw": b"\0"})
    assert given["changed"] == 1
    select = {**shop, "statement": "SELECT name, n, raw FROM item WHERE n > ?"}
    assert await give("database.query", select, grants, parameters=[1]) == {
        "rows": [{"name": attack, "n": 2**40, "raw": b"\0"}], "columns": ["name", "n", "raw"], "changed": -1,
    }  # fmt: skip
    arrays = await give("database.query", {**select, "form": "arrays"}, grants, parameters=[1])
    assert arrays["rows"] == [[attack, 2**40, b"\0"]]
    twice = {**shop, "statement": "SELECT 1 AS a, 2 AS a"}
    assert "several columns are called a: name them with AS" in await failure("database.query", twice, grants)
    assert (await give("database.query", {**twice, "form": "arrays"}, grants))["rows"] == [[1, 2]]
    assert "limit: " in await failure("database.query", {**select, "max_rows": 0}, grants, parameters=[1])
    assert "database: OperationalError" in await failure("database.query", {**shop, "statement": "SELEC"}, grants)
    assert "no database 'other'" in await failure("database.query", {"database": "other", "statement": ""}, grants)


async def test_a_plain_path_is_read_only_and_no_statement_leaves_the_file(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    read = Grants(databases={"a": tmp_path / "a.db"})
    write = Grants(databases={"a": Database.sqlite(tmp_path / "a.db", writable=True)})

    async def refused(statement: str, grants: Grants) -> str:
        return await failure("database.query", {"database": "a", "statement": statement}, grants)

    assert "readonly" in await refused("INSERT INTO t VALUES (1)", read)
    for statement in (
        f"ATTACH '{tmp_path}/b.db' AS b", f"VACUUM INTO '{tmp_path}/c.db'", "SELECT load_extension('x')",
    ):  # fmt: skip
        assert "database: " in await refused(statement, write)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.db"]


async def test_a_failed_statement_leaves_nothing_behind_and_is_tried_again(tmp_path: Path) -> None:
    database = Database.sqlite(tmp_path / "a.db", writable=True)
    await database.query("CREATE TABLE t (a UNIQUE)")
    await database.query("INSERT INTO t VALUES (1)")
    flow = Flow("again", retry=RetryPolicy(max_attempts=2, delay_ms=1))
    statement = "INSERT INTO t SELECT 2 UNION ALL SELECT 1"
    flow.add("database.query", id="q", config={"database": "a", "statement": statement})
    async with FlowRuntime(grants=Grants(databases={"a": database})) as runtime:
        result = await runtime.run(flow)
        assert (result.failures[0].kind, result.failures[0].attempt) == ("database", 2)
        assert (await database.query("SELECT count(*) FROM t")).rows == [[1]]


async def test_the_pool_is_shared_by_nodes_and_runs_and_holds_its_limit(tmp_path: Path) -> None:
    now = most = 0
    lock = threading.Lock()

    class Slow(sqlite3.Connection):
        def cursor(self, *args: Any) -> Any:
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            made = super().cursor(*args)
            threading.Event().wait(0.002)
            with lock:
                now -= 1
            return made

    database = Database(lambda: sqlite3.connect(tmp_path / "a.db", check_same_thread=False, factory=Slow), size=2)
    flow = Flow("many")
    for _ in range(6):
        flow.add("database.query", config={"database": "a", "statement": "SELECT 1"})
    async with FlowRuntime(grants=Grants(databases={"a": database})) as runtime:
        results = await asyncio.gather(runtime.run(flow), runtime.run(flow))
    assert [result.status for result in results] == ["completed", "completed"]
    assert (most, database.opened) == (2, 2)


async def test_an_endless_query_is_interrupted_and_its_connection_comes_back(tmp_path: Path) -> None:
    database = Database.sqlite(tmp_path / "a.db", writable=True, size=1)
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
    flow = Flow("endless")
    flow.set(flow.add("database.query", id="q", config={"database": "a", "statement": endless}), timeout_s=0.05)
    async with FlowRuntime(grants=Grants(databases={"a": database})) as runtime:
        assert (await runtime.run(flow)).failures[0].kind == "timeout"
        assert (await asyncio.wait_for(database.query("SELECT 1"), 5)).rows == [[1]]


async def test_functions_that_are_granted_are_called_and_no_others() -> None:
    def add(a: int, b: int = 1) -> int:
        return a + b

    async def later(a: int, ctx: NodeContext) -> str:
        return f"{ctx.node} {a}"

    def where() -> bool:
        return threading.current_thread() is threading.main_thread()

    grants = Grants(functions={"add": add, "later": later, "where": where})
    assert await give("python.function", {"name": "add"}, grants, arguments={"a": 2}) == 3
    assert await give("python.function", {"name": "later"}, grants, arguments={"a": 2}) == "node 2"
    assert await give("python.function", {"name": "where"}, grants) is False
    stopping = Grants(functions={"end": lambda: next(iter(()))})
    assert "RuntimeError: the function raised StopIteration" in await failure(
        "python.function", {"name": "end"}, stopping
    )
    assert "input: add: missing a required argument: 'a'" in await failure("python.function", {"name": "add"}, grants)
    for name in ("os.system", "eval", "builtins:exec"):
        assert "forbidden: no function" in await failure("python.function", {"name": name}, grants)


async def approved(answer: Any, **config: Any) -> dict[str, Any]:
    flow = Flow("ask")
    flow.add("flow.approval", id="ask", value=7, config={"prompt": "ship it?", **config})
    async with FlowRuntime() as runtime:
        handle = await runtime.start(flow)
        if answer is not None:
            while not handle.waiting():
                await asyncio.sleep(0)
            await handle.signal("ask", answer)
        return (await asyncio.wait_for(handle.result(), 10)).raise_if_failed().outputs["ask"]  # type: ignore[no-any-return]


async def test_approvals() -> None:
    assert await approved(True) == {"approved": 7, "decision": {"approved": True}}
    no = {"approved": False, "by": "ann", "comment": "not yet"}
    assert await approved(no) == {"rejected": 7, "decision": no}
    assert await approved(None, deadline_s=0.01) == {"late": 7}
    assert await approved(None, deadline_s=0.01, at_deadline="rejected") == {"rejected": 7}
    with pytest.raises(Exception, match="an approval is true or false, not 'yes'"):
        await approved("yes")


async def test_bytes_reach_nodes_as_bytes_also_when_the_journal_keeps_a_reference(tmp_path: Path) -> None:
    flow = Flow("large")
    made = flow.add(lambda: b"[1]" + b" " * 100_000, id="make")
    parsed = flow.add("transform.json_parse", id="parse", text=made)
    flow.add(lambda text: len(text), id="text", text=made)
    flow.output("parsed", parsed)
    inner = Flow("inner")
    inner.add(lambda b: len(b), id="len", b=inner.input("item"))
    listed = flow.add(lambda a: [a], id="list", a=made)
    many = flow.add("flow.map", id="many", items=listed, config={"workflow": flow.define(inner)})
    flow.output("many", many["out"])
    async with FlowRuntime(tmp_path) as runtime:
        outputs = (await runtime.run(flow)).raise_if_failed().outputs
    assert outputs == {"parsed": [1], "many": [100_003]}
