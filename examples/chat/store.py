"""What was said in the rooms: one SQLite file (`CHAT_DB`), shared by all workers on this machine."""

from __future__ import annotations

import time

import msgspec

from examples.database import Database

_COLUMNS = "id text primary key, room text not null, name text not null, text text not null, at real not null"
_database = Database("CHAT_DB", f"said ({_COLUMNS})")


class Message(msgspec.Struct, frozen=True):
    """One line of a room."""

    id: str
    name: str
    text: str
    at: float
    """Unix time in seconds."""

    @property
    def clock(self) -> str:
        """Hours and minutes at the server."""
        return time.strftime("%H:%M", time.localtime(self.at))


def latest(room: str, count: int) -> list[Message]:
    """The last messages of a room, oldest first."""
    rows = _database.run("select id, name, text, at from said where room = ? order by rowid desc limit ?", room, count)
    return [Message(*row) for row in reversed(rows)]


def add(room: str, message: Message) -> None:
    """Keep a message; one with the same id stays as it is."""
    _database.run(
        "insert or ignore into said (id, room, name, text, at) values (?, ?, ?, ?, ?)",
        message.id, room, message.name, message.text, message.at,
    )  # fmt: skip
