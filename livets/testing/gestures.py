"""What a person does with a keyboard: type, press keys and chords, go from control to control; and all of `pointing`.

Owns what keys do by themselves: Enter submits or presses, Space presses, Tab moves on. Called by `local`.
"""

from __future__ import annotations

from livets.mirror.nodes import Node
from livets.testing import reach
from livets.testing.controls import is_toggle, value_of
from livets.testing.errors import NotPossible
from livets.testing.forms import (
    controls_of,
    form_of,
    hidden_by,
    is_disabled,
    is_submit_button,
    is_text_control,
)
from livets.testing.pointing import Pointing, is_focusable

_HELD = {"Control": "ctrl", "Shift": "shift", "Alt": "alt", "Meta": "meta"}


class Gestures(Pointing):
    """A person at one page."""

    def fill(self, node: Node, text: str) -> None:
        """Replace what stands in a text control, as pasting over it does."""
        reach.can_write(node)
        self.focus(node)
        self._set(node, text)

    def type(self, node: Node, text: str) -> None:
        """Type at the end of a text control, key by key."""
        reach.can_write(node)
        self.focus(node)
        for character in text:
            self._key(node, character, frozenset())

    def press(self, node: Node | None, keys: str) -> None:
        """Press a key or a chord, such as `Enter`, `a`, `Escape`, `Control+k`, at an element or where the focus is."""
        if node is not None and node is not self.document.focused:
            reach.can_reach(node, "press a key at")
            self.focus(next((each for each in node.around() if is_focusable(each)), None))
        *chord, key = keys.split("+") if len(keys) > 1 else [keys]
        if unknown := [name for name in chord if name not in _HELD]:
            raise NotPossible(f"{keys!r}: {unknown[0]!r} is no key to hold down; use Control, Shift, Alt or Meta")
        held = frozenset(_HELD[name] for name in chord)
        self._key(self.document.focused or self.document.body, {"Space": " "}.get(key, key), held)

    def _key(self, node: Node, key: str, held: frozenset[str]) -> None:
        goes_on = self._happens("keydown", node, key=key, held=held)
        if goes_on and not held - {"shift"}:
            self._key_default(node, key, held)
        target = node if self._is_there(node) else self.document.body
        self._happens("keyup", target, key=key, held=held)

    def _key_default(self, node: Node, key: str, held: frozenset[str]) -> None:
        is_button = node.tag in ("button", "summary") or is_submit_button(node)
        if key == "Tab":
            self._tab(-1 if "shift" in held else 1)
        elif is_text_control(node):
            self._type_key(node, key)
        elif (key == "Enter" and (is_button or node.tag == "a")) or (key == " " and (is_button or is_toggle(node))):
            self._activate(node)
        elif key == "Enter" and node.tag == "input":
            self._submit_by_enter(node)

    def _type_key(self, node: Node, key: str) -> None:
        is_open = "readonly" not in node.attributes and not is_disabled(node)
        if key == "Enter" and node.tag != "textarea":
            self._submit_by_enter(node)
        elif is_open and len(key) == 1:
            self._set(node, value_of(node) + key)
        elif is_open and key == "Backspace":
            self._set(node, value_of(node)[:-1])
        elif is_open and key == "Enter":
            self._set(node, value_of(node) + "\n")

    def _submit_by_enter(self, control: Node) -> None:
        form = form_of(self.document, control)
        if form is None:
            return
        if value_of(control) != self._value_at_focus and is_text_control(control):
            self._value_at_focus = value_of(control)
            self._happens("change", control)
        controls = controls_of(self.document, form)
        button = next((each for each in controls if is_submit_button(each)), None)
        if button is not None:
            if not is_disabled(button):
                self._activate(button)
        elif sum(is_text_control(each) for each in controls) <= 1:
            self.submit(form, None)

    def _tab(self, step: int) -> None:
        stops = [node for node in self.document.body.elements() if is_focusable(node, tab=True) and not hidden_by(node)]
        stops.sort(key=lambda node: int(node.attributes.get("tabindex", "0")) or 10**6)
        if not stops:
            return
        focused = self.document.focused
        at = next((place for place, node in enumerate(stops) if node is focused), -1 if step > 0 else 0)
        self.focus(stops[(at + step) % len(stops)])

    def _set(self, node: Node, text: str) -> None:
        limit = node.attributes.get("maxlength", "")
        node.value = text[: int(limit)] if limit.isdigit() else text
        self._happens("input", node)
