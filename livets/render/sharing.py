"""One evaluation and one encoding for all views that show the same and come to show the same, as after a broadcast.

It owns the last few diffs of one template, each with everything that it followed from: what the view had shown, and
the names that its slots have read. These are compared strictly: scalars by type and value, what can't change in place
by identity, what can by an image of its small content; of anything else the diff is not kept. So a shared diff is the
one that the view would have made itself. It never keeps what belongs to one view alone. `rendering` asks it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from operator import is_
from typing import Any, Final, NamedTuple

from jinja2.utils import missing
from markupsafe import Markup

from livets.render.blocks import Slot
from livets.render.environment import Scope
from livets.render.frozen import all_frozen
from livets.render.images import Image, image
from livets.wire import encode_body

_KEPT: Final = 8
"""Diffs that a template remembers: views that differ in what they show make as many at the same broadcast."""
_KEPT_BYTES: Final = 256 * 1024
"""Encoded bytes of all but the newest of them."""
_BY_VALUE: Final = frozenset({str, int, bool, bytes, type(None), Markup})
"""Types whose equal values show the same; floats don't (-0.0 equals 0.0)."""


class Glance(NamedTuple):
    """What the diff of some slots follows from, names apart."""

    slots: tuple[Slot, ...]
    shown: list[Any]
    """What the view has shown in these slots, down to scalars and objects that never change."""
    news: list[Image]
    """Of the items that logs say have changed."""
    told: frozenset[str]
    """Names that nothing reads but loops whose logs tell all."""


class Reading:
    """A scope that asks another one for each name once, and knows what it was asked for."""

    __slots__ = ("_scope", "values")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.values: dict[str, Any] = {}

    def resolve(self, name: str) -> Any:
        """The value of a name, or `missing`."""
        if name not in self.values:
            self.values[name] = self._scope.resolve(name)
        return self.values[name]


class Shared:
    """A diff that other views may take over."""

    __slots__ = ("body", "diff", "given", "glance", "states")

    def __init__(self, glance: Glance, given: dict[str, Any], states: list[Any], diff: list[Any]) -> None:
        self.glance = glance
        self.given = given
        """The names that its slots have read, in that order."""
        self.states = states
        """What each of the slots remembers afterwards."""
        self.diff = diff
        self.body = encode_body(diff)
        """The diff encoded, once."""

    def fits(self, glance: Glance, reading: Reading) -> bool:
        """Whether a view would make this very diff."""
        mine = self.glance
        return (
            mine.slots is glance.slots
            and mine.told == glance.told
            and _alike(mine.shown, glance.shown)
            and mine.news == glance.news
            # In the order of reading: the same values so far, so this name would be read too.
            and all(_is_alike(value, reading.resolve(name)) for name, value in self.given.items())
        )


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

    def find(self, glance: Glance, reading: Reading) -> Shared | None:
        """The diff that another view has made from the same, if there was one lately. Raises what names raise."""
        return next((shared for shared in self._recent if shared.fits(glance, reading)), None)

    def keep(self, glance: Glance, reading: Reading, states: list[Any], diff: list[Any]) -> Shared | None:
        """Remember a diff for others, if what it follows from can't change in place."""
        try:
            given = {name: _lasting(value) for name, value in reading.values.items() if name not in glance.told}
        except LookupError:
            return None
        shared = Shared(glance, given, states, diff)
        while self._recent and sum(len(other.body) for other in self._recent) + len(shared.body) > _KEPT_BYTES:
            self._recent.pop()
        self._recent.appendleft(shared)
        return shared

    def forget(self) -> None:
        """Nobody is likely to need what is kept."""
        self._recent.clear()


def look(slots: tuple[Slot, ...], states: list[Any], scope: Scope) -> Glance | None:
    """What the diff of these slots follows from; None when nobody can say that."""
    shown: list[Any] = []
    items: list[Any] = []
    told: set[str] = set()
    read: set[str] = set()
    for slot in slots:
        if slot.volatile:
            continue
        names = slot.look(states[slot.number], scope, shown, items)
        if names is None:
            return None
        told |= names
        read |= slot.reads - names
    if told & read:
        return None
    try:
        return Glance(slots, shown, list(map(image, items)), frozenset(told))
    except LookupError:
        return None


def _alike(mine: Collection[Any], theirs: Collection[Any]) -> bool:
    return len(mine) == len(theirs) and all(map(_is_alike, mine, theirs))


def _is_alike(one: Any, other: Any) -> bool:
    """Whether a value is what the first one, from a kept diff, has been."""
    if one is other:
        return True
    kind = type(one)
    if kind is Image:
        return _has_image(other, one)
    if kind is not type(other):
        return False
    if kind in _BY_VALUE:
        return bool(one == other)
    if kind is not list or len(one) != len(other):
        return False
    if all(map(is_, one, other)):
        return True
    kinds = list(map(type, one))
    return one == other and _BY_VALUE.issuperset(kinds) and kinds == list(map(type, other))


def _has_image(value: Any, wanted: Image) -> bool:
    try:
        return type(value) is wanted.kind and image(value) == wanted
    except LookupError:
        return False


def _lasting(value: Any) -> Any:
    """What will still tell later what the value was. Raises LookupError when nothing will."""
    if value is missing or type(value) is Markup:
        return value
    if type(value) is list:
        return list(value) if all_frozen(value) else image(value)
    return value if all_frozen((value,)) else image(value)
