"""The last HTML of a slot, as little of it as possible: one for all views that show it, packed while nobody needs it.

It owns strings that were sent, and what the differ knows of them. It never decides when something is sent. HTML
slots keep one each as their state; `live` packs those of idle views through the rendering.
"""

from __future__ import annotations

import weakref
import zlib
from typing import Any, Final

from livets.render.entities import tidy
from livets.render.strings.census import LARGEST_CHARS, Census, take
from livets.render.strings.edits import edit
from livets.render.strings.tokens import Doubt

SHORTEST_CHARS: Final = 160
"""HTML below this length is sent whole: edits would hardly be shorter."""
_PACKED_CHARS: Final = 512
"""HTML below this length is not worth packing."""
_PATIENCE: Final = 3
"""Strings in a row that a parser mends, after which the differ looks only at every so many-th."""
_PAUSE: Final = 20


class Kept:
    """One HTML string inside a parent element. Equal ones are the same object while somebody holds it.

    >>> kept = keep("<p>" + "text " * 40 + "</p><b>1</b>", "div", "")
    >>> after, change = kept.change(kept.text.replace("1", "2"))
    >>> change
    [4, 0, [1, 0, 'b'], '2']
    """

    __slots__ = ("__weakref__", "_census", "_next", "_packed", "_text", "namespace", "parent", "strikes", "used")

    def __init__(self, text: str, parent: str, namespace: str) -> None:
        self._text: str | None = text
        self._packed = b""
        self._census: Census | None = None
        self._next: tuple[weakref.ref[Kept], Any] | None = None
        self.parent, self.namespace = parent, namespace
        self.used = True
        """False when nothing has been done with it since `rest` came by."""
        self.strikes = 0
        """How many strings in a row the differ could do nothing with."""

    @property
    def text(self) -> str:
        """The HTML, unpacked for now."""
        self.used = True
        if self._text is None:
            self._text = zlib.decompress(self._packed).decode("utf-8", "surrogatepass")
            self._packed = b""
        return self._text

    @property
    def is_packed(self) -> bool:
        """Is it at rest?"""
        return self._text is None

    def pack(self) -> None:
        """Nobody needs the text for a while."""
        if self._text is not None and len(self._text) >= _PACKED_CHARS:
            self._packed = zlib.compress(self._text.encode("utf-8", "surrogatepass"), 1)
            self._text = None
            self._next = None

    def change(self, text: str) -> tuple[Kept, str | list[Any]]:
        """(the new HTML to keep, what is to be sent for it: edits, or the HTML whole)."""
        if self._next is not None:
            following = self._next[0]()
            if following is not None and following.text == text:
                return following, self._next[1]
        fresh = keep(text, self.parent, self.namespace, shared=False)
        change = self._edits(fresh)
        self._next = (weakref.ref(fresh), change)
        return fresh, change

    def _edits(self, fresh: Kept) -> str | list[Any]:
        """Edits when they are safe and shorter than the HTML."""
        old, new = tidy_lines(self.text), tidy_lines(fresh.text)
        if min(len(old), len(new)) < SHORTEST_CHARS or len(new) > LARGEST_CHARS:
            return fresh.text
        fresh.strikes = self.strikes + 1
        if self.strikes >= _PATIENCE and self.strikes % _PAUSE:
            return fresh.text
        try:
            census = self._census or take(old, self.parent, self.namespace)
            self._census = census
            ops, after = edit(old, new, census, self.parent, self.namespace)
        except Doubt:
            return fresh.text
        fresh.strikes = 0
        fresh._census = after
        return ops if ops and length(ops) < len(new) else fresh.text


_shared: weakref.WeakValueDictionary[tuple[str, str, int, int], Kept] = weakref.WeakValueDictionary()


def keep(text: str, parent: str, namespace: str, *, shared: bool = True) -> Kept:
    """The one object for a text; with `shared=False` a new one that nobody finds."""
    if not shared:
        return Kept(text, parent, namespace)
    name = (parent, namespace, len(text), hash(text))
    found = _shared.get(name)
    if found is None or found.text != text:
        found = _shared[name] = Kept(text, parent, namespace)
    return found


def rest(kept: Kept) -> Kept:
    """Pack HTML that nobody has used since the last call, and share it among all who show it."""
    if kept.is_packed or kept.used:
        kept.used = False
        return kept
    shared = keep(kept.text, kept.parent, kept.namespace)
    if shared._census is None:
        shared._census = kept._census
    shared.pack()
    shared.used = False
    return shared


def tidy_lines(text: str) -> str:
    """Line ends as a parser reads them."""
    return tidy(text) if "\r" in text else text


def length(ops: list[Any]) -> int:
    """About how many bytes edits have on the wire."""
    return sum(len(op) + 2 if isinstance(op, str) else length(op) + 1 if isinstance(op, list) else 2 for op in ops)
