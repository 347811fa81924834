"""Files below a granted folder: opened step by step without following links, so that no name leads out of the folder.

Every step is opened relative to the folder opened before (openat, O_NOFOLLOW): a link that is put there between
looking and opening is refused as well. Writes go to a temporary file in the same folder and are renamed into place.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from livets.engine.errors import NodeError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def steps_of(path: str) -> list[str]:
    """Return the names along a relative path; raises NodeError for one that is absolute, empty or climbs.

    >>> steps_of("a/b.txt")
    ['a', 'b.txt']
    """
    steps = [step for step in path.split("/") if step != "."]
    if not path or "\0" in path or "\\" in path or path.startswith("/") or any(s in ("", "..") for s in steps):
        raise NodeError(
            f"{path!r:.200} is no path below the folder: write  folder/name.txt", "forbidden", retryable=False
        )
    return steps


@contextlib.contextmanager
def reading(folder: Path, path: str) -> Iterator[IO[bytes]]:
    """Open the regular file at `path` below `folder`; raises NodeError when it is missing or behind a link."""
    steps = steps_of(path)
    with _parent(folder, steps, path, make=False) as parent, _named(path):
        handle = os.open(steps[-1], _READ, dir_fd=parent)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise NodeError(f"{path!r} is no regular file", "forbidden", retryable=False)
            yield file


@contextlib.contextmanager
def writing(folder: Path, path: str, *, append: bool = False) -> Iterator[IO[bytes]]:
    """Write `path` below `folder`, folders made as needed: whole and at once when the block ends well, else not at all.

    With `append` it is opened at its end instead, and made when it is not there.
    """
    steps = steps_of(path)
    with _parent(folder, steps, path, make=True) as parent, _named(path):
        if append:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with os.fdopen(os.open(steps[-1], flags, 0o640, dir_fd=parent), "ab") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise NodeError(f"{path!r} is no regular file", "forbidden", retryable=False)
                yield file
            return
        fresh = f".{steps[-1]}.{secrets.token_hex(6)}"[-200:]
        try:
            with os.fdopen(os.open(fresh, _WRITE, 0o640, dir_fd=parent), "wb") as file:
                yield file
            os.replace(fresh, steps[-1], src_dir_fd=parent, dst_dir_fd=parent)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(fresh, dir_fd=parent)
            raise


@contextlib.contextmanager
def _parent(folder: Path, steps: list[str], path: str, *, make: bool) -> Iterator[int]:
    """The handle of the folder in which the last step lies."""
    with _named(path):
        here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)  # the root itself may be a link: it is ours
    try:
        for step in steps[:-1]:
            with _named(path):
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(step, 0o750, dir_fd=here)
                there = os.open(step, _FOLDER, dir_fd=here)
            os.close(here)
            here = there
        yield here
    finally:
        os.close(here)


@contextlib.contextmanager
def _named(path: str) -> Iterator[None]:
    """Say what went wrong in the words of nodes."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
            message = f"{path!r} leads through a link, or something that is no folder or file: links are not followed"
            raise NodeError(message, "forbidden", retryable=False) from error
        kind = "missing" if error.errno == errno.ENOENT else "file"
        raise NodeError(f"{path!r}: {error.strerror or error}", kind, retryable=kind != "missing") from error
