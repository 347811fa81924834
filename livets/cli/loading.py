"""Imports the application, and shows what goes wrong there as if livets were not in between.

Owns the import, the reading of tracebacks and the search for the LiveTS inside other applications. Called by commands
and by the processes that serve.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from livets.app import LiveTS
from livets.cli.finding import Target
from livets.cli.output import Failure
from livets.errors import LivetsError
from livets.live.failure import ended

_OURS = str(Path(__file__).parents[1])
_MACHINERY = ("<frozen importlib", os.path.dirname(importlib.__file__ or ""))


def load(target: Target) -> Any:
    """The ASGI application. Raises Failure, with the user's own traceback as its detail.

    The project's folder becomes the working directory and the first place of imports.
    """
    os.chdir(target.root)
    if str(target.root) not in sys.path:
        sys.path.insert(0, str(target.root))
    module = _module(target)
    found: Any = module
    for name in target.attribute.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise _no_attribute(target, found, name) from None
    if target.is_factory:
        try:
            found = found()
        except Exception as error:
            raise _raised(target, error) from None
    if not callable(found):
        raise Failure(f"{target.name} is {found!r}, which is no ASGI application", "it should be a LiveTS()")
    return found


def live_apps(app: Any) -> list[LiveTS]:
    """The LiveTS that `app` is, or those mounted in it, however deep."""
    return list(_live_apps(app, set()))


def user_traceback(error: BaseException) -> str:
    """The traceback of what the user's code raised, without the frames of livets that ran it, or that refused it."""
    shown = traceback.TracebackException(type(error), error, _without_ours(error.__traceback__))
    if isinstance(error, LivetsError):
        shown.stack = ended(shown.stack)
    return "".join(shown.format())


def _live_apps(app: Any, seen: set[int]) -> Iterator[LiveTS]:
    if id(app) in seen:
        return
    seen.add(id(app))
    if isinstance(app, LiveTS):
        yield app
    for route in getattr(app, "routes", None) or []:
        if (inner := getattr(route, "app", None)) is not None:
            yield from _live_apps(inner, seen)
    if (inner := getattr(app, "app", None)) is not None:  # a middleware around it
        yield from _live_apps(inner, seen)


def _module(target: Target) -> ModuleType:
    try:
        return importlib.import_module(target.module)
    except ModuleNotFoundError as error:
        name = error.name or ""
        is_target = target.module == name or target.module.startswith(f"{name}.")
        if is_target and _without_ours(error.__traceback__) is None:
            raise Failure(
                f"there is no module {target.module!r} in {target.root} ({target.origin} names it)",
                "check the name; it is a Python module, not a file name",
            ) from None
        raise _raised(target, error) from None
    except (Exception, SystemExit) as error:
        raise _raised(target, error) from None


def _raised(target: Target, error: BaseException) -> Failure:
    """Our words for an exception in the user's code."""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError):
        what = f"{type(error).__name__} in {error.filename}, line {error.lineno}: {error.msg}"
    return Failure(f"{target.name} could not be imported: {what}", detail=user_traceback(error))


def _no_attribute(target: Target, owner: Any, name: str) -> Failure:
    apps = (
        [key for key, value in vars(owner).items() if isinstance(value, LiveTS)] if hasattr(owner, "__dict__") else []
    )
    near = apps or difflib.get_close_matches(name, dir(owner), 1)
    hint = f"did you mean {target.module}:{near[0]}?" if near else f"write `{name} = LiveTS()` there"
    return Failure(f"the module {target.module!r} has no {name!r} ({target.origin} names {target.name})", hint)


def _without_ours(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame on that is neither ours nor Python's import system."""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith(_MACHINERY) and not file.startswith(_OURS):
            return trace
        trace = trace.tb_next
    return None
