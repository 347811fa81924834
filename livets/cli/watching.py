"""Which files of a project have changed: by watchfiles where it is installed, else by looking at their times.

Owns the choice of files (Python anywhere in the project but in tests and hidden or generated folders; everything in
template and static folders) and the quiet moment after a burst of saves. Called by `dev`.
"""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

IGNORED = frozenset({"__pycache__", "node_modules", "venv", "env", "build", "dist", "site-packages"})
_PROGRAM = frozenset({".py", ".toml", ".env"})
_POLL_S = 0.25
_QUIET_MS = 60
_DEAF_MS = 1000
"""Also looked at this often: systems don't tell what happened before they listened, nor all about network drives."""


class Watched:
    """The files that count."""

    def __init__(self, root: Path, folders: Sequence[Path] = ()) -> None:
        """`root`: of the program; `folders`: where every file counts."""
        self.root = root
        self.folders = tuple(folders)

    @property
    def tops(self) -> list[Path]:
        """Folders to look into, none inside another."""
        tops: list[Path] = []
        for folder in sorted(dict.fromkeys((self.root, *self.folders)), key=lambda path: len(path.parts)):
            if folder.is_dir() and not any(folder.is_relative_to(top) for top in tops):
                tops.append(folder)
        return tops

    def wants(self, path: Path) -> bool:
        """Whether a change of this file matters."""
        name = path.name
        if name.startswith(".") or name.endswith(("~", ".swp", ".tmp")):
            return False
        for folder in self.folders:
            if path.is_relative_to(folder):
                return not _is_hidden(path.relative_to(folder))
        if not path.is_relative_to(self.root) or _is_hidden(path.relative_to(self.root)):
            return False
        return path.suffix in _PROGRAM and not name.startswith("test_") and name != "conftest.py"

    def times(self) -> dict[Path, int]:
        """Every file that counts, and when it was changed (ns)."""
        found: dict[Path, int] = {}
        for top in self.tops:
            for path in _files(top):
                if self.wants(path):
                    try:
                        found[path] = path.stat().st_mtime_ns
                    except OSError:
                        continue  # gone meanwhile
        return found


def by_watchfiles() -> bool:
    """Whether the operating system tells (watchfiles is installed); polling otherwise."""
    return importlib.util.find_spec("watchfiles") is not None


class Watcher:
    """Calls `on_change` from a thread of its own with the files of each burst of saves."""

    def __init__(
        self, watched: Watched, on_change: Callable[[frozenset[Path]], None], after: Watcher | None = None
    ) -> None:
        """`after`: the watcher that this one replaces; what it has not told yet, this one tells."""
        self._watched = watched
        self._on_change = on_change
        self._stop = threading.Event()
        known = {} if after is None else {path: at for path, at in after._before.items() if watched.wants(path)}
        self._before: dict[Path, int] = {**watched.times(), **known}
        target = self._listen if by_watchfiles() else self._poll
        threading.Thread(target=target, daemon=True, name="livets-watch").start()

    def stop(self) -> None:
        """End soon."""
        self._stop.set()

    def _poll(self) -> None:
        while not self._stop.wait(_POLL_S):
            self._look()

    def _listen(self) -> None:
        import watchfiles

        # The system only says when to look: what has changed is found in one way.
        for _ in watchfiles.watch(
            *(str(top) for top in self._watched.tops),
            watch_filter=lambda _kind, path: self._watched.wants(Path(path)),
            step=_QUIET_MS,
            debounce=400,
            rust_timeout=_DEAF_MS,
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
        ):
            self._look()

    def _look(self) -> None:
        now, before = self._watched.times(), self._before
        changed = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
        self._before = now
        if changed:
            self._on_change(frozenset(changed))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") or part in IGNORED for part in path.parts[:-1])


def _files(top: Path) -> Iterator[Path]:
    for folder, inner, names in os.walk(top):
        inner[:] = [name for name in inner if not name.startswith(".") and name not in IGNORED]
        yield from (Path(folder, name) for name in names)
