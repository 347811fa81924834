"""Where an application keeps its templates and static files: beside the module that makes it, else where it runs.

It owns that search and never reads a file. Called by `application` when an application is made.
"""

from __future__ import annotations

from pathlib import Path
from types import FrameType

from livets.errors import ConfigError


def home_of(frame: FrameType) -> Path:
    """The directory of the module whose code runs in `frame`."""
    return Path(frame.f_globals.get("__file__", "")).resolve().parent


def located(home: Path, directory: str | Path) -> Path:
    """A directory of the application: beside its module if it is there, else where the process runs."""
    beside = home / directory
    return beside if beside.is_dir() else Path(directory)


def static_in(home: Path, directory: str | Path | None) -> Path | None:
    """The directory of static files, None if there is none; ConfigError for one that was named and is missing."""
    if directory is None:
        return None
    found = located(home, directory)
    if found.is_dir() or directory == "static":
        return found if found.is_dir() else None
    raise ConfigError(f"static={str(directory)!r}: there is no such directory beside {home} or in {Path.cwd()}")
