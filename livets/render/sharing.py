"""One evaluation and one encoding for all views that show the same and come to show the same, as after a broadcast.

It owns the last few diffs of one template, each with everything that it follows from. What a diff follows from is
compared strictly: scalars by type and value, all else by identity, and it is kept only if it can't change in place.
So a shared diff is the one that the view would have made itself. `rendering` asks it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from operator import is_
from typing import Any, Final, NamedTuple

from livets.render.blocks import Slot
from livets.render.environment import Scope
from livets.render.frozen import all_frozen
from livets.wire import encode_body

_KEPT: Final = 8
"""Diffs that a template remembers: views that differ in what they show make as many at the same broadcast."""
_BY_VALUE: Final = frozenset({str, int, bool, bytes, type(None)})
"""Types whose equal values show the same; floats don't (-0.0 equals 0.0)."""


class Glance(NamedTuple):
    """What the diff of some slots follows from."""

    slots: tuple[Slot, ...]
    shown: list[Any]
    """What the view has shown in these slots."""
    given: list[Any]
    """What they read now."""


class Shared:
    """A diff that other views may take over."""

    __slots__ = ("_body", "diff", "glance", "states")

    def __init__(self, glance: Glance, states: list[Any], diff: list[Any]) -> None:
        self.glance = glance
        self.states = states
        """What each of the slots remembers afterwards."""
        self.diff = diff
        self._body = b""

    @property
    def body(self) -> bytes:
        """The diff encoded, once."""
        if not self._body:
            self._body = encode_body(self.diff)
        return self._body


class Sharing:
    """The last diffs of one template.

    >>> from livets.render import Templates
    >>> from livets.render.environment import MappingScope
    >>> template = Templates().from_string("<p>{{ news }}</p>")
    >>> views = [template.start(), template.start()]
    >>> patches = []
    >>> for view in views:
    ...     html = view.html(MappingScope({"news": "none"}))
    ...     patches.append(view.diff(MappingScope({"news": "rain"}), {"news"}, shared=True))
    >>> patches[0].body is patches[1].body
    True
    """

    __slots__ = ("_recent",)

    def __init__(self) -> None:
        self._recent: deque[Shared] = deque(maxlen=_KEPT)

    def find(self, glance: Glance) -> Shared | None:
        """The diff that another view has made from the same, if there was one lately."""
        for found in self._recent:
            if (
                found.glance.slots is glance.slots
                and _alike(found.glance.given, glance.given)
                and _alike(found.glance.shown, glance.shown)
            ):
                return found
        return None

    def keep(self, glance: Glance, states: list[Any], diff: list[Any]) -> Shared | None:
        """Remember a diff for others, if what it follows from can't change in place."""
        given = [list(value) if type(value) is list else value for value in glance.given]
        if not all(all_frozen(value if type(value) is list else (value,)) for value in given):
            return None
        shared = Shared(glance._replace(given=given), states, diff)
        self._recent.appendleft(shared)
        return shared


def look(slots: tuple[Slot, ...], states: list[Any], scope: Scope) -> Glance | None:
    """What the diff of these slots follows from; None when nobody can say that."""
    glance = Glance(slots, [], [])
    for slot in slots:
        if slot.volatile or not slot.look(states[slot.number], scope, glance.shown, glance.given):
            return None
    return glance


def _alike(mine: Collection[Any], theirs: Collection[Any]) -> bool:
    if len(mine) != len(theirs):
        return False
    for one, other in zip(mine, theirs, strict=True):
        if one is other:
            continue
        kind = type(one)
        if kind is not type(other):
            return False
        if kind in _BY_VALUE:
            if one != other:
                return False
        elif not (kind is list and len(one) == len(other) and all(map(is_, one, other))):
            return False
    return True
