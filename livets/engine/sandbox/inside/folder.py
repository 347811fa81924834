"""The folder of a job where it has no root folder of its own: how much is in it, and taking it away afterwards.

What is in it is a stranger's: as deep as he likes, links to anywhere, folders without rights. Used by guard.py only.
"""

from __future__ import annotations

import contextlib
import os

MAX_DEPTH = 64
_SMALLEST = 512
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def bytes_in(folder: str, depth: int = 0, within: int | None = None) -> float:
    """Return the bytes of all files below, an empty one as 512; deeper than MAX_DEPTH is infinite.

    Files may come and go meanwhile, so each folder is opened from the one above it.
    """
    if depth > MAX_DEPTH:
        return float("inf")
    total = 0.0
    try:
        opened = os.open(folder, _OPEN, dir_fd=within)
    except OSError:  # gone, or closed to us: then it was counted when it was written to, or never can be
        return _SMALLEST
    try:
        with os.scandir(opened) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        total += bytes_in(entry.name, depth + 1, opened)
                    total += max(_SMALLEST, entry.stat(follow_symlinks=False).st_blocks * 512)
    finally:
        os.close(opened)
    return total


def remove(folder: str) -> None:
    """Take the folder away, however deep it is. Nobody may be at work in it any more."""
    os.chdir(folder)
    below: list[str] = []
    while True:
        inner = _emptied()
        if inner is not None:
            os.chmod(inner, 0o700)
            os.chdir(inner)
            below.append(inner)
        elif below:
            os.chdir("..")
            os.rmdir(below.pop())
        else:
            break
    os.chdir("/")
    os.rmdir(folder)


def _emptied() -> str | None:
    """Remove the files of the current folder; return the name of a folder in it, or None when it is empty."""
    while True:
        names = os.listdir(".")
        if not names:
            return None
        for name in names:
            try:
                os.unlink(name)
            except (IsADirectoryError, PermissionError):
                return name
