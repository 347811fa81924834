"""One wide window into narrow ones: where many rows of a list stand in it, and only some of them have changed.

It owns the cuts, made with split(), count() and slices and not token by token. It never decides what an edit is: a
cut that is not balanced raises doubt later, and then the wide window is taken instead. `edits` calls it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from livets.render.strings.align import Pairs
from livets.render.strings.tokens import TOKEN, key_of, read, tokens
from livets.render.strings.trim import Window

WIDE_CHARS: Final = 1500
"""Windows up to this length are read token by token, when all that they open they close."""
_SAMPLE_CHARS: Final = 4000
_KEYED: Final = re.compile(r"""<([a-z][a-z0-9-]*)[ \t\n\f\r](?:[^<>"']|"[^"<]*"|'[^'<]*')*?\b(?:ts-key|id|data-key)=""")


@dataclass(slots=True)
class Rows:
    """A flat run of elements of one name, each with a key, which differ in more than their content."""

    window: Window
    sources: list[str]
    """Of the old rows, without the text between them."""
    new_sources: list[str]
    joint: str
    """The text after each row."""
    keeps_last: bool
    """True when rows follow which are the same."""

    pairs: Pairs
    """New row -> the old row of the same key."""

    def changed(self) -> tuple[str, str]:
        """(source of the old rows that change or go, source of the new ones that differ or come)."""
        pairs, old, new = self.pairs, self.sources, self.new_sources
        fresh = [source for index, source in enumerate(new) if index not in pairs or old[pairs[index]] != source]
        same = {other for index, other in pairs.items() if old[other] == new[index]}
        return "".join(source for index, source in enumerate(old) if index not in same), "".join(fresh)

    def span(self, number: int, *, new: bool = False) -> tuple[int, int]:
        """Where a row stands."""
        sources = self.new_sources if new else self.sources
        start = self.window.new_start if new else self.window.old_start
        start += sum(map(len, sources[:number])) + number * len(self.joint)
        return start, start + len(sources[number])


def cut(old: str, new: str, window: Window) -> list[Window | Rows]:
    """Windows in order, without overlap, outside of which both are the same."""
    a, b, c, d = window
    if max(b - a, d - c) < WIDE_CHARS and is_balanced(old, a, b) and is_balanced(new, c, d):
        return [window]
    name = _row_name(old, a, b) or _row_name(new, c, d)
    if name is None:
        return [window]
    return _changed_rows(old, new, window, f"<{name} ") or _moved_rows(old, new, window, name) or [window]


def is_balanced(source: str, start: int, end: int) -> bool:
    """Does a piece close all that it opens, and nothing else? One start tag counts, too. Raises Doubt."""
    found = TOKEN.match(source, start)
    if found is not None and found.end() == end:
        return read(found).kind != "/"
    depth = 0
    for token in tokens(source, start, end):
        depth += (token.kind == "<") - (token.kind == "/")
        if depth < 0:
            return False
    return depth == 0


def _row_name(source: str, start: int, end: int) -> str | None:
    """Name of the elements with keys that are most frequent in a piece."""
    found = Counter(_KEYED.findall(source, start, min(end, start + _SAMPLE_CHARS)))
    return found.most_common(1)[0][0] if found else None


def _key(source: str) -> str | None:
    """The key of the element that a piece begins with."""
    found = TOKEN.match(source)
    return key_of(source, read(found)) if found is not None else None


def _changed_rows(old: str, new: str, window: Window, mark: str) -> list[Window | Rows] | None:
    """One window for each row that differs; None when rows come, go or move."""
    a, b, c, d = window
    before, after = old[a:b].split(mark), new[c:d].split(mark)
    if len(before) != len(after):
        return None
    windows: list[Window | Rows] = []
    extra = len(mark)
    starts, other_starts = (list(accumulate(map(len, pieces), initial=0)) for pieces in (before, after))
    for number in [number for number, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]:
        one, other = before[number], after[number]
        tag = one[: one.find(">") + 1]
        if number and not (tag and other.startswith(tag)) and _key(mark + one) != _key(mark + other):
            return None
        start, other_start = a + starts[number] + number * extra, c + other_starts[number] + number * extra
        back = extra if number else 0
        windows.append(Window(start - back, start + len(one), other_start - back, other_start + len(other)))
    return windows


def _moved_rows(old: str, new: str, window: Window, name: str) -> list[Window | Rows] | None:
    """What is before the rows, the rows, what is after them; None when they are not flat or have no keys."""
    a, b, c, d = window
    mark, close = f"<{name} ", f"</{name}>"
    begun = old.rfind(mark, 0, a)
    if begun > old.rfind(close, 0, a):
        a, c = begun, c - (a - begun)
    ahead = 0
    if (
        old.rfind(mark, a, b) > old.rfind(close, a, b)
        or new.rfind(mark, c, d) > new.rfind(close, c, d)
        or old.startswith(mark, b)
    ):
        ahead = old.find(close, b) + len(close) - b
    if ahead < 0:
        return None
    b, d = b + ahead, d + ahead
    first, other_first = old.find(mark, a, b), new.find(mark, c, d)
    if first < 0 or other_first < 0:
        return None
    last, other_last = old.rfind(close, a, b) + len(close), new.rfind(close, c, d) + len(close)
    joint = _joint(old, first, last, mark, close)
    if joint is None:
        joint = _joint(new, other_first, other_last, mark, close)
    between = f"{close}{joint or ''}{mark}"
    before, after = (
        _rows(old, first, last, mark, close, between),
        _rows(new, other_first, other_last, mark, close, between),
    )
    if not before or not after:
        return None
    rows = _differing(first, other_first, before, after, joint or "")
    if rows is None:
        return None
    is_followed = _is_followed(old, last, joint or "") and _is_followed(new, other_last, joint or "")
    if joint and not is_followed and not rows.keeps_last:
        return None  # other text follows the last row: it must not be among those that move
    return [Window(a, first, c, other_first), rows, Window(last, b, other_last, d)]


def _joint(source: str, first: int, last: int, mark: str, close: str) -> str | None:
    """The text between the first two rows."""
    end = source.find(close, first, last) + len(close)
    start = source.find(mark, end, last)
    if start < 0:
        return None
    return source[end:start]


def _rows(source: str, first: int, last: int, mark: str, close: str, between: str) -> list[str] | None:
    """The rows of a flat run: as many ends as starts, and each end but the last one directly before a start."""
    number = source.count(between, first, last) + 1
    if "<" in between[len(close) : -len(mark)] or source.count(close, first, last) != number:
        return None
    if source.count(mark, first, last) != number:
        return None
    pieces = source[first + len(mark) : last - len(close)].split(between)
    return [f"{mark}{piece}{close}" for piece in pieces]


def _differing(first: int, other_first: int, before: list[str], after: list[str], joint: str) -> Rows | None:
    """The rows without those at both ends which are the same; None when one of them has no key of its own."""
    low, shortest = 0, min(len(before), len(after))
    while low < shortest and before[low] == after[low]:
        low += 1
    high = 0
    while high < shortest - low and before[-1 - high] == after[-1 - high]:
        high += 1
    step = sum(map(len, before[:low])) + low * len(joint)
    before, after = before[low : len(before) - high], after[low : len(after) - high]
    keys, new_keys = list(map(_key, before)), list(map(_key, after))
    for found in (keys, new_keys):
        if None in found or len(set(found)) != len(found):
            return None
    start, other = first + step, other_first + step
    length, new_length = (sum(map(len, rows)) + len(rows) * len(joint) for rows in (before, after))
    window = Window(start, start + length, other, other + new_length)
    places = {key: index for index, key in enumerate(keys)}
    pairs = {index: places[key] for index, key in enumerate(new_keys) if key in places}
    return Rows(window, before, after, joint, high > 0, pairs)


def _is_followed(source: str, place: int, text: str) -> bool:
    """Is there exactly this text at a place?"""
    return source.startswith(text, place) and source[place + len(text) : place + len(text) + 1] in ("<", "")
