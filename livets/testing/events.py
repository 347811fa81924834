"""DOM events and directives: what `ts-on:click.prevent="save(1)"` makes of an event (connector/src/events.js).

Owns the way of an event from its target through the elements around it, modifiers, payloads, debouncing. It knows no
person: `gestures` says which events a click or a keystroke consists of. What is to be sent goes to `push`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from livets.mirror.nodes import Node
from livets.testing.controls import CONTROLS, Controls, is_checked, is_toggle, model_of, values_of
from livets.testing.document import Document
from livets.testing.forms import hidden_by, pairs_of
from livets.testing.questions import Questions
from livets.wire import directives

Push = Callable[[str, dict[str, Any], dict[str, Any]], int]
"""Directive, payload, fields; returns the number of the event."""

SYSTEM_KEYS = frozenset(directives.SYSTEM_KEYS)
_PLACES = frozenset(directives.PLACES)
_NOT_RISING = frozenset([
    "focus", "blur", "mouseenter", "mouseleave", "pointerenter", "pointerleave", "toggle", "scroll", "load", "error",
    "play", "pause", "ended", "invalid", "cancel", "close",
])  # fmt: skip
"""Events that go to their target alone: only `.capture` hears of them further out."""
_PAUSE = re.compile(r"\.(\d+)(m?)s")
_DEFAULT_PAUSE_S = 0.3


@dataclass(slots=True)
class DomEvent:
    """One event on its way."""

    type: str
    target: Node
    key: str = ""
    held: frozenset[str] = frozenset()
    """System keys that are held down."""
    submitter: Node | None = None
    detail: Any = None
    is_prevented: bool = False


class Events:
    """The directives of one page."""

    def __init__(self, controls: Controls, push: Push, questions: Questions) -> None:
        self.document: Document
        self._questions = questions
        self._controls = controls
        self._push = push
        self._pending: dict[tuple[int, str], Callable[[], Any]] = {}
        self._allowed_at_s: dict[tuple[int, str], float] = {}
        self._globals: list[Node] = []
        self._heard: set[str] = set()
        """Types of events that any directive of the page is about."""
        self._listed: tuple[Document, int] | None = None

    def dispatch(self, event: DomEvent) -> bool:
        """Let an event happen; False when a directive prevents what the browser would do."""
        root = self.document.root
        if root is None:
            return True
        is_inside = root in event.target.around()
        if is_inside and event.target is not root:
            self._model(event)
        self._list(root)
        if event.type not in self._heard:
            return not event.is_prevented
        for element, name, source in list(self._directives(event, root, is_inside)):
            modifiers = name.split(".")[1:]
            if event.type == "submit" or "prevent" in modifiers:
                event.is_prevented = True
            if not self._agrees(element, event.submitter):
                event.is_prevented = True
                continue
            self._schedule(element, name, partial(self._send, event, element, source))
        return not event.is_prevented

    def flush(self) -> None:
        """What was put off by `.debounce` is sent now: what was typed before goes before."""
        pending, self._pending = self._pending, {}
        for send in pending.values():
            send()

    # Which directives hear it

    def _directives(self, event: DomEvent, root: Node, is_inside: bool) -> Iterator[tuple[Node, str, str]]:
        """Directives that are meant, in the order in which they hear of it: on the way down, then on the way up."""
        around = list(event.target.around())
        path = around[: around.index(root) + 1] if is_inside else []
        beside = [element for element in self._globals if element not in path]
        for is_down in (True, False):
            for element in [*(reversed(path) if is_down else path), *beside]:
                stopped = False
                for name, source in list(element.attributes.items()):
                    if not name.startswith("ts-on:"):
                        continue
                    modifiers = self._hears(event, element, name, is_down=is_down, is_inside=element in path)
                    if modifiers is not None:
                        stopped = stopped or "stop" in modifiers
                        yield element, name, source
                if stopped:
                    return

    def _list(self, root: Node) -> None:
        """What the page listens to, and which elements hear of what happens outside; anew when it has changed."""
        document = self.document
        if self._listed == (document, document.version):
            return
        self._listed = (document, document.version)
        self._globals, self._heard = [], set()
        for element in (root, *root.elements()):
            names = [name.split(".") for name in element.attributes if name.startswith("ts-on:")]
            self._heard.update([parts[0][len("ts-on:") :] for parts in names])
            if element is not root and any(not _PLACES.isdisjoint(parts) for parts in names):
                self._globals.append(element)

    def _hears(
        self, event: DomEvent, element: Node, name: str, *, is_down: bool, is_inside: bool
    ) -> frozenset[str] | None:
        """The modifiers of a directive that is meant by the event, else None."""
        kind, *rest = name[6:].split(".")
        modifiers = frozenset(rest)
        is_rising = event.type not in _NOT_RISING
        if kind != event.type or is_down != ("capture" in modifiers or not is_rising):
            return None
        if is_inside:
            is_meant = element is event.target or ("self" not in modifiers and (is_rising or "capture" in modifiers))
            if "outside" in modifiers or not is_meant:
                return None
        elif not modifiers & _PLACES or ("outside" in modifiers and hidden_by(element)):
            return None
        keys = [word for word in rest if not directives.MODIFIER.match(word)]
        if event.key and keys and directives.key_name(event.key) not in keys:
            return None
        if not (modifiers & SYSTEM_KEYS) <= event.held:
            return None
        if event.type == "click" and event.held & {"ctrl", "meta", "shift"}:
            for each in element.around():
                if each.tag == "a" and "href" in each.attributes:
                    return None  # a new tab is a new tab
        return modifiers

    # What they send

    def _agrees(self, element: Node, submitter: Node | None) -> bool:
        """What the person says to `ts-confirm`, of the element or of the button that sends its form."""
        question = element.attributes.get("ts-confirm") or (submitter and submitter.attributes.get("ts-confirm"))
        return not question or self._questions.answer(question)

    def _model(self, event: DomEvent) -> None:
        target = event.target
        if event.type == "input":
            self._controls.typing(target)
        model = model_of(target)
        if model is None:
            return
        name, field = model
        is_late = is_toggle(target) or target.tag == "select" or ".lazy" in name
        if event.type == ("change" if is_late else "input"):
            value = self._controls.model_value(target)
            self._schedule(target, name, partial(self._push, "", {}, {field: value}))

    def _send(self, event: DomEvent, element: Node, source: str) -> None:
        # As the template has it: the server reads it.
        self._push(source, self._payload(event, element), {})

    def _payload(self, event: DomEvent, element: Node) -> dict[str, Any]:
        """What a person expects of the event."""
        payload: dict[str, Any] = {
            name: value for name, value in element.attributes.items() if name.startswith(("ts-value:", "data-"))
        }
        control = next((node for node in event.target.around() if node.tag in CONTROLS), None)
        if control is not None and control.tag != "a":
            value = values_of(control)
            if value or event.type not in ("click", "submit"):
                payload["value"] = value
                if is_toggle(control):
                    payload["checked"] = is_checked(control)
        if event.key:
            payload["key"] = event.key
        form = event.target if event.type == "submit" else element
        if form.tag == "form":
            payload["form"] = pairs_of(self.document, form, event.submitter)
        return payload

    def _schedule(self, element: Node, name: str, send: Callable[[], Any]) -> None:
        """Send now or later, as the directive's modifiers say."""
        directive = (element.number, name)
        if ".debounce" in name:
            self._pending.pop(directive, None)
            self._pending[directive] = send
            return
        now_s = time.monotonic()
        if now_s < self._allowed_at_s.get(directive, 0.0):
            return
        if ".once" in name:
            self._allowed_at_s[directive] = float("inf")
        elif ".throttle" in name:
            found = _PAUSE.search(name)
            pause_s = int(found[1]) / (1000 if found[2] else 1) if found else _DEFAULT_PAUSE_S
            self._allowed_at_s[directive] = now_s + pause_s
        self.flush()
        send()
