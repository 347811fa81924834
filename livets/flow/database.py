"""A database that nodes may query: a pool of DB-API connections, opened when first needed, shared by all runs.

Statements run in threads. A query that is cancelled or times out is interrupted where the driver can (SQLite,
psycopg), and its connection comes back to the pool only when the thread has let go of it, rolled back.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import decimal
import sqlite3
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from livets.engine.errors import NodeError

Parameters = Sequence[Any] | Mapping[str, Any]


class Rows(msgspec.Struct, frozen=True):
    """What a statement came to: names of the columns, rows as lists, and how many rows it changed (-1: not known)."""

    columns: list[str]
    rows: list[list[Any]]
    changed: int


class Database:
    """Connections that `connect` opens, at most `size` at once; `Database.sqlite(path)` is the shortest way to one.

    With psycopg: `Database(lambda: psycopg.connect("dbname=shop"), size=5)`.
    """

    def __init__(self, connect: Callable[[], Any], size: int = 4) -> None:
        if size < 1:
            raise ValueError("a pool of connections needs room for at least one")
        self._connect = connect
        self._free: list[Any] = []
        self._places = asyncio.Semaphore(size)
        self._threads: set[asyncio.Future[Any]] = set()
        self.opened = 0
        """How many connections were ever opened."""

    @classmethod
    def sqlite(cls, path: str | Path, *, writable: bool = False, size: int = 4) -> Database:
        """Return a database in an SQLite file. Its statements reach no other file: ATTACH and the like are refused."""
        mode = "rwc" if writable else "ro"
        where = f"{Path(path).absolute().as_uri()}?mode={mode}"

        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(where, uri=True, check_same_thread=False, timeout=10.0)
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            connection.set_authorizer(_authorize)
            return connection

        return cls(connect, size)

    async def query(self, statement: str, parameters: Parameters = (), *, max_rows: int = 10_000) -> Rows:
        """Run one statement in a transaction of its own, and commit; raises NodeError (kind "database", "limit")."""
        async with self._places:
            connection = self._free.pop() if self._free else None
            holder: list[Any] = [connection]
            work = asyncio.ensure_future(asyncio.to_thread(self._run, holder, statement, parameters, max_rows))
            self._threads.add(work)
            work.add_done_callback(self._threads.discard)
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                await self._interrupt(holder, work)
                raise
            finally:
                if holder[0] is not None:
                    self._free.append(holder[0])

    async def close(self) -> None:
        """Close every connection that is free, after what runs has ended."""
        if self._threads:
            await asyncio.wait(self._threads)
        while self._free:
            await asyncio.to_thread(self._free.pop().close)

    async def _interrupt(self, holder: list[Any], work: asyncio.Future[Rows]) -> None:
        while not work.done():
            stop = getattr(holder[0], "interrupt", None) or getattr(holder[0], "cancel", None)
            if stop is not None:
                with contextlib.suppress(Exception):  # it may have ended this very moment
                    stop()
            await asyncio.wait([work], timeout=0.05)
            if stop is None and holder[0] is not None:
                break
        if work.done():
            work.exception()  # seen: it is the interruption itself
        else:  # the driver cannot interrupt: this connection is given up, the thread ends when it ends
            holder[0] = None

    def _run(self, holder: list[Any], statement: str, parameters: Parameters, max_rows: int) -> Rows:
        try:
            if holder[0] is None:
                holder[0] = self._connect()
                self.opened += 1
            connection = holder[0]
            cursor = connection.cursor()
            try:
                cursor.execute(statement, parameters)
                columns = [str(one[0]) for one in cursor.description or ()]
                found = cursor.fetchmany(max_rows + 1) if columns else []
                if len(found) > max_rows:
                    raise NodeError(
                        f"more than {max_rows} rows: add LIMIT, or raise max_rows", "limit", retryable=False
                    )
                rows = [[_value(cell) for cell in row] for row in found]
                connection.commit()
                return Rows(columns, rows, cursor.rowcount)
            finally:
                cursor.close()
        except NodeError:
            self._roll_back(holder)
            raise
        except Exception as error:  # whatever the driver raises
            self._roll_back(holder)
            raise NodeError(f"{type(error).__name__}: {error}", "database") from error

    def _roll_back(self, holder: list[Any]) -> None:
        """Leave a clean connection behind, or none."""
        if holder[0] is not None:
            try:
                holder[0].rollback()
            except Exception:  # a broken connection is not given back
                holder[0] = None


_REFUSED = {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH}


def _authorize(action: int, first: Any, second: Any, database: Any, trigger: Any) -> int:
    if action in _REFUSED:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_FUNCTION and str(second).lower() in ("load_extension", "fts3_tokenizer"):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _value(cell: Any) -> Any:
    """A cell as a value: dates and decimals as text, memory views as bytes."""
    if isinstance(cell, memoryview | bytearray):
        return bytes(cell)
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    if isinstance(cell, decimal.Decimal | uuid.UUID | datetime.timedelta):
        return str(cell)
    return cell
