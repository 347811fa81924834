"""Bound controls in HTML that Jinja2 has rendered whole: they show their fields as those in slots do.

It owns where in a finished string values are written; which values follows from the rules of `choices`, as in
`controls`. A filter around the region can't change them, and an include without context has them. Only fields that
the template names are shown. The functions of HTML slots call it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final

from jinja2.utils import missing
from markupsafe import escape

from livets.render.choices import is_chosen, is_ticked
from livets.render.entities import decode_text, parse_attributes
from livets.render.environment import Scope
from livets.render.markup import RAW_TEXT

NOT_TEXT: Final = frozenset({"file", "submit", "button", "image", "reset", "hidden"})
"""Types of inputs that show no field."""
_WORD: Final = re.compile(
    rf"<(?:(!--)|(input|textarea|select|/select|option|title|{'|'.join(sorted(RAW_TEXT))})(?=[\s/>]))", re.IGNORECASE
)
_REST: Final = re.compile(r"""(?:[^'">]++|"[^"]*"|'[^']*')*+>""")
"""The rest of a start tag."""


def model_among(attributes: dict[str, str]) -> str | None:
    """The field that `ts-model` names among attributes.

    >>> model_among({"type": "text", "ts-model.trim": "name"})
    'name'
    """
    for name, value in attributes.items():
        if name == "ts-model" or name.startswith("ts-model."):
            return value.strip() or None
    return None


def show_fields(html: str, scope: Scope, models: Collection[str]) -> str:
    """HTML in which controls bound to one of `models`, and without a value of their own, show what `scope` has for it.

    >>> from livets.render.environment import MappingScope
    >>> show_fields('<input ts-model="name"> <input ts-model="id">', MappingScope({"name": "<Ann>", "id": 7}), {"name"})
    '<input ts-model="name" value="&lt;Ann&gt;"> <input ts-model="id">'
    """
    return _Shown(html, scope, models).run() if "ts-model" in html else html


class _Shown:
    """One pass over one string; what does not end is left as it is."""

    def __init__(self, html: str, scope: Scope, models: Collection[str]) -> None:
        self.html = html
        self.scope = scope
        self.models = models
        self.out: list[str] = []
        self.at = 0
        self.chooser: str | None = None
        """The field of the <select> that is open."""

    def run(self) -> str:
        """The string with values."""
        html, place = self.html, 0
        while (found := _WORD.search(html, place)) is not None:
            if found[1]:
                place = html.find("-->", found.end())
                if place < 0:
                    break
                continue
            rest = _REST.match(html, found.end())
            if rest is None:
                break
            name, place = found[2].lower(), rest.end()
            self._tag(name, dict(parse_attributes(rest[0][:-1])), place)
            if name in RAW_TEXT or name in ("textarea", "title"):
                end = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(html, place)
                if end is None:
                    break
                place = end.end()
        return "".join([*self.out, html[self.at :]])

    def _tag(self, name: str, attributes: dict[str, str], end: int) -> None:
        if name == "/select":
            self.chooser = None
            return
        if name == "option":
            if self.chooser is not None and "selected" not in attributes:
                choice = attributes["value"] if "value" in attributes else self._text(end)
                if is_chosen(self._held(self.chooser), choice):
                    self._attribute(end, "selected")
            return
        model = model_among(attributes)
        model = model if model in self.models else None
        if name == "select":
            self.chooser = model
        elif name == "textarea" and model and re.match("</textarea", self.html[end : end + 10], re.IGNORECASE):
            self._write(end, _source(self._held(model)))
        elif name == "input" and model:
            self._input(attributes, self._held(model), end)

    def _input(self, attributes: dict[str, str], held: Any, end: int) -> None:
        kind, choice = attributes.get("type", "text").lower(), attributes.get("value")
        if kind in ("checkbox", "radio"):
            if "checked" not in attributes and _is_on(kind, held, choice):
                self._attribute(end, "checked")
        elif choice is None and kind not in NOT_TEXT:
            self._attribute(end, f'value="{_source(held)}"')

    def _held(self, model: str) -> Any:
        value = self.scope.resolve(model)
        return None if value is missing else value

    def _text(self, place: int) -> str:
        """The text of an option."""
        end = self.html.find("<", place)
        return " ".join(decode_text(self.html[place : end if end >= 0 else None]).split())

    def _attribute(self, end: int, source: str) -> None:
        """One more attribute for the start tag that ends at `end`."""
        close = end - 1
        if self.html[close - 1] == "/" and self.html[close - 2] in "\"' \t\r\n":
            close -= 1
        self._write(close, f" {source}")

    def _write(self, place: int, source: str) -> None:
        self.out += (self.html[self.at : place], source)
        self.at = place


def _is_on(kind: str, held: Any, choice: str | None) -> bool:
    if choice is None:
        return kind == "checkbox" and bool(held)
    return is_ticked(held, choice) if kind == "checkbox" else is_chosen(held, choice)


def _source(held: Any) -> str:
    return "" if held is None else str(escape(held)).replace('"', "&#34;")
