"""What livets adds to start tags: value slots of `ts-model` controls, names of handlers in `ts-on:*`.

This is the one deliberate difference to plain Jinja2: a control with ts-model and without a value of its own
shows the field. It owns these rules only. The builder calls it.
"""

from __future__ import annotations

import re
from typing import Final

from jinja2 import nodes

from livets.render.items import Branches, Item, Static, Value
from livets.render.plans import Findings
from livets.render.tags import Tag

_HANDLER: Final = re.compile(r"^\s*([A-Za-z_]\w*)\s*(?:\(|$)")
_NOT_TEXT: Final = frozenset({"radio", "file", "submit", "button", "image", "reset", "hidden"})


def model_of(tag: Tag) -> str | None:
    """The field that a control is bound to."""
    for attribute in tag.attributes:
        if attribute.name == "ts-model" or attribute.name.startswith("ts-model."):
            return None if attribute.dynamic else attribute.static.strip() or None
    return None


def note(tag: Tag, findings: Findings) -> None:
    """Write down bound fields and the names of handlers."""
    model = model_of(tag)
    if model is not None:
        findings.models.add(model)
    for attribute in tag.attributes:
        if attribute.name.startswith("ts-on:") and attribute.parts and isinstance(attribute.parts[0], str):
            first = attribute.parts[0] if attribute.dynamic else attribute.static
            found = _HANDLER.match(first)
            if found is not None:
                findings.handlers.add(found.group(1))


def implied_value(tag: Tag, model: str, site: int, lineno: int) -> tuple[str, list[Item]] | None:
    """(attribute, its parts) that a bound control without them gets: `value`, or `checked` for a checkbox."""
    if not model.isidentifier():
        return None
    name = nodes.Name(model, "load", lineno=lineno)
    kind = (tag.static("type") or "text").lower()
    if tag.name == "input" and not any(a.name == "type" and a.dynamic for a in tag.attributes):
        if (
            kind == "checkbox"
            and not tag.has("checked")
            and not any(a.name == "value" and a.dynamic for a in tag.attributes)
        ):
            test = _chosen(name, tag.static("value"), lineno) if tag.has("value") else name
            return "checked", [Branches([test], [[Static(" checked", lineno)]], lineno)]
        if kind not in _NOT_TEXT and kind != "checkbox" and not tag.has("value"):
            return "value", [_text(name, site, lineno)]
    if tag.name == "textarea":
        return "", [_text(name, site, lineno)]
    return None


def _chosen(name: nodes.Name, value: str | None, lineno: int) -> nodes.Expr:
    """Is a checkbox with a value of its own ticked: the value is in the field's list, or the field is true."""
    several = nodes.And(
        nodes.Test(name, "iterable", [], [], None, None, lineno=lineno),
        nodes.Not(nodes.Test(name, "string", [], [], None, None, lineno=lineno), lineno=lineno),
        lineno=lineno,
    )
    held = nodes.Compare(
        nodes.Const(value or "", lineno=lineno), [nodes.Operand("in", name, lineno=lineno)], lineno=lineno
    )
    return nodes.CondExpr(several, held, name, lineno=lineno)


def _text(name: nodes.Name, site: int, lineno: int) -> Value:
    """The field, or nothing when it is None."""
    test = nodes.Test(name, "none", [], [], None, None, lineno=lineno)
    return Value(nodes.CondExpr(test, nodes.Const("", lineno=lineno), name, lineno=lineno), lineno, site)
