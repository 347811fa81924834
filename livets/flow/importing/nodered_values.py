"""What Node-RED's nodes say by kind and value ("msg", "str", "num", ...), rules of Change and Switch, and mustaches."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from livets.flow.importing.drawing import Unmapped
from livets.flow.importing.n8n_expression import literal

_PATH = re.compile(r"[A-Za-z_$][\w$-]*(\.[A-Za-z_$][\w$-]*)*")
_MUSTACHE = re.compile(r"\{\{\{\s*([^{}]*?)\s*\}\}\}|\{\{([#^/!>&=]?)\s*([^{}]*?)\s*\}\}")
_COMPARED = {"eq": "eq", "neq": "ne", "lt": "lt", "lte": "le", "gt": "gt", "gte": "ge", "cont": "contains"}
_KINDS = {
    "string": ["String"],
    "number": ["Int", "Number"],
    "boolean": ["Bool"],
    "array": ["Array"],
    "object": ["Object"],
}


def message_path(value: Any) -> str:
    """Return a property of the message as a path; raises Unmapped when it is no plain one.

    >>> message_path("payload.name")
    'payload.name'
    """
    if not isinstance(value, str) or not _PATH.fullmatch(value):
        raise Unmapped(f"msg.{str(value)[:60]} is no plain path")
    return value


def query_of(path: str) -> str:
    """Return a path of the message as JMESPath over `item`."""
    return "item." + ".".join(json.dumps(step) for step in path.split("."))


def constant(value: Any, kind: Any) -> Any:
    """Return a typed value that is a constant; raises Unmapped for the context, the environment and JSONata."""
    try:
        if kind in ("num", "json"):
            return msgspec.json.decode(str(value) or "null")
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise Unmapped(f"{str(value)[:60]!r} is no {kind}") from None
    if kind == "bool":
        return value in ("true", True)
    if kind == "str":
        return str(value)
    if kind in ("nul", "null"):
        return None
    raise Unmapped(
        f"a value of the kind {str(kind)[:20]!r} has no equivalent: flow, global, env and JSONata are not read"
    )


def computed(value: Any, kind: Any) -> str:
    """Return a typed value as JMESPath over `item`, the message."""
    return query_of(message_path(value)) if kind == "msg" else literal(constant(value, kind))


def mustache(text: str) -> tuple[str, bool]:
    """Return a template as JMESPath over `item`, and whether it escaped HTML; raises Unmapped for sections.

    >>> mustache("Hi {{payload}}")
    ('join(`""`, [`"Hi "`, to_string(not_null(item."payload", `""`))])', True)
    """
    parts, at, escaped = [], 0, False
    for match in _MUSTACHE.finditer(text):
        parts.append(literal(text[at : match.start()]))
        name = match[1] if match[1] is not None else match[3]
        if match[2] not in (None, "", "&") or name.split(".")[0] in ("env", "flow", "global"):
            raise Unmapped(f"{match[0][:60]} is a section, a partial or of the context: no equivalent")
        escaped |= match[2] == ""
        parts.append(f'to_string(not_null({query_of(message_path(name))}, `""`))')
        at = match.end()
    parts.append(literal(text[at:]))
    parts = [part for part in parts if part != literal("")]
    return (f'join(`""`, [{", ".join(parts)}])' if parts else literal("")), escaped


def condition(rule: dict[str, Any], path: str) -> dict[str, Any]:
    """Return a rule of Switch as a condition on `path`; raises Unmapped."""
    op = rule.get("t")
    if op in _COMPARED:
        return {"path": path, "op": _COMPARED[op], "value": constant(rule.get("v", ""), rule.get("vt", "str"))}
    if op == "btwn":
        low = {"path": path, "op": "ge", "value": constant(rule.get("v", ""), rule.get("vt", "num"))}
        return {"all": [low, {"path": path, "op": "le", "value": constant(rule.get("v2", ""), rule.get("v2t", "num"))}]}
    if op in ("true", "false"):
        return {"path": path, "op": "eq", "value": op == "true"}
    nothing = {"any": [{"path": path, "op": "missing"}, {"path": path, "op": "eq", "value": None}]}
    if op in ("null", "nnull"):
        return nothing if op == "null" else {"not": nothing}
    if op in ("empty", "nempty"):
        empty = {"path": path, "op": "empty", "value": op == "empty"}
        return {"all": [{"not": nothing}, empty]}
    if op == "hask":
        return {"path": f"{path}.{message_path(rule.get('v'))}", "op": "exists"}
    if op == "istype" and rule.get("v") in _KINDS:
        return {"any": [{"path": path, "op": "kind", "value": kind} for kind in _KINDS[rule["v"]]]}
    raise Unmapped(f"its rule {str(op)[:20]!r} has no equivalent")
