"""The to-do list at rest: one SQLite file, shared by all workers on this machine.

Every write may be repeated without harm: livets runs a handler again when its worker died before the
result was safe (ADR 0002), so ids come from the event's id and values are set, never toggled.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import msgspec


class Todo(msgspec.Struct, frozen=True):
    """One thing to do."""

    id: str
    title: str
    done: bool = False


def path() -> Path:
    """`TODO_DB`, or a file in the temporary directory."""
    return Path(os.environ.get("TODO_DB") or Path(tempfile.gettempdir()) / f"livets-todo-{os.getuid()}.db")


def _connect() -> sqlite3.Connection:
    connection = sqlite3.connect(path(), timeout=5, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute(
        "create table if not exists todo (id text primary key, title text not null, done integer not null default 0)"
    )
    return connection


def _run(sql: str, *values: object) -> list[tuple[str, str, int]]:
    with closing(_connect()) as connection:
        return connection.execute(sql, values).fetchall()


def everything() -> list[Todo]:
    """All of them, oldest first."""
    rows = _run("select id, title, done from todo order by rowid")
    return [Todo(id, title, bool(done)) for id, title, done in rows]


def find(id: str) -> Todo | None:
    """One of them, if it is there."""
    rows = _run("select id, title, done from todo where id = ?", id)
    return Todo(rows[0][0], rows[0][1], bool(rows[0][2])) if rows else None


def add(todo: Todo) -> None:
    """Keep a new one; one with the same id stays as it is."""
    _run("insert or ignore into todo (id, title, done) values (?, ?, ?)", todo.id, todo.title, todo.done)


def rename(id: str, title: str) -> None:
    """Give it another title."""
    _run("update todo set title = ? where id = ?", title, id)


def finish(id: str, done: bool) -> None:
    """Mark it done, or not done."""
    _run("update todo set done = ? where id = ?", done, id)


def remove(id: str) -> None:
    """Forget it."""
    _run("delete from todo where id = ?", id)


def clear_done() -> None:
    """Forget all that are done."""
    _run("delete from todo where done = 1")
