"""Controls: the live value and check mark of inputs, and what the server may overwrite (docs/protocol.md, "Inputs").

Owns the rules of `ts-model` and of controls that a person has typed in, as connector/src/controls.js has them.
It is the `Surface` that patches write to. Used by `local` and `gestures`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from livets.mirror.nodes import Node
from livets.testing.document import Document

CONTROLS = frozenset(["input", "select", "textarea", "button", "a"])
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE)
_NEWER = 2**60
"""What was typed and waits to be sent; also what was typed into a control without `ts-model`."""


def is_toggle(node: Node) -> bool:
    """Check boxes and radio buttons."""
    return node.tag == "input" and node.attributes.get("type", "").lower() in ("checkbox", "radio")


def model_of(node: Node) -> tuple[str, str] | None:
    """The directive that binds a control (`ts-model` with its modifiers) and its field."""
    for name, value in node.attributes.items():
        if name == "ts-model" or name.startswith("ts-model."):
            return name, value
    return None


def options_of(select: Node) -> list[Node]:
    """The options of a select."""
    return [node for node in select.elements() if node.tag == "option"]


def selected_of(select: Node) -> list[Node]:
    """The options that are chosen; a select for one value shows its first one when none is."""
    options = options_of(select)
    chosen = [option for option in options if is_checked(option)]
    if "multiple" in select.attributes:
        return chosen
    usable = [option for option in options if "disabled" not in option.attributes]
    return chosen[-1:] or usable[:1]


def is_checked(node: Node) -> bool:
    """The live check mark (of an option: whether it is chosen)."""
    if node.checked is not None:
        return node.checked
    return ("selected" if node.tag == "option" else "checked") in node.attributes


def value_of(node: Node) -> str:
    """The live value, as `element.value` in a browser."""
    if node.tag == "select":
        return value_of(selected_of(node)[0]) if selected_of(node) else ""
    if node.value is not None:
        return node.value
    if node.tag == "textarea":
        return node.text
    if node.tag == "option":
        return node.attributes.get("value", " ".join(node.text.split()))
    return node.attributes.get("value", "on" if is_toggle(node) else "")


def values_of(node: Node) -> Any:
    """A control's value as an event has it: for a choice of several a list."""
    if node.tag == "select" and "multiple" in node.attributes:
        return [value_of(option) for option in selected_of(node)]
    return value_of(node)


def polished(text: str, control: Node) -> str | int | float:
    """A text as `ts-model.trim.number` sends it; what is no number goes as it is."""
    model = model_of(control)
    name = model[0] if model is not None else ""
    if ".trim" in name:
        text = text.strip()
    if ".number" not in name or not _NUMBER.fullmatch(text):
        return text
    value = float(text)
    return int(value) if value.is_integer() else value


class Controls:
    """The controls of one page."""

    def __init__(self) -> None:
        self.document: Document
        self.done = 0
        self._typed: dict[Any, int] = {}
        """The event that carried what was typed last, by field, or by the number of a control without `ts-model`."""
        self._waiting: dict[int, Callable[[], None]] = {}

    def typing(self, node: Node) -> None:
        """A person changes the control: newer than all that the server has heard of."""
        self._typed[_key(node)] = _NEWER

    def sends(self, ref: int, fields: dict[str, Any]) -> None:
        """An event carries these values."""
        for name in fields:
            self._typed[name] = ref

    def model_value(self, node: Node) -> Any:
        """What the field of a bound control gets; checkboxes with values of their own share a list."""
        if node.tag == "input" and node.attributes.get("type", "").lower() == "checkbox":
            if "value" not in node.attributes:
                return is_checked(node)
            key = _key(node)
            boxes = [each for each in self.document.body.elements() if each.tag in CONTROLS and _key(each) == key]
            return [value_of(each) for each in boxes if is_checked(each)]
        value = values_of(node)
        return polished(value, node) if isinstance(value, str) else value

    def leave(self, node: Node) -> None:
        """The control loses focus: what the server wrote meanwhile shows."""
        model = model_of(node)
        if model is not None and self._typed.get(model[1]) == _NEWER:
            del self._typed[model[1]]
        write = self._waiting.pop(node.number, None)
        if write is not None:
            write()

    def write(self, node: Node, name: str, value: str | None) -> None:
        """An attribute or text, and the live value where the person's input allows it (the `Surface`)."""
        if not name:
            data, owner = value or "", node.element
            if owner is not None and owner.tag == "textarea":
                self._write_control(owner, "value", data, lambda: setattr(node, "data", data))
            else:
                node.data = data
            return

        def write() -> None:
            if value is None:
                node.attributes.pop(name, None)
            else:
                node.attributes[name] = value

        if name in ("value", "checked", "selected") and node.tag in ("input", "option"):
            self._write_control(node, name, value, write)
        else:
            write()

    def set_input(self, field: str, value: Any) -> None:
        """The server insists (SET_INPUT)."""
        self._typed.pop(field, None)
        for node in list(self.document.body.elements()):
            model = model_of(node) if node.tag in CONTROLS else None
            if model is None or model[1] != field:
                continue
            if is_toggle(node):
                node.checked = _selects(value, node)
            elif node.tag == "select":
                for option in options_of(node):
                    option.checked = _selects(value, option)
            else:
                node.value = "" if value is None else str(value)

    def _write_control(self, node: Node, name: str, value: str | None, write: Callable[[], None]) -> None:
        is_value = name == "value"
        text = value or ""
        now: str | bool = str(polished(value_of(node), node)) if is_value else is_checked(node)
        news: str | bool = text if is_value else value is not None
        control = next((each for each in node.around() if each.tag == "select"), node)
        key, differs = _key(control), now != news
        if differs and key == control.number and control is self.document.focused and key not in self._typed:
            self._waiting[control.number] = lambda: self._write_control(node, name, value, write)
            return
        write()
        if not differs:
            self._typed.pop(control.number, None)
        elif self._typed.get(key, 0) <= self.done:
            node.value, node.checked = (text, node.checked) if is_value else (node.value, bool(news))


def _key(node: Node) -> Any:
    model = model_of(node)
    return model[1] if model is not None else node.number


def _selects(value: Any, choice: Node) -> bool:
    """Whether a field's value selects this option, radio button or check box."""
    values = value if isinstance(value, list) else [value]
    return value is True or value_of(choice) in [str(each) for each in values]
