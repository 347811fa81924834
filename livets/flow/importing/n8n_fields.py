"""n8n's Edit Fields (Set) of all versions, Rename Keys and HTML: what changes fields of each item."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.flow.importing.drawing import Unmapped
from livets.flow.importing.n8n_expression import is_expression, our_path
from livets.flow.importing.n8n_node import N8nNode, Work, dig, records


def set_fields(node: N8nNode, work: Work) -> None:
    """Draw Set: constants and expressions by name, with or without the other fields."""
    fields: dict[str, Any] = {}
    compute: dict[str, str] = {}
    if node.get("mode", "manual") in ("raw", "json"):
        fields = _raw(node)
    for name, value, kind in _wanted(node):
        path = our_path(list(name.split("."))) if name else None
        if path is None or is_expression(name):
            raise Unmapped(f"the name {name[:60]!r} of a field is computed, or no plain path")
        if is_expression(value):
            found = work.expressions.translate(value)
            found = {"string": f"to_string({found})", "number": f"to_number({found})"}.get(kind, found)
            compute[path] = found
        else:
            fields[path] = _typed(value, kind)
    work.through(work.make.add("transform.compute", {"fields": fields, "compute": compute, "keep": _keeps(node)}))


def rename_keys(node: N8nNode, work: Work) -> None:
    """Draw Rename Keys; its regular expressions have no equivalent."""
    if records(node.get("additionalOptions.regexReplacement.replacements", None)):
        raise Unmapped("it renames by a regular expression")
    rows = records(node.get("keys.key", None))
    pairs = {dig(row, "currentKey", ""): dig(row, "newKey", "") for row in rows}
    if not all(old and new and not is_expression(old + new) for old, new in pairs.items()):
        raise Unmapped("a name is missing, or computed")
    work.through(work.make.add("transform.rename", {"fields": pairs}))


def html(node: N8nNode, work: Work) -> None:
    """Draw the HTML node's template; taking HTML apart has no equivalent."""
    if node.get("operation", "generateHtmlTemplate") != "generateHtmlTemplate":
        raise Unmapped("taking HTML apart has no equivalent: grant a python.function")
    text = work.expressions.translate("=" + node.get("html", "").removeprefix("="))
    work.through(work.make.add("transform.compute", {"compute": {"html": text}, "keep": False}))


def _raw(node: N8nNode) -> dict[str, Any]:
    text = node.constant("jsonOutput", "{}")
    try:
        read = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise Unmapped("its JSON is no JSON") from None
    if not isinstance(read, dict) or any(our_path([name]) is None for name in read):
        raise Unmapped("its JSON is no object of plain names")
    return read


def _wanted(node: N8nNode) -> list[tuple[str, Any, str]]:
    """Name, value and kind of each field, whatever the version."""
    found: list[tuple[str, Any, str]] = [
        (dig(row, "name", ""), row.get("value"), dig(row, "type", "string"))
        for row in records(node.get("assignments.assignments", None))
    ]
    for row in records(node.get("fields.values", None)):
        kind = dig(row, "type", "stringValue")
        found.append((dig(row, "name", ""), row.get(kind), kind.removesuffix("Value")))
    old: dict[str, Any] = node.get("values", {})
    for kind in ("string", "number", "boolean"):
        found += [(dig(row, "name", ""), row.get("value"), kind) for row in records(old.get(kind))]
    return found


def _keeps(node: N8nNode) -> bool:
    if node.version < 3:
        return not node.get("keepOnlySet", False)
    if node.version < 3.3:
        include = node.get("include", "all")
    else:
        include = node.get("include", "all") if node.get("includeOtherFields", False) else "none"
    if include not in ("all", "none"):
        raise Unmapped("it keeps some of the other fields only: put a transform.select here too")
    return include == "all"


def _typed(value: Any, kind: str) -> Any:
    """A constant as its kind says: files hold numbers, objects and arrays as text, too."""
    if value is None and kind == "string":
        return ""
    if not isinstance(value, str) or kind == "string":
        return value
    if kind == "boolean":
        return value == "true"
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise Unmapped(f"{value[:60]!r} is no {kind[:20]}") from None
