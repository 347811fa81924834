"""Conditions of n8n (If, Filter, Switch; old and new forms) as ours: a path into the item against a constant.

What is computed on the left side becomes a field of the item that is there while the condition is judged.
"""

from __future__ import annotations

from typing import Any

from livets.flow.importing.drawing import Unmapped
from livets.flow.importing.n8n_expression import is_expression
from livets.flow.importing.n8n_node import N8nNode, Work, dig, records

_NEW = {
    "equals": "eq", "notEquals": "ne", "gt": "gt", "lt": "lt", "gte": "ge", "lte": "le", "contains": "contains",
    "startsWith": "starts_with", "endsWith": "ends_with", "after": "gt", "before": "lt",
    "afterOrEquals": "ge", "beforeOrEquals": "le",
}  # fmt: skip
_OLD = {
    "equal": "eq", "notEqual": "ne", "larger": "gt", "largerEqual": "ge", "smaller": "lt", "smallerEqual": "le",
    "contains": "contains", "startsWith": "starts_with", "endsWith": "ends_with", "after": "gt", "before": "lt",
}  # fmt: skip
_NEGATED = {
    "notContains": "contains", "notStartsWith": "starts_with", "notEndsWith": "ends_with",
    "notContain": "contains", "notExists": "exists", "notEmpty": "empty", "isNotEmpty": "empty",
}  # fmt: skip
_ALONE = {"empty": "empty", "isEmpty": "empty", "exists": "exists"}
_OLD_DEFAULTS = {"string": "equal", "number": "smaller", "boolean": "equal", "dateTime": "after"}


def conditions(node: N8nNode, work: Work) -> dict[str, Any]:
    """Return the condition of an If or Filter node of any version; raises Unmapped."""
    found = node.get("conditions", None)
    if isinstance(found, dict) and isinstance(found.get("conditions"), list):
        return filtering(found, work)
    parts: list[dict[str, Any]] = []
    for kind, default in _OLD_DEFAULTS.items():
        parts += [
            compared(work, one.get("value1"), one.get("operation", default), one.get("value2"), kind)
            for one in records(dig(found, kind, None))
        ]
    if not parts:
        raise Unmapped("it has no condition")
    word = "any" if "any" in (node.get("combineOperation", ""), node.get("combineConditions", "").lower()) else "all"
    if node.get("combineConditions", "").upper() == "OR":
        word = "any"
    return parts[0] if len(parts) == 1 else {word: parts}


def filtering(found: dict[str, Any], work: Work) -> dict[str, Any]:
    """Return a condition of the new form: `conditions`, `combinator`, `options`."""
    parts = []
    for one in records(found.get("conditions")):
        operator = one.get("operator") if isinstance(one.get("operator"), dict) else {}
        operation, kind = dig(operator, "operation", "equals"), dig(operator, "type", "string")
        if kind == "boolean" and operation in ("true", "false"):
            one, operation = {**one, "rightValue": operation == "true"}, "equals"
        parts.append(compared(work, one.get("leftValue"), operation, one.get("rightValue"), kind))
        if kind == "string" and dig(found, "options.caseSensitive", True) is False:
            work.make.differs("n8n does not look at upper and lower case here; this does")
    if not parts:
        raise Unmapped("it has no condition")
    return parts[0] if len(parts) == 1 else {"any" if found.get("combinator") == "or" else "all": parts}


def compared(work: Work, left: Any, operation: Any, right: Any, kind: str) -> dict[str, Any]:
    """Return one comparison; raises Unmapped when its sides are no path and constant, or its operation is another."""
    path = work.expressions.path(left)
    if path is None and is_expression(left):
        path = work.computed.setdefault(work.expressions.translate(left), f"__if{len(work.computed)}")
    if path is None:
        raise Unmapped(f"its condition compares {str(left)[:80]!r}: here the left side is a path into the item")
    if is_expression(right):
        if "{{" in right:
            raise Unmapped(f"its condition compares with {str(right)[:80]!r}: here the right side is a constant")
        right = right[1:]
    wanted = _typed(right, kind)
    if kind == "dateTime":
        work.make.differs("times are compared as they are written (ISO 8601)")
    operation = str(operation)
    if operation in _ALONE:
        if _ALONE[operation] == "empty":  # of n8n also what is not there
            return {"any": [{"path": path, "op": "empty"}, {"path": path, "op": "missing"}]}
        return {"all": [{"path": path, "op": "exists"}, {"path": path, "op": "ne", "value": None}]}
    if operation in _NEGATED:
        inner = _NEGATED[operation]
        if inner in ("exists", "empty"):
            return {"not": compared(work, left, inner, right, kind)}
        return {"not": {"path": path, "op": inner, "value": wanted}}
    op = _NEW.get(operation) or _OLD.get(operation)
    if op is None:
        raise Unmapped(f"its condition {operation!r} has no equivalent")
    return {"path": path, "op": op, "value": wanted}


def _typed(value: Any, kind: str) -> Any:
    """A constant as the kind that its operator names: files hold numbers as text, too."""
    if isinstance(value, str) and kind == "number":
        try:
            return float(value) if "." in value or "e" in value.lower() else int(value)
        except ValueError:
            return value
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind == "boolean" and value is None:
        return False
    return "" if value is None and kind == "string" else value
