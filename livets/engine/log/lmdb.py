"""The event log in LMDB (extra `livets[lmdb]`): the fastest for many writers; one lock for all processes.

The map grows by itself up to `max_bytes`. LMDB writes copies of pages and switches a root, so a killed writer leaves
the last committed state; there is no tail that could be torn. LMDB allows one environment for each path and process.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

from livets.engine.encoding import pack, unpack
from livets.engine.errors import Conflict, LogError, LogFull, MissingExtra
from livets.engine.log.base import Durability, EventLog
from livets.engine.log.request import Request

_KEY = struct.Struct(">QQ")
_SNAPSHOT_KEY = struct.Struct(">QQQ")


class LmdbLog(EventLog):
    """Streams in the LMDB folder at `path`; `max_bytes` is how far the map may grow."""

    def __init__(
        self, path: str | os.PathLike[str], durability: Durability = "process", max_bytes: int = 64 * 2**30
    ) -> None:
        try:
            import lmdb
        except ImportError as error:
            raise MissingExtra("LmdbLog", "lmdb", "lmdb") from error
        super().__init__(durability)
        self._lmdb = lmdb
        self._max_bytes = max_bytes
        Path(path).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.runners = Path(path) / "runners"
        try:
            self._env = lmdb.open(
                os.fspath(path), map_size=min(16 * 2**20, max_bytes), max_dbs=3, sync=durability == "power", mode=0o600
            )
            self._streams_db = self._env.open_db(b"streams")
            self._events_db = self._env.open_db(b"events")
            self._snapshots_db = self._env.open_db(b"snapshots")
        except lmdb.Error as error:
            raise LogError(f"{path} cannot be opened as an event log: {error}") from error

    def _commit(self, requests: list[Request]) -> None:
        self._growing(lambda: self._write(requests))

    def _growing(self, work: Any) -> None:
        """Do `work` (one whole transaction); when the map is full, make it larger and do it again."""
        while True:
            try:
                work()
            except self._lmdb.MapFullError as error:
                size = self._env.info()["map_size"]
                if size >= self._max_bytes:
                    raise LogFull(f"the log holds {self._max_bytes} bytes at most; nothing was kept") from error
                self._env.set_mapsize(min(size * 2, self._max_bytes))
            except self._lmdb.MapResizedError:
                self._env.set_mapsize(0)
            except self._lmdb.Error as error:
                # A write that the disk takes only half of is an "Input/output error" to LMDB.
                full = any(word in str(error) for word in ("No space", "File too large", "quota", "Input/output"))
                raise (LogFull if full else LogError)(f"{error}; nothing of this append was kept") from error
            else:
                return

    def _write(self, requests: list[Request]) -> None:
        with self._env.begin(write=True) as txn:
            for request in requests:
                number, head, base, parent = self._stream(txn, request.stream)
                if request.expected is not None and request.expected != head:
                    request.result = Conflict(request.stream, request.expected, head)
                    continue
                if request.records and number == 0:
                    number = txn.stat(self._streams_db)["entries"] + 1
                for record in request.records:
                    head += 1
                    txn.put(_KEY.pack(number, head), record, db=self._events_db, append=False)
                if request.records:
                    self._put_stream(txn, request.stream, (number, head, base, parent))
                request.result = head

    def _stream(self, txn: Any, name: str) -> tuple[int, int, int, str | None]:
        found = txn.get(name.encode(), db=self._streams_db)
        if found is None:
            return 0, 0, 0, None
        number, head, base, parent = unpack(found)
        return number, head, base, parent

    def _put_stream(self, txn: Any, name: str, fields: tuple[int, int, int, str | None]) -> None:
        txn.put(name.encode(), pack(list(fields)), db=self._streams_db)

    def _head(self, stream: str) -> int:
        with self._env.begin() as txn:
            return self._stream(txn, stream)[1]

    def _lineage(self, txn: Any, stream: str, upto: int | None) -> list[tuple[str, int, int]]:
        """(name, number, upto) of the stream and its ancestors, the oldest last."""
        found = []
        name: str | None = stream
        while name is not None:
            number, head, base, parent = self._stream(txn, name)
            limit = head if upto is None else min(upto, head)
            found.append((name, number, limit))
            name, upto = parent, min(base, limit)
        return found

    def _read(self, stream: str, after: int, limit: int | None) -> list[tuple[str, int, bytes]]:
        rows: list[tuple[str, int, bytes]] = []
        with self._env.begin() as txn, txn.cursor(db=self._events_db) as cursor:
            for name, number, upto in reversed(self._lineage(txn, stream, None)):
                if upto <= after or not cursor.set_range(_KEY.pack(number, after + 1)):
                    continue
                for key, record in cursor.iternext():
                    its_number, seq = _KEY.unpack(key)
                    if its_number != number or seq > upto or (limit is not None and len(rows) >= limit):
                        break
                    rows.append((name, seq, bytes(record)))
        return rows

    def _streams(self, prefix: str) -> list[str]:
        names = []
        with self._env.begin() as txn, txn.cursor(db=self._streams_db) as cursor:
            if cursor.set_range(prefix.encode()) if prefix else cursor.first():
                for key in cursor.iternext(values=False):
                    if not bytes(key).startswith(prefix.encode()):
                        break
                    names.append(bytes(key).decode())
        return sorted(names)

    def _fork(self, stream: str, at: int, child: str) -> None:
        def work() -> None:
            with self._env.begin(write=True) as txn:
                number = txn.stat(self._streams_db)["entries"] + 1
                self._put_stream(txn, child, (number, at, at, stream))

        self._growing(work)

    def _save_snapshot(self, stream: str, seq: int, version: int, state: bytes) -> None:
        def work() -> None:
            with self._env.begin(write=True) as txn:
                key = _SNAPSHOT_KEY.pack(self._stream(txn, stream)[0], version, seq)
                txn.put(key, state, db=self._snapshots_db)

        self._growing(work)

    def _load_snapshot(self, stream: str, version: int, upto: int | None) -> tuple[int, bytes] | None:
        with self._env.begin() as txn, txn.cursor(db=self._snapshots_db) as cursor:
            for _, number, limit in self._lineage(txn, stream, upto):
                found = cursor.set_range(_SNAPSHOT_KEY.pack(number, version, limit + 1))
                if cursor.prev() if found else cursor.last():
                    its_number, its_version, seq = _SNAPSHOT_KEY.unpack(cursor.key())
                    if (its_number, its_version) == (number, version):
                        return seq, bytes(cursor.value())
        return None

    def _close(self) -> None:
        if self.durability != "power":
            self._env.sync(True)
        self._env.close()
