"""The event log in one SQLite file (WAL): the default of every engine.

Sequence numbers are safe with several processes: a primary key on (stream, seq) makes the slower writer read the
head again. In WAL mode with synchronous=NORMAL a commit survives kill -9; with FULL ("power") a power cut too. What a
torn or truncated WAL loses is a suffix, never a middle: SQLite replays whole transactions up to the first bad frame.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from pathlib import Path

from livets.engine.errors import Conflict, LogError, LogFull
from livets.engine.log.base import Durability, EventLog
from livets.engine.log.request import Request

_SCHEMA = """
CREATE TABLE IF NOT EXISTS streams (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, parent TEXT, base INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS events (
    stream INTEGER NOT NULL, seq INTEGER NOT NULL, record BLOB NOT NULL, PRIMARY KEY (stream, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS snapshots (
    stream INTEGER NOT NULL, seq INTEGER NOT NULL, version INTEGER NOT NULL, state BLOB NOT NULL,
    PRIMARY KEY (stream, version, seq)) WITHOUT ROWID;
"""
_CHECKPOINT_BYTES = 8_000_000
_BUSY_SECONDS = 10.0
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}


class SqliteLog(EventLog):
    """Streams in the SQLite file at `path` (made with mode 0600 when it is not there)."""

    def __init__(self, path: str | os.PathLike[str], durability: Durability = "process") -> None:
        super().__init__(durability)
        self.path = Path(path)
        self.runners = self.path.with_name(self.path.name + ".runners")
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        self._writer = self._connect()
        self._writer.execute(f"PRAGMA synchronous={'FULL' if durability == 'power' else 'NORMAL'}")
        self._writer.execute("PRAGMA wal_autocheckpoint=0")
        with contextlib.closing(self._writer.cursor()) as cursor:
            cursor.executescript(_SCHEMA)
        self._writing = threading.Lock()
        self._reader = self._connect()
        self._reader.execute("PRAGMA query_only=1")
        self._heads: dict[str, tuple[int, int]] = {}
        self._unchecked = 0
        self._checkpointing = False

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=64
        )
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.DatabaseError as error:
            connection.close()
            raise LogError(f"{self.path} cannot be opened as an event log: {error}") from error
        return connection

    def _commit(self, requests: list[Request]) -> None:
        with self._writing:
            heads: dict[str, tuple[int, int]] = {}
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                for request in requests:
                    self._apply(request, heads)
                self._writer.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise self._named(error) from error
            except BaseException:
                self._roll_back()
                raise
            self._heads.update(heads)
        self._unchecked += sum(len(record) for request in requests for record in request.records)
        if self._unchecked > _CHECKPOINT_BYTES and not self._checkpointing:
            self._unchecked, self._checkpointing = 0, True
            threading.Thread(target=self._checkpoint, name="livets-log-checkpoint", daemon=True).start()

    def _apply(self, request: Request, heads: dict[str, tuple[int, int]]) -> None:
        name = request.stream
        known = heads.get(name) or self._heads.get(name) or self._find(name)
        for _ in range(2):
            number, head = known
            if request.expected is not None and request.expected != head:
                if known == (fresh := self._find(name)):
                    request.result = Conflict(name, request.expected, head)
                    return
                known = fresh
                continue
            if not request.records:
                request.result = head
                return
            if number < 0:
                number = self._writer.execute("INSERT INTO streams (name) VALUES (?)", (name,)).lastrowid or 0
            rows = [(number, head + 1 + n, record) for n, record in enumerate(request.records)]
            try:
                self._writer.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)
            except sqlite3.IntegrityError:  # another process was here: its first event is where ours should go
                known = self._find(name)
                continue
            request.result = head + len(rows)
            heads[name] = (number, request.result)
            return
        number, head = known
        request.result = Conflict(name, head if request.expected is None else request.expected, head)

    def _find(self, name: str, connection: sqlite3.Connection | None = None) -> tuple[int, int]:
        """Number and head of a stream as the file has them; (-1, 0) when there is none."""
        connection = connection or self._writer
        row = connection.execute("SELECT id, base FROM streams WHERE name = ?", (name,)).fetchone()
        if row is None:
            return -1, 0
        last = connection.execute("SELECT max(seq) FROM events WHERE stream = ?", (row[0],)).fetchone()[0]
        return row[0], last or row[1]

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")

    def _named(self, error: sqlite3.Error) -> LogError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _FULL:
            return LogFull(f"{self.path}: {error}; nothing of this append was kept: free space and append again")
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return LogError(f"{self.path} was locked by another process for {_BUSY_SECONDS:.0f} s; nothing was kept")
        return LogError(f"{self.path}: {error}; nothing of this append was kept")

    def _checkpoint(self) -> None:
        try:
            with contextlib.closing(self._connect()) as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except (sqlite3.Error, LogError):
            pass  # the next one will do it
        finally:
            self._checkpointing = False

    def _head(self, stream: str) -> int:
        return self._find(stream, self._reader)[1]

    def _lineage(self, stream: str, upto: int | None) -> list[tuple[str, int, int, int]]:
        """(name, number, base, upto) of the stream and its ancestors, the oldest last."""
        found = []
        name: str | None = stream
        while name is not None:
            row = self._reader.execute("SELECT id, parent, base FROM streams WHERE name = ?", (name,)).fetchone()
            if row is None:
                break
            limit = 2**62 if upto is None else upto
            found.append((name, row[0], row[2], limit))
            name, upto = row[1], min(row[2], limit)
        return found

    def _read(self, stream: str, after: int, limit: int | None) -> list[tuple[str, int, bytes]]:
        rows: list[tuple[str, int, bytes]] = []
        for name, number, _, upto in reversed(self._lineage(stream, None)):
            if upto <= after:
                continue
            left = -1 if limit is None else limit - len(rows)
            if left == 0:
                break
            found = self._reader.execute(
                "SELECT seq, record FROM events WHERE stream = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
                (number, after, upto, left),
            )
            rows += [(name, seq, record) for seq, record in found]
        return rows

    def _streams(self, prefix: str) -> list[str]:
        names = self._reader.execute("SELECT name FROM streams WHERE substr(name, 1, ?) = ?", (len(prefix), prefix))
        return sorted(name for (name,) in names)

    def _heads_of(self, prefix: str) -> dict[str, int]:
        rows = self._reader.execute(
            "SELECT name, base, (SELECT max(seq) FROM events WHERE stream = streams.id) FROM streams "
            "WHERE substr(name, 1, ?) = ?",
            (len(prefix), prefix),
        )
        return {name: last or base for name, base, last in rows}

    def _fork(self, stream: str, at: int, child: str) -> None:
        self._write("INSERT INTO streams (name, parent, base) VALUES (?, ?, ?)", (child, stream, at))

    def _save_snapshot(self, stream: str, seq: int, version: int, state: bytes) -> None:
        number = self._find(stream, self._reader)[0]
        self._write("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)", (number, seq, version, state))

    def _write(self, statement: str, row: tuple[object, ...]) -> None:
        with self._writing:
            try:
                self._writer.execute(statement, row)
            except sqlite3.Error as error:
                self._roll_back()
                raise self._named(error) from error

    def _load_snapshot(self, stream: str, version: int, upto: int | None) -> tuple[int, bytes] | None:
        for _, number, _, limit in self._lineage(stream, upto):
            row: tuple[int, bytes] | None = self._reader.execute(
                "SELECT seq, state FROM snapshots WHERE stream = ? AND version = ? AND seq <= ? "
                "ORDER BY seq DESC LIMIT 1",
                (number, version, limit),
            ).fetchone()
            if row is not None:
                return row
        return None

    def _close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._reader.close()
        self._writer.close()
