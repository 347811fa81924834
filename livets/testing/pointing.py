"""What a person does with a pointer, as the DOM events that a browser makes of it: click, choose, tick, submit.

Owns the order of events, focus, the default action of links, buttons, labels and forms, and what a person cannot do
(press what is disabled or hidden). Never speaks to a server. `gestures` adds the keyboard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from livets.mirror.nodes import Node, tag_of
from livets.testing import reach
from livets.testing.controls import CONTROLS, Controls, is_checked, is_toggle, options_of, selected_of, value_of
from livets.testing.document import Document
from livets.testing.errors import NotPossible
from livets.testing.events import DomEvent, Events
from livets.testing.forms import (
    controls_of,
    form_of,
    is_disabled,
    is_submit_button,
    is_text_control,
    kind_of,
    pairs_of,
)

_LABELABLE = frozenset(["input", "select", "textarea", "button", "output", "meter", "progress"])

Go = Callable[[str, str, list[tuple[str, Any]], str | None], None]
"""Leave for a URL: method, URL, form data, and what `ts-link` says, where the link has it."""


class Pointing:
    """A person at one page, without a keyboard."""

    def __init__(self, events: Events, controls: Controls, go: Go) -> None:
        self.document: Document
        self._events = events
        self._controls = controls
        self._go = go
        self._value_at_focus = ""

    # Pointing

    def click(self, node: Node, held: frozenset[str] = frozenset()) -> None:
        """Point at an element and click. Raises NotPossible."""
        reach.can_use(node, "click on")
        self._happens("mousedown", node, held=held)
        self.focus(next((each for each in node.around() if is_focusable(each)), None))
        self._happens("mouseup", node, held=held)
        self._activate(node, held)

    def double_click(self, node: Node) -> None:
        """Two clicks and what they make together."""
        self.click(node)
        self.click(node)
        self._happens("dblclick", node)

    def hover(self, node: Node) -> None:
        """Move the pointer onto an element."""
        reach.can_reach(node, "point at")
        for kind in ("mouseover", "mouseenter", "mousemove"):
            self._happens(kind, node)

    def _activate(self, node: Node, held: frozenset[str] = frozenset()) -> None:
        """The click itself, and what the browser does by itself then."""
        toggle = node if is_toggle(node) else None
        before = [(each, each.checked) for each in self._radio_group(toggle)] if toggle is not None else []
        if toggle is not None:
            self._toggle(toggle)
        changed = toggle is not None and before != [(each, each.checked) for each, _ in before]
        if not self._happens("click", node, held=held):
            for each, state in before:
                each.checked = state
            self.document.touch()
            return
        if toggle is not None:
            if changed:
                self._happens("input", toggle)
                self._happens("change", toggle)
            return
        self._default(node, held)

    def _default(self, node: Node, held: frozenset[str]) -> None:
        for each in node.around():
            if each.tag == "a" and "href" in each.attributes:
                if not held:
                    self._follow(each)
                return
            if each.tag == "button" or (each.tag == "input" and is_submit_button(each)):
                self._press_button(each)
                return
            if each.tag == "label" and (control := self._labelled(each)) is not None:
                if not is_disabled(control) and not any(other is control for other in node.around()):
                    self.focus(control)
                    self._activate(control)
                return
            if each.tag == "summary" and each.element is not None and each.element.tag == "details":
                self._open_or_close(each.element)
                return
            if each.tag in CONTROLS:
                return

    def _press_button(self, button: Node) -> None:
        form = form_of(self.document, button)
        if form is not None and is_submit_button(button):
            self.submit(form, button)
        elif form is not None and kind_of(button) == "reset":
            for control in controls_of(self.document, form):
                control.value = control.checked = None
                for option in options_of(control):
                    option.checked = None
            self.document.touch()
            self._happens("reset", form)

    def _open_or_close(self, details: Node) -> None:
        if "open" in details.attributes:
            del details.attributes["open"]
        else:
            details.attributes["open"] = ""
        self.document.touch()
        self._happens("toggle", details)

    def _follow(self, link: Node) -> None:
        url = link.attributes["href"]
        if "download" in link.attributes or link.attributes.get("target", "_self") != "_self":
            return
        if not url.startswith("#"):
            self._go("GET", url, [], link.attributes.get("ts-link"))

    # Focus

    def focus(self, node: Node | None = None) -> None:
        """Move the focus; what loses it tells so, and that it was changed."""
        old = self.document.focused
        if old is node:
            return
        if old is not None and self._is_there(old):
            if is_text_control(old) and value_of(old) != self._value_at_focus:
                self._happens("change", old)
            self.document.focused = node
            self._happens("blur", old)
            self._happens("focusout", old)
            self._events.flush()
            self._controls.leave(old)
        self.document.focused = node
        if node is not None:
            self._value_at_focus = value_of(node) if is_text_control(node) else ""
            self._happens("focus", node)
            self._happens("focusin", node)

    def blur(self, node: Node) -> None:
        """Take the focus away from an element, if it has it."""
        if self.document.focused is node:
            self.focus(None)

    # Choosing and submitting

    def choose(self, select: Node, wanted: list[str]) -> None:
        """Choose options of a select by value or by text; in one for several values, exactly these."""
        options, found = options_of(select), reach.chosen(select, wanted)
        self.focus(select)
        before = [each.number for each in selected_of(select)]
        for option in options:
            option.checked = any(option is each for each in found)
        self.document.touch()
        if before != [each.number for each in selected_of(select)]:
            self._happens("input", select)
            self._happens("change", select)

    def set_checked(self, node: Node, wanted: bool) -> None:
        """Click on a check box or radio button unless it is as wanted."""
        reach.can_check(node, wanted)
        if is_checked(node) != wanted:
            self.click(node)

    def submit(self, form: Node, submitter: Node | None = None) -> None:
        """Submit a form: the event, and, where no directive takes it, the request that a browser would make."""
        if "novalidate" not in form.attributes and "formnovalidate" not in (submitter.attributes if submitter else {}):
            self._validate(form)
        if not self._happens("submit", form, submitter=submitter):
            return
        data = pairs_of(self.document, form, submitter)
        url = form.attributes.get("action", "")
        if form.attributes.get("method", "get").lower() == "post":
            self._go("POST", url, data, None)
        else:
            self._go("GET", url.partition("?")[0] + "?" + urlencode(data), [], None)

    def _validate(self, form: Node) -> None:
        """A browser does not submit a form while a required field is empty."""
        for control in controls_of(self.document, form):
            if "required" not in control.attributes or is_disabled(control):
                continue
            group = self._radio_group(control) if is_toggle(control) else []
            is_given = any(is_checked(each) for each in group) if group else bool(value_of(control))
            if not is_given:
                raise NotPossible(
                    f"the browser does not submit the form: {tag_of(control)} is required and empty "
                    f"(fill it, or give the form `novalidate` if the server says what is missing)"
                )

    # Small things

    def _happens(
        self, kind: str, node: Node, key: str = "", held: frozenset[str] = frozenset(), submitter: Node | None = None
    ) -> bool:
        return self._events.dispatch(DomEvent(kind, node, key, held, submitter))

    def _toggle(self, node: Node) -> None:
        if kind_of(node) == "radio":
            for each in self._radio_group(node):
                each.checked = each is node
        else:
            node.checked = not is_checked(node)
        self.document.touch()

    def _radio_group(self, node: Node) -> list[Node]:
        if kind_of(node) != "radio" or not node.attributes.get("name"):
            return [node]
        form, name = form_of(self.document, node), node.attributes["name"]
        return [each for each in self._radios(name) if form_of(self.document, each) is form]

    def _radios(self, name: str) -> Iterator[Node]:
        for node in self.document.body.elements():
            if node.tag == "input" and kind_of(node) == "radio" and node.attributes.get("name") == name:
                yield node

    def _labelled(self, label: Node) -> Node | None:
        if "for" in label.attributes:
            return self.document.by_id(label.attributes["for"])
        return next((node for node in label.elements() if node.tag in _LABELABLE), None)

    def _is_there(self, node: Node) -> bool:
        return self.document.top in node.around()


def is_focusable(node: Node, *, tab: bool = False) -> bool:
    """Whether the element can have the focus; `tab`: whether the Tab key stops at it."""
    if is_disabled(node) or (node.tag == "input" and kind_of(node) == "hidden"):
        return False
    index = node.attributes.get("tabindex", "")
    if index.lstrip("-").isdigit():
        return int(index) >= 0 or not tab
    return (
        node.tag in ("input", "select", "textarea", "button", "summary")
        or (node.tag == "a" and "href" in node.attributes)
        or node.attributes.get("contenteditable", "false") != "false"
    )
