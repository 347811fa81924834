"""The event log that lives and dies with its process: for tests, and for runs that need no durability."""

from __future__ import annotations

from livets.engine.errors import Conflict, LogFull
from livets.engine.log.base import EventLog
from livets.engine.log.request import Request


class MemoryLog(EventLog):
    """Streams in lists; `max_bytes` limits all records together (None: no limit)."""

    def __init__(self, max_bytes: int | None = None) -> None:
        super().__init__("process")
        self._records: dict[str, list[bytes]] = {}
        self._parents: dict[str, tuple[str, int]] = {}
        self._snapshots: dict[str, list[tuple[int, int, bytes]]] = {}
        self._bytes = 0
        self._max_bytes = max_bytes

    def _commit(self, requests: list[Request]) -> None:
        for request in requests:
            head = self._head(request.stream)
            size = sum(map(len, request.records))
            if request.expected is not None and request.expected != head:
                request.result = Conflict(request.stream, request.expected, head)
            elif self._max_bytes is not None and self._bytes + size > self._max_bytes:
                request.result = LogFull(f"the log holds {self._max_bytes} bytes at most: nothing was kept")
            else:
                self._bytes += size
                if request.records:
                    self._records.setdefault(request.stream, []).extend(request.records)
                request.result = head + len(request.records)

    def _base(self, stream: str) -> int:
        return self._parents[stream][1] if stream in self._parents else 0

    def _head(self, stream: str) -> int:
        return self._base(stream) + len(self._records.get(stream, ()))

    def _read(self, stream: str, after: int, limit: int | None) -> list[tuple[str, int, bytes]]:
        parts: list[list[tuple[str, int, bytes]]] = []
        upto = self._head(stream)
        name: str | None = stream
        while name is not None and upto > after:
            base = self._base(name)
            first = max(after, base)
            own = self._records.get(name, [])[first - base : upto - base]
            parts.append([(name, first + 1 + n, record) for n, record in enumerate(own)])
            name, upto = self._parents.get(name, (None, 0))
        rows = [row for part in reversed(parts) for row in part]
        return rows if limit is None else rows[:limit]

    def _streams(self, prefix: str) -> list[str]:
        return sorted(name for name in {*self._records, *self._parents} if name.startswith(prefix))

    def _fork(self, stream: str, at: int, child: str) -> None:
        self._parents[child] = (stream, at)

    def _save_snapshot(self, stream: str, seq: int, version: int, state: bytes) -> None:
        kept = [one for one in self._snapshots.get(stream, []) if one[:2] != (seq, version)]
        self._snapshots[stream] = sorted([*kept, (seq, version, state)])

    def _load_snapshot(self, stream: str, version: int, upto: int | None) -> tuple[int, bytes] | None:
        name: str | None = stream
        limit = self._head(stream) if upto is None else upto
        while name is not None:
            for seq, its_version, state in reversed(self._snapshots.get(name, [])):
                if its_version == version and seq <= limit:
                    return seq, state
            name, at = self._parents.get(name, (None, 0))
            limit = min(limit, at)
        return None

    def _close(self) -> None:
        pass
