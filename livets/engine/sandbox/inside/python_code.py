"""The task "python": runs source text and calls one of its functions, JSON in and JSON out."""

from __future__ import annotations

import importlib
import inspect
import json
import linecache
import sys
import traceback
from typing import Any

from livets.engine.sandbox.inside import worker

NAME = "<workflow>"
_OFTEN_USED = (
    "base64", "collections", "csv", "datetime", "decimal", "functools", "hashlib", "io", "itertools", "math",
    "operator", "random", "re", "statistics", "string", "textwrap", "time", "unicodedata", "urllib.parse", "uuid",
)  # fmt: skip


def prepare() -> None:
    """Import what most code needs, once, in the server: each worker then has it for nothing."""
    for name in _OFTEN_USED:
        importlib.import_module(name)


def run(request: bytes, blob: bytes) -> int:
    """Run the source in the request, call its function, and answer with what it returns."""
    job = json.loads(request)
    sys.path += job["packages"]
    sys.stderr = sys.stdout
    try:
        result = _called(job["source"], job["function"], job["arguments"])
        if inspect.iscoroutine(result):
            import asyncio

            result = asyncio.run(result)
    except (Exception, SystemExit) as error:
        worker.answer({"error": _described(error)})
        return 0
    try:
        worker.answer({"value": result})
    except (TypeError, ValueError, RecursionError) as error:
        message = f"what it returned is no JSON: {error}"
        worker.answer({"error": {"kind": "output", "message": message}})
    return 0


def _called(source: str, function: str, arguments: dict[str, Any]) -> Any:
    linecache.cache[NAME] = (len(source), None, source.splitlines(keepends=True), NAME)
    names: dict[str, Any] = {"__name__": "workflow", "__builtins__": __builtins__}
    exec(compile(source, NAME, "exec"), names)  # noqa: S102 - this is the process where that may be done
    if not callable(names.get(function)):
        raise NameError(f"the source defines no function {function!r}")
    return names[function](**arguments)


def _described(error: BaseException) -> dict[str, str]:
    """The error, with the lines of the source that led to it and none of ours."""
    if isinstance(error, MemoryError):
        return {"kind": "memory", "message": "it needs more memory than it may have"}
    frames = [one for one in traceback.extract_tb(error.__traceback__) if one.filename == NAME]
    where = f" (line {frames[-1].lineno})" if frames else ""
    trace = "".join(traceback.format_list(frames))
    return {"kind": type(error).__name__, "message": f"{type(error).__name__}: {error}{where}"[:2000], "trace": trace}
