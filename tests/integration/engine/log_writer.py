"""A process that appends to an event log until it is killed, telling its parent what was acknowledged.

Usage: log_writer.py BACKEND FOLDER WRITERS [LIMIT_BYTES]. Each append is a batch of 1 to 4 events that name writer,
batch and size; after the acknowledgement one line "writer batch head" goes to stdout. With LIMIT_BYTES no file may grow
beyond that (RLIMIT_FSIZE), as on a full disk: the first LogFull ends the writer with the line "full".
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from pathlib import Path

from livets.engine.errors import LogFull
from livets.engine.events import NewEvent
from livets.engine.log import EventLog, SqliteLog
from livets.engine.log.lmdb import LmdbLog

OPENERS = {
    "sqlite": lambda folder: SqliteLog(folder / "log.db"),
    "sqlite-power": lambda folder: SqliteLog(folder / "log.db", "power"),
    "lmdb": lambda folder: LmdbLog(folder / "log"),
    "lmdb-power": lambda folder: LmdbLog(folder / "log", "power"),
}


async def write(log: EventLog, writer: int) -> None:
    """Append batch after batch, and say so after each."""
    batch = 0
    while True:
        batch += 1
        size = 1 + batch % 4
        body = b"x" * (batch * 37 % 3000)
        events = [NewEvent("e", {"w": writer, "b": batch, "size": size, "i": i, "body": body}) for i in range(size)]
        head = await log.append("s", events)
        os.write(1, f"{writer} {batch} {head}\n".encode())


async def main(backend: str, folder: str, writers: int, limit: int) -> None:
    log = OPENERS[backend](Path(folder))
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        await asyncio.gather(*(write(log, n) for n in range(writers)))
    except LogFull:
        before = await log.head("s")
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        after = await log.append("s", [NewEvent("room", {})])  # there is room again: the same log goes on
        os.write(1, f"full {before} {after}\n".encode())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 0))
