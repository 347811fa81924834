"""Forms: which control belongs to which form, what a form submits, what is disabled or hidden.

Owns these rules of HTML, as far as a person meets them. Changes nothing. Used by `events`, `gestures` and `element`.
"""

from __future__ import annotations

import re
from typing import Any

from livets.mirror.nodes import Node
from livets.testing.controls import is_checked, is_toggle, selected_of, value_of
from livets.testing.document import Document

_FIELDS = frozenset(["input", "select", "textarea", "button"])
_DISABLEABLE = frozenset([*_FIELDS, "option", "optgroup", "fieldset"])
_NOT_TEXT = frozenset(["checkbox", "radio", "button", "submit", "reset", "image", "file", "hidden", "range", "color"])
_INVISIBLE = frozenset(["head", "script", "style", "template", "title", "datalist", "noscript"])
_DISPLAY_NONE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)


def kind_of(node: Node) -> str:
    """The type of an input or button."""
    default = {"input": "text", "button": "submit"}.get(node.tag, "")
    return node.attributes.get("type", default).lower() or default


def is_text_control(node: Node) -> bool:
    """True for controls that one types text into."""
    return node.tag == "textarea" or (node.tag == "input" and kind_of(node) not in _NOT_TEXT)


def is_submit_button(node: Node) -> bool:
    """True for what submits its form when pressed."""
    return (node.tag == "button" and kind_of(node) == "submit") or (
        node.tag == "input" and kind_of(node) in ("submit", "image")
    )


def form_of(document: Document, control: Node) -> Node | None:
    """The form that a control belongs to."""
    if "form" in control.attributes:
        return document.by_id(control.attributes["form"])
    return next((node for node in control.around() if node.tag == "form"), None)


def controls_of(document: Document, form: Node) -> list[Node]:
    """The controls of a form, in document order."""
    return [node for node in document.body.elements() if node.tag in _FIELDS and form_of(document, node) is form]


def is_disabled(node: Node) -> bool:
    """Whether the control, or a fieldset around it, is disabled; a fieldset's legend stays usable."""
    if node.tag in _DISABLEABLE and "disabled" in node.attributes:
        return True
    around = list(node.around())
    for outer in around[1:]:
        if "disabled" in outer.attributes and outer.tag in ("fieldset", "optgroup"):
            legend = next((child for child in outer.children if child.tag == "legend"), None)
            if legend is None or not any(each is legend for each in around):
                return True
    return False


def hidden_by(node: Node) -> Node | None:
    """The element that hides `node` (perhaps itself); what style sheets do, only a browser knows."""
    inner: Node | None = None
    for outer in node.around():
        attributes = outer.attributes
        is_closed = (outer.tag == "details" and "open" not in attributes and inner is not None
                     and inner.tag != "summary")  # fmt: skip
        if (
            is_closed
            or outer.tag in _INVISIBLE
            or "hidden" in attributes
            or (outer.tag == "input" and kind_of(outer) == "hidden")
            or (outer.tag == "dialog" and "open" not in attributes)
            or _DISPLAY_NONE.search(attributes.get("style", ""))
        ):
            return outer
        inner = outer
    return None


def pairs_of(document: Document, form: Node, submitter: Node | None) -> list[tuple[str, Any]]:
    """What a form submits: names and values, in order; a file is {}: its content does not travel over the socket."""
    pairs: list[tuple[str, Any]] = []
    for node in controls_of(document, form):
        name = node.attributes.get("name", "")
        if not name or is_disabled(node) or any(each.tag == "datalist" for each in node.around()):
            continue
        if node.tag == "button" or (node.tag == "input" and kind_of(node) in ("submit", "image", "button", "reset")):
            if node is submitter:
                pairs.append((name, node.attributes.get("value", "")))
        elif node.tag == "select":
            pairs += [(name, value_of(option)) for option in selected_of(node) if not is_disabled(option)]
        elif is_toggle(node):
            pairs += [(name, value_of(node))] if is_checked(node) else []
        else:
            pairs.append((name, {} if kind_of(node) == "file" else value_of(node)))
    return pairs
