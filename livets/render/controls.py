"""What livets adds to start tags: value slots of `ts-model` controls, names of handlers in `ts-on:*`.

This is the one deliberate difference to plain Jinja2: a control with ts-model and without a value of its own
shows the field. It owns these rules only. The builder calls it.
"""

from __future__ import annotations

from jinja2 import nodes

from livets.render import directives_values
from livets.render.bound import NOT_TEXT
from livets.render.choices import CHOSEN_FILTER, TICKED_FILTER
from livets.render.entities import decode_text
from livets.render.items import Branches, Item, Static, Value
from livets.render.markup import Piece
from livets.render.mentions import HANDLER
from livets.render.plans import Findings
from livets.render.tags import Tag


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
            found = HANDLER.match(first)
            if found is not None:
                findings.handlers.add(found.group(1))


def implied_value(tag: Tag, model: str, site: int, lineno: int) -> tuple[str, list[Item]] | None:
    """(attribute, its parts) that a bound control without them gets: `value`, or `checked`; "" is a text."""
    if not model.isidentifier():
        return None
    name = nodes.Name(model, "load", lineno=lineno)
    kind = (tag.static("type") or "text").lower()
    if tag.name == "input" and not any(a.name == "type" and a.dynamic for a in tag.attributes):
        if kind in ("checkbox", "radio"):
            return None if tag.has("checked") else _toggled(tag, kind, name, lineno)
        if kind not in NOT_TEXT and not tag.has("value"):
            return "value", [_text(name, site, lineno)]
    if tag.name == "textarea":
        return "", [_text(name, site, lineno)]
    return None


def implied_choice(tag: Tag, field: str, following: list[Item], lineno: int) -> tuple[str, list[Item]] | None:
    """(`selected`, its parts) that an option gets which is in a <select> bound to `field`.

    `following`: what stands behind its start tag; an option without a value goes by its text.
    """
    if tag.has("selected") or not field.isidentifier():
        return None
    choice = _choice(tag, lineno) if tag.has("value") else _option_text(following, lineno)
    if choice is None:
        return None
    name = nodes.Name(field, "load", lineno=lineno)
    return "selected", [_when(_filtered(CHOSEN_FILTER, name, choice, lineno), " selected", lineno)]


def _toggled(tag: Tag, kind: str, name: nodes.Expr, lineno: int) -> tuple[str, list[Item]] | None:
    if not tag.has("value"):
        return None if kind == "radio" else ("checked", [_when(name, " checked", lineno)])
    choice = _choice(tag, lineno)
    if choice is None:
        return None
    rule = TICKED_FILTER if kind == "checkbox" else CHOSEN_FILTER
    return "checked", [_when(_filtered(rule, name, choice, lineno), " checked", lineno)]


def _choice(tag: Tag, lineno: int) -> nodes.Expr | None:
    """The tag's `value` as an expression: a constant, or one output (`ts-bind:value`, too). None for anything else."""
    for attribute in tag.attributes:
        if attribute.name == "value":
            if not attribute.dynamic:
                return nodes.Const(attribute.static, lineno=lineno)
            return _output(attribute.parts[0]) if len(attribute.parts) == 1 else None
    for piece in tag.region:
        node = _output(piece)
        match node:
            case nodes.Filter(name=directives_values.ATTRIBUTE_FILTER, args=[nodes.Const(value="value"), *_]):
                return node.node
    return None


def _output(piece: Piece) -> nodes.Expr | None:
    return piece[0].node if not isinstance(piece, str) and isinstance(piece[0], Value) else None


def _option_text(following: list[Item], lineno: int) -> nodes.Expr | None:
    """The text of an option as an expression: all of it constant, or all of it one output."""
    first = following[0] if following else None
    if isinstance(first, Static) and not first.text.strip() and len(following) > 1:
        following = following[1:]
        first = following[0]
    if isinstance(first, Value):
        rest = following[1] if len(following) > 1 else None
        return first.node if isinstance(rest, Static) and rest.text.lstrip().startswith("<") else None
    if isinstance(first, Static) and "<" in first.text:
        text = decode_text(first.text.partition("<")[0])
        return nodes.Const(" ".join(text.split()), lineno=lineno)
    return None


def _filtered(name: str, held: nodes.Expr, choice: nodes.Expr, lineno: int) -> nodes.Expr:
    return nodes.Filter(held, name, [choice], [], None, None, lineno=lineno)


def _when(test: nodes.Expr, text: str, lineno: int) -> Item:
    return Branches([test], [[Static(text, lineno)]], lineno)


def _text(name: nodes.Name, site: int, lineno: int) -> Value:
    """The field, or nothing when it is None."""
    test = nodes.Test(name, "none", [], [], None, None, lineno=lineno)
    return Value(nodes.CondExpr(test, nodes.Const("", lineno=lineno), name, lineno=lineno), lineno, site)
