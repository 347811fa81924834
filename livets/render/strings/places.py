"""From a place in source to its address, looking back no further than the next key.

It owns addresses (docs/protocol.md, "Edits"). It reads source backwards, token by token, counts what stands on the
same level, and stops at an element whose key says where it is. It never looks at what comes after the place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from livets.render.strings.tokens import Token, before, key_of


@dataclass(slots=True)
class Place:
    """Where a run of sibling nodes begins."""

    head: list[Any]
    """The address as far as it is the same for all of them: key and steps."""
    index: int
    """Number of the first of them; below zero: that many after the element of the head's key."""
    parent: str | None
    """Name of the element they are in: "" at the top, None when nobody looked so far."""
    first: bool
    """True when nothing stands before them in their parent."""

    def at(self, number: int) -> list[Any]:
        """Steps to one of them."""
        return [*self.head, self.index + number if self.index >= 0 else self.index - number]


def locate(source: str, place: int, is_usable: Callable[[str], bool]) -> Place:
    """Address of the node which begins at `place`. Raises Doubt."""
    steps: list[Any] = []
    parent: str | None = ""
    level = depth = passed = 0
    first = True
    while place > 0:
        token = before(source, place)
        place = token.start
        if token.kind == "/":
            depth += 1
            continue
        if token.kind == "<" and depth == 0:
            level += 1
            if level == 1:
                parent, first = token.name, passed == 0
            steps.append(passed)
            passed = 0
            key = key_of(source, token)
            if key is not None and is_usable(key):
                return _place([key], steps, parent, first)
            continue
        if token.kind == "<":
            depth -= 1
        if depth:
            continue
        passed += 1
        if token.kind in "<0":
            key = key_of(source, token)
            if key is not None and is_usable(key):
                steps.append(-passed)
                if level == 0:
                    parent, first = None, False
                return _place([key], steps, parent, first)
    if level == 0:
        first = passed == 0
    steps.append(passed)
    return _place([], steps, parent, first)


def _place(head: list[Any], steps: list[Any], parent: str | None, first: bool) -> Place:
    return Place([*head, *reversed(steps[1:])], steps[0], parent, first)


def enclosing(source: str, place: int) -> Token | None:
    """The start tag of the element around a place. Raises Doubt."""
    depth = 0
    while place > 0:
        token = before(source, place)
        place = token.start
        if token.kind == "/":
            depth += 1
        elif token.kind == "<":
            if depth == 0:
                return token
            depth -= 1
    return None


def ancestors(source: str, place: int) -> list[Token]:
    """The start tags of all elements around a place, the outermost first. Raises Doubt."""
    found: list[Token] = []
    token = enclosing(source, place)
    while token is not None:
        found.append(token)
        token = enclosing(source, token.start)
    return found[::-1]


def previous_element(source: str, place: int) -> tuple[int, int] | None:
    """Span of the last element before a place in the same parent. Raises Doubt."""
    depth, end = 0, 0
    while place > 0:
        token = before(source, place)
        place = token.start
        if token.kind == "/":
            if depth == 0:
                end = token.end
            depth += 1
        elif token.kind == "<":
            if depth == 0:
                return None
            depth -= 1
            if depth == 0:
                return token.start, end
        elif token.kind == "0" and depth == 0:
            return token.start, token.end
    return None
