"""Fields of objects by path, for the transforming nodes: get, put, remove without touching what others hold.

Values flow to several nodes at once, so nothing is changed in place: the objects along a path are copied, the rest is
shared. Paths are those of conditions (`a.b[0]`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from livets.engine.encoding import canonical
from livets.engine.errors import EngineError, NodeError
from livets.engine.values import Json
from livets.flow.conditions import look_up, split_path

MISSING: Any = object()
Record = dict[str, Any]


def each(value: Any, change: Callable[[Record], Record]) -> Any:
    """Return `change` of an object, or of each object in an array; raises NodeError for anything else."""
    if type(value) is Json:
        value = value.data
    if isinstance(value, list):
        return [each_one(item, change, f"item {place} ") for place, item in enumerate(value)]
    return each_one(value, change, "")


def each_one(value: Any, change: Callable[[Record], Record], where: str) -> Record:
    """Return `change(value)`; raises NodeError when `value` is no object."""
    if type(value) is Json:
        value = value.data
    if not isinstance(value, dict):
        raise NodeError(f"{where or 'it '}is {value!r:.60}, and no object", "input", retryable=False)
    return change(value)


def get(value: Any, path: str, default: Any = None) -> Any:
    """Return what is at `path`, or `default`; raises NodeError when it is no path."""
    try:
        return look_up(value, path, default)
    except EngineError as error:
        raise NodeError(str(error), "config", retryable=False) from None


def put(value: Record, path: str, new: Any) -> Record:
    """Return `value` with `new` at `path`; objects on the way are made, arrays must be there.

    >>> put({"a": {"b": 1}}, "a.c", 2)
    {'a': {'b': 1, 'c': 2}}
    """
    found: Record = _put(value, split_path(path), new, path)
    return found


def _put(value: Any, steps: list[str | int], new: Any, path: str) -> Any:
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        if not isinstance(value, list) or not -len(value) <= step < len(value):
            raise NodeError(f"{path!r}: there is no item {step} to set", "missing", retryable=False)
        copy = list(value)
        copy[step] = _put(value[step], rest, new, path)
        return copy
    if value is not None and not isinstance(value, dict):
        raise NodeError(f"{path!r}: {value!r:.60} has no fields", "input", retryable=False)
    inner = (value or {}).get(step)
    return {**(value or {}), step: _put(inner, rest, new, path)}


def remove(value: Record, path: str) -> Record:
    """Return `value` without what is at `path`; nothing there is no error.

    >>> remove({"a": {"b": 1, "c": 2}}, "a.b")
    {'a': {'c': 2}}
    """
    steps = split_path(path)
    last = steps[-1]
    outer: Any = look_up(value, _joined(steps[:-1]), MISSING) if steps[:-1] else value
    if isinstance(outer, dict) and last in outer:
        outer = {key: item for key, item in outer.items() if key != last}
    elif isinstance(outer, list) and isinstance(last, int) and -len(outer) <= last < len(outer):
        outer = [item for place, item in enumerate(outer) if place != last % len(outer)]
    else:
        return value
    found: Record = put(value, _joined(steps[:-1]), outer) if steps[:-1] else outer
    return found


def _joined(steps: list[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


_RANKS: dict[type, int] = {type(None): 0, bool: 1, int: 2, float: 2, str: 3, bytes: 4}


def order_key(value: Any) -> tuple[int, Any]:
    """Return a key by which any values can be sorted together; nan comes after all numbers."""
    rank = _RANKS.get(type(value), 5)
    if rank == 0:
        return 0, 0
    if rank == 5:
        return 5, canonical(value)
    return (2, (1, 0)) if value != value else (rank, (0, value))
