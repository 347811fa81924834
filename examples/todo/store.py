"""The to-do list at rest: one SQLite file (`TODO_DB`). What is removed is only marked, so that it can come back."""

from __future__ import annotations

import msgspec

from examples.database import Database

_database = Database(
    "TODO_DB", "todo (id text primary key, title text not null, done integer not null default 0, removed integer)"
)
_KEEP_S = 3600


class Todo(msgspec.Struct, frozen=True):
    """One thing to do."""

    id: str
    title: str
    done: bool = False


def everything() -> list[Todo]:
    """All of them, oldest first."""
    rows = _database.run("select id, title, done from todo where removed is null order by rowid")
    return [Todo(id, title, bool(done)) for id, title, done in rows]


def find(id: str) -> Todo | None:
    """One of them, if it is there."""
    rows = _database.run("select id, title, done from todo where id = ? and removed is null", id)
    return Todo(rows[0][0], rows[0][1], bool(rows[0][2])) if rows else None


def before(id: str) -> str | None:
    """The one above it, if it is not the first."""
    rows = _database.run(
        "select id from todo where removed is null and rowid < (select rowid from todo where id = ?) "
        "order by rowid desc limit 1",
        id,
    )
    return rows[0][0] if rows else None


def add(todo: Todo) -> None:
    """Keep a new one; one with the same id stays as it is. What was removed long ago is forgotten."""
    _database.run("delete from todo where removed < strftime('%s', 'now') - ?", _KEEP_S)
    _database.run("insert or ignore into todo (id, title, done) values (?, ?, ?)", todo.id, todo.title, todo.done)


def rename(id: str, title: str) -> None:
    """Give it another title."""
    _database.run("update todo set title = ? where id = ?", title, id)


def finish(id: str, done: bool) -> None:
    """Mark it done, or not done."""
    _database.run("update todo set done = ? where id = ?", done, id)


def remove(id: str) -> None:
    """Take it off the list."""
    _database.run("update todo set removed = strftime('%s', 'now') where id = ? and removed is null", id)


def restore(id: str) -> None:
    """Put it back where it was."""
    _database.run("update todo set removed = null where id = ?", id)
