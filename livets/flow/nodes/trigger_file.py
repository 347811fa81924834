"""trigger.file: begins runs when files appear or change below a granted folder."""

from __future__ import annotations

import asyncio
import fnmatch
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec

from livets.engine.errors import NodeError
from livets.flow.streaming.context import StreamContext
from livets.flow.trigger import Trigger

MAX_FILES = 20_000


class FileTrigger(Trigger):
    """Fires for each file below the granted folder `root` that fits `pattern` and is new or has changed.

    Gives `{"path", "size", "modified", "event"}`, `event` being created or changed; once a file has been as it is for
    `settle_s`, so that nobody reads half of one. Looks every `poll_s` seconds; links are not followed, names that are
    no UTF-8 are passed over. Files that are there at the very first look are fired too when `existing`.
    """

    type = "trigger.file"
    stays = True

    class Config(msgspec.Struct):
        root: str
        pattern: str = "*"
        recursive: bool = True
        poll_s: float = 1.0
        settle_s: float = 0.5
        existing: bool = False
        sample: Any = None

        def __post_init__(self) -> None:
            if self.poll_s < 0.01:
                raise ValueError("poll_s is 0.01 or more")

    @classmethod
    def key_of(cls, fired: Any) -> str | None:
        return f"{fired['path']}:{fired['modified']}:{fired['size']}"

    async def stream(self, ctx: StreamContext) -> AsyncIterator[Any]:
        config = self.config
        folder = self.grants.file_root(config.root).folder
        seen: dict[str, list[int]] = ctx.memory.setdefault("seen", {})
        first = not ctx.memory.setdefault("begun", False)
        moving: dict[str, tuple[list[int], float]] = {}
        clock = asyncio.get_running_loop().time
        while True:
            found = await asyncio.to_thread(look, folder, config.pattern, config.recursive)
            if first and not config.existing:
                seen.update(found)
            first, ctx.memory["begun"] = False, True
            for path in [path for path in seen if path not in found]:
                del seen[path]
            for path, state in sorted(found.items()):
                if seen.get(path) == state:
                    continue
                since = moving[path][1] if path in moving and moving[path][0] == state else clock()
                moving[path] = (state, since)
                if clock() - since < config.settle_s:
                    continue
                del moving[path]
                event = "changed" if path in seen else "created"
                seen[path] = state
                yield {"path": path, "size": state[1], "modified": state[0] / 1e9, "event": event}
            await asyncio.sleep(config.poll_s)


def look(folder: Path, pattern: str, recursive: bool) -> dict[str, list[int]]:
    """Return time of change (ns) and size of each file that fits, by its path below `folder`."""
    found: dict[str, list[int]] = {}
    todo = [""]
    while todo:
        below = todo.pop()
        try:
            entries = list(os.scandir(folder / below))
        except FileNotFoundError:
            continue
        for entry in entries:
            path = f"{below}/{entry.name}" if below else entry.name
            if not _is_text(entry.name):  # no journal could keep it: the trigger would fail, again and again
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    if recursive:
                        todo.append(path)
                elif entry.is_file(follow_symlinks=False) and fnmatch.fnmatchcase(path, pattern):
                    stat = entry.stat(follow_symlinks=False)
                    found[path] = [stat.st_mtime_ns, stat.st_size]
            except FileNotFoundError:
                continue
            if len(found) > MAX_FILES:
                raise NodeError(f"more than {MAX_FILES} files: choose a narrower pattern", "limit", retryable=False)
    return found


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
