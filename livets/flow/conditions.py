"""Conditions as data, for branch, switch, filter and loop: safe in a file, since nothing is evaluated as code.

`{"path": "a.b[0]", "op": "gt", "value": 3}`, joined by `{"all": [...]}`, `{"any": [...]}`, `{"not": ...}`. A path that
leads nowhere makes every comparison false but `missing` and `ne`. Values of kinds that cannot be ordered are not `lt`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from livets.engine.errors import EngineError
from livets.engine.values import Json, kind_of

MAX_DEPTH = 20
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(-?\d+)\]")
_MISSING = object()


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def safe(a: Any, b: Any) -> bool:
        try:
            return compare(a, b)
        except TypeError:
            return False

    return safe


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b and (type(a) is bool) == (type(b) is bool),
    "ne": lambda a, b: not (a == b and (type(a) is bool) == (type(b) is bool)),
    "lt": _ordered(lambda a, b: a < b),
    "le": _ordered(lambda a, b: a <= b),
    "gt": _ordered(lambda a, b: a > b),
    "ge": _ordered(lambda a, b: a >= b),
    "in": _ordered(lambda a, b: a in b),
    "contains": _ordered(lambda a, b: b in a),
    "starts_with": lambda a, b: isinstance(a, str) and a.startswith(str(b)),
    "ends_with": lambda a, b: isinstance(a, str) and a.endswith(str(b)),
    "truthy": lambda a, b: bool(a) is (b is not False),
    "empty": lambda a, b: (a is None or a in ("", b"", [], {})) is (b is not False),
    "kind": lambda a, b: kind_of(a) == b,
    "exists": lambda a, b: b is not False,
    "missing": lambda a, b: b is False,
}


def check_condition(condition: Any, depth: int = 0) -> None:
    """Raise EngineError, saying what is wrong, unless `condition` is one."""
    if depth > MAX_DEPTH:
        raise EngineError(f"conditions may be nested {MAX_DEPTH} deep")
    if not isinstance(condition, dict):
        raise EngineError(f"a condition is an object, not {condition!r:.60}")
    for word in ("all", "any"):
        if word in condition:
            if len(condition) > 1 or not isinstance(condition[word], list):
                raise EngineError(f'{{"{word}": [...]}} holds a list of conditions and nothing else')
            for inner in condition[word]:
                check_condition(inner, depth + 1)
            return
    if "not" in condition:
        check_condition(condition["not"], depth + 1)
        return
    unknown = set(condition) - {"path", "op", "value"}
    if unknown:
        raise EngineError(f"a condition has path, op and value, not {', '.join(sorted(unknown))}")
    if condition.get("op", "truthy") not in OPERATORS:
        raise EngineError(f"unknown op {condition.get('op')!r}: there are {', '.join(OPERATORS)}")
    split_path(condition.get("path", ""))


def checked_condition(condition: Any) -> None:
    """Raise ValueError unless `condition` is one: for a Config's `__post_init__`, where msgspec adds where it was."""
    try:
        check_condition(condition)
    except EngineError as error:
        raise ValueError(str(error)) from None


def holds(condition: dict[str, Any], value: Any) -> bool:
    """Return whether `value` fulfils `condition`.

    >>> holds({"path": "a[0].n", "op": "ge", "value": 2}, {"a": [{"n": 2}]})
    True
    """
    if "all" in condition:
        return all(holds(inner, value) for inner in condition["all"])
    if "any" in condition:
        return any(holds(inner, value) for inner in condition["any"])
    if "not" in condition:
        return not holds(condition["not"], value)
    found = look_up(value, condition.get("path", ""), _MISSING)
    op, wanted = condition.get("op", "truthy"), condition.get("value")
    if found is _MISSING:
        return {"missing": wanted is not False, "exists": wanted is False, "ne": True}.get(op, False)
    return OPERATORS[op](found, wanted)


def split_path(path: str) -> list[str | int]:
    """Return the steps of a path; raises EngineError when it is none.

    >>> split_path("a.b[0]")
    ['a', 'b', 0]
    """
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None or (at == 0 and path.startswith(".")):
            raise EngineError(f"{path!r:.80} is no path: write  a.b[0]")
        steps.append(match[1] if match[1] is not None else int(match[2]))
        at = match.end()
    return steps


def look_up(value: Any, path: str, default: Any = None) -> Any:
    """Return what is at `path` inside `value` (Json is looked into), or `default`."""
    for step in split_path(path):
        if type(value) is Json:
            value = value.data
        if isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        elif isinstance(value, dict) and str(step) in value:
            value = value[str(step)]
        else:
            return default
    return value
