"""What one event changed in a view, and how to take it back (D2, D3).

A tracker holds, for the unit of work at hand: old references of assigned fields, encoded pre-images of
mutable fields that were read, names given to `touch`. The descriptors of `fields` write into it, `commit`
asks it what changed, the runner rolls it back. It never renders, never stores, and never looks at a field
that nobody touched (except in development, to find missed changes).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from livets.errors import FieldError
from livets.live.codec import Codec
from livets.live.declaration import Declared
from livets.live.fields import UNSET, Field
from livets.render.keyed_list import KeyedList

_PLAIN: Final = frozenset({int, str, bool, bytes, type(None)})
_NOTHING: Final[Mapping[str, Any]] = {}
_NO_IMAGE: Final[Any] = object()
"""A mutable field of a type without codec was read: suspect, but it cannot be compared or restored."""


class Guard(Protocol):
    """Who says what code may do that does not hold the view (`beside.Beside`)."""

    def writing(self, what: str) -> None:
        """Raises FieldError when the code at hand must not do this now."""

    def reading(self, field: Field, value: Any) -> tuple[bool, Any]:
        """Whether the code at hand reads without holding the view, and what to hand out then."""


class Tracker:
    """The open unit of work of one view. Between events it is empty and costs three attributes."""

    __slots__ = ("_fresh", "_images", "_old", "_touched", "guard", "paused", "seen")

    def __init__(self) -> None:
        self._old: dict[str, Any] | None = None
        self._images: dict[str, Any] | None = None
        self._touched: dict[str, None] | None = None
        self.paused = False
        """True while rendering: reads are nobody's business then."""
        self.guard: Guard | None = None
        """Who knows what parallel handlers may do, while there are any at work."""
        self._fresh: dict[str, bytes] | None = None
        self.seen: dict[str, bytes] | None = None
        """Development only: the last known encoding of every mutable field."""

    # Called by the descriptors

    def reading(self, field: Field, value: Any) -> Any:
        """`value`, of a mutable field, is about to be handed to application code; returns what to hand out."""
        if self.paused:
            return value
        if self.guard is not None:
            is_guarded, value = self.guard.reading(field, value)
            if is_guarded:
                return value
        images = self._images
        if images is None:
            images = self._images = {}
        if field.name not in images and field.name not in (self._old or ()) and not isinstance(value, KeyedList):
            images[field.name] = _NO_IMAGE if field.codec is None else _encode(field, value)
        return value

    def assigning(self, field: Field, old: Any) -> None:
        """The field is about to get a new value."""
        if self.guard is not None:
            self.guard.writing(f"assign self.{field.name}")
        if not self.paused:
            if self._old is None:
                self._old = {field.name: old}
            elif field.name not in self._old:
                self._old[field.name] = old

    def touch(self, name: str) -> None:
        """Application code says that it changed this field in a way nobody can see."""
        if self._touched is None:
            self._touched = {}
        self._touched[name] = None

    # Called by the runner around a unit of work

    def clean(self, view: Declared) -> bool:
        """True if nothing was read, assigned or touched since the last unit ended."""
        if self._old or self._images or self._touched:
            return False
        keyed, values = view.__livets__.keyed, view.__dict__
        return not keyed or not any(isinstance(rows := values.get(name), KeyedList) and rows.mark() for name in keyed)

    def changed(self, view: Declared) -> dict[str, Any]:
        """Names of the fields whose values differ from those when the unit began, with their encoding if it is known.

        Raises FieldError for a value that cannot be kept.
        """
        fields, values = view.__livets__.fields, view.__dict__
        changed: dict[str, Any] = {}
        images = self._images or _NOTHING
        for name, old in (self._old or _NOTHING).items():
            if name not in images:
                self._compare(fields[name], old, values[name], changed)
        for name, image in images.items():
            new = _NO_IMAGE if image is _NO_IMAGE else _encode(fields[name], values[name])
            if new is _NO_IMAGE or new != image:
                changed[name] = None if new is _NO_IMAGE else new
        for name in view.__livets__.keyed:
            value = values.get(name)
            if name not in changed and isinstance(value, KeyedList) and value.mark():
                changed[name] = None
        for name in self._touched or ():
            changed.setdefault(name, None)
        return changed

    @staticmethod
    def _compare(field: Field, old: Any, new: Any, changed: dict[str, Any]) -> None:
        if old is new:
            return
        kind = type(new)
        if kind is type(old) and kind in _PLAIN:
            if old != new:
                changed[field.name] = None
        elif old is UNSET or field.codec is None or field.keyed is not None:
            changed[field.name] = None
        else:
            encoded = _encode(field, new)
            if encoded != _encode(field, old):
                changed[field.name] = encoded

    def is_whole(self, name: str) -> bool:
        """True if a KeyedList's log does not tell the whole change: another list was assigned, or it was touched."""
        return name in (self._old or ()) or name in (self._touched or ())

    def done(self, view: Declared) -> None:
        """The unit is committed: nothing of it can be taken back any more."""
        if self._fresh is not None:
            self.seen = self._fresh
        self._forget()
        for name in view.__livets__.keyed:
            value = view.__dict__.get(name)
            if isinstance(value, KeyedList):
                value.settle()

    def roll_back(self, view: Declared) -> None:
        """Put every field back to what it was when the unit began.

        A list or dict comes back equal but as another object. What was changed in place in a
        `persist=False` field of a type that cannot be encoded stays changed.
        """
        fields, values = view.__livets__.fields, view.__dict__
        for name, old in (self._old or _NOTHING).items():
            if old is UNSET:
                values.pop(name, None)
            else:
                values[name] = old
        for name, image in (self._images or _NOTHING).items():
            codec = fields[name].codec
            if image is not _NO_IMAGE and codec is not None and not _is_still(codec, values[name], image):
                values[name] = codec.decode(image)
        for name in view.__livets__.keyed:
            value = values.get(name)
            if isinstance(value, KeyedList):
                value.undo(0)
        if self.seen is not None:
            self._restore_missed(view)
        self._forget()

    def _forget(self) -> None:
        self._old = self._images = self._touched = self._fresh = None

    # Development checks

    def check(self, view: Declared, changed: dict[str, Any]) -> None:
        """Development: every changed value round-trips, and nothing changed unseen (D1, D2). Raises FieldError."""
        seen = self.seen or {}
        fresh: dict[str, bytes] = {}
        for name, field in view.__livets__.fields.items():
            if field.codec is None or name not in view.__dict__ or not (field.mutable or name in changed):
                continue
            value = view.__dict__[name]
            encoded = _encode(field, value)
            if name in changed:
                if field.persist:
                    field.check_kept(type(view), value, encoded)
            elif seen.get(name, encoded) != encoded:
                raise FieldError(_missed(view, field))
            if field.mutable:
                fresh[name] = encoded
        self._check_rows(view, changed, fresh)
        self._fresh = fresh

    def _check_rows(self, view: Declared, changed: dict[str, Any], fresh: dict[str, bytes]) -> None:
        """Rows changed in place without touch() show as a difference between the log and the list."""
        for name, codec in view.__livets__.keyed.items():
            old = (self.seen or {}).get(name)
            if name not in changed or old is None or self.is_whole(name):
                continue
            value = view.__dict__[name]
            copy = codec.decode(old)
            codec.replay(copy, codec.encode_batch(value, value.since(0), 0), 0)
            if codec.encode(copy) != fresh[name]:
                raise FieldError(_missed(view, view.__livets__.fields[name]))

    def _restore_missed(self, view: Declared) -> None:
        for name, encoded in (self.seen or {}).items():
            codec = view.__livets__.fields[name].codec
            if codec is not None and name in view.__dict__ and not _is_still(codec, view.__dict__[name], encoded):
                view.__dict__[name] = codec.decode(encoded)
                if isinstance(view.__dict__[name], KeyedList):
                    view.__dict__[name].distrust()


def _encode(field: Field, value: Any) -> bytes:
    assert field.codec is not None
    try:
        return field.codec.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise FieldError(
            f"the value of the field {field.name!r} ({type(value).__name__}) cannot be encoded: {error}. "
            f"Assign a value of the declared type {field.kind}, or declare it with field(persist=False)."
        ) from None


def _is_still(codec: Codec, value: Any, image: bytes) -> bool:
    """Whether the value is the one of the image; what a handler put into it need not be encodable at all."""
    try:
        return codec.encode(value) == image
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False


def _missed(view: Declared, field: Field) -> str:
    name = f"{type(view).__qualname__}.{field.name}"
    if field.keyed is not None:
        return (
            f"items of {name} were changed in place and the KeyedList does not know which: use "
            f"self.{field.name}.update(key, ...), or self.{field.name}.touch(key) before the change"
        )
    return (
        f"{name} changed without being read through self.{field.name} in this event (a reference kept from "
        f"earlier?), so livets would not have noticed: read it through self.{field.name}, "
        f"or call self.touch({field.name!r}) after the change"
    )
