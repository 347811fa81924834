"""SQLite for the examples that keep something: one file each, shared by all workers on this machine.

Every write may be repeated without harm: livets runs a handler again when its worker died before the result was safe
(docs/adr/0002), so ids come from the event's id, and values are set, never toggled.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any


class Database:
    """A file with one table, made when it is first used. `variable`: the environment variable that names the file."""

    def __init__(self, variable: str, table: str) -> None:
        self._variable = variable
        self._table = table

    @property
    def path(self) -> Path:
        """As the environment says, else a file in the temporary directory."""
        default = Path(tempfile.gettempdir()) / f"livets-{self._variable.lower()}-{os.getuid()}.sqlite"
        return Path(os.environ.get(self._variable) or default)

    def run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        with closing(sqlite3.connect(self.path, timeout=5, isolation_level=None)) as connection:
            connection.execute("pragma journal_mode = wal")
            connection.execute(f"create table if not exists {self._table}")
            return connection.execute(sql, values).fetchall()
