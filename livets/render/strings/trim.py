"""What two strings have in common at both ends, and the window between, snapped to the boundaries of tokens.

It owns where a window begins and ends. It compares slices, never characters: its cost is that of memcmp. `edits`
calls it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from livets.render.strings.tokens import TOKEN, Doubt

_SLICE_CHARS: Final = 4096
_ATTEMPTS: Final = 8


class Window(NamedTuple):
    """A piece of the old source and the piece of the new source that is there instead."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def common_start(old: str, new: str, at: int, other: int, limit: int) -> int:
    """How many characters from `at` and `other` on are the same, up to `limit`."""
    low = 0
    while low < limit:
        size = min(_SLICE_CHARS, limit - low)
        if new.startswith(old[at + low : at + low + size], other + low):
            low += size
            continue
        high = low + size
        while high - low > 1:
            middle = (low + high) // 2
            if new.startswith(old[at + low : at + middle], other + low):
                low = middle
            else:
                high = middle
        return low
    return low


def common_end(old: str, new: str, at: int, other: int, limit: int) -> int:
    """How many characters before `at` and `other` are the same, up to `limit`."""
    low = 0
    while low < limit:
        size = min(_SLICE_CHARS, limit - low)
        if new.startswith(old[at - low - size : at - low], other - low - size):
            low += size
            continue
        high = low + size
        while high - low > 1:
            middle = (low + high) // 2
            if new.startswith(old[at - middle : at - low], other - middle):
                low = middle
            else:
                high = middle
        return low
    return low


def trim(old: str, new: str, window: Window) -> Window | None:
    """The smallest window of whole tokens inside `window`; None when both pieces are the same. Raises Doubt.

    The ends of `window` must be boundaries of tokens, or in the same token on both sides.
    """
    old_start, old_end, new_start, new_end = window
    limit = min(old_end - old_start, new_end - new_start)
    same = common_start(old, new, old_start, new_start, limit)
    if same == limit and old_end - old_start == new_end - new_start:
        return None
    start = old_start + same
    begin = old.rfind("<", 0, start)
    if begin < 0:
        boundary = 0
    else:
        found = TOKEN.match(old, begin)
        if found is None:
            raise Doubt("not a token")
        boundary = begin if found.end() > start else found.end()
    new_start += boundary - old_start
    old_start = boundary
    limit = min(old_end - old_start, new_end - new_start)
    back = common_end(old, new, old_end, new_end, limit)
    old_stop, new_stop = old_end - back, new_end - back
    for _ in range(_ATTEMPTS):
        ahead = max(_to_boundary(old, old_start, old_stop), _to_boundary(new, new_start, new_stop))
        if not ahead:
            return Window(old_start, old_stop, new_start, new_stop)
        old_stop += ahead
        new_stop += ahead
    raise Doubt("no common boundary")


def _to_boundary(source: str, start: int, place: int) -> int:
    """Characters from a place to the end of the token that it is in; `start` is a boundary before it."""
    if place == start or place == len(source):
        return 0
    begin = source.rfind("<", start, place)
    if begin >= 0:
        found = TOKEN.match(source, begin)
        if found is None:
            raise Doubt("not a token")
        if found.end() >= place:
            return found.end() - place
    following = source.find("<", place)
    return (following if following >= 0 else len(source)) - place
