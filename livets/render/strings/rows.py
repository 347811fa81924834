"""A long run of rows of which some come, go or move: found by cutting, paired by what they are and then by their keys.

It owns which row is which. It never looks inside of rows. `cut` finds rows, `edits` writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from livets.render.strings.align import Pairs
from livets.render.strings.cells import Cells, cells
from livets.render.strings.tokens import key_in
from livets.render.strings.trim import Window


@dataclass(slots=True)
class Rows:
    """A flat run of elements of one name."""

    window: Window
    sources: list[str]
    """Of the old rows, without the text between them."""
    new_sources: list[str]
    joint: str
    """The text after each row."""
    pairs: Pairs
    """New row -> the old row that it is."""
    inside: list[Window | Cells] = field(default_factory=list)
    """What differs in rows that stay, in any order."""

    def changed(self) -> tuple[str, str]:
        """(source of the old rows that change or go, source of the new ones that differ or come)."""
        pairs, old, new = self.pairs, self.sources, self.new_sources
        fresh = [source for index, source in enumerate(new) if index not in pairs or old[pairs[index]] != source]
        same = {other for index, other in pairs.items() if old[other] == new[index]}
        return "".join(source for index, source in enumerate(old) if index not in same), "".join(fresh)

    def look_inside(self, mark: str) -> None:
        """Find what differs in rows that stay."""
        sources, new_sources = self.sources, self.new_sources
        differing = [(index, other) for index, other in self.pairs.items() if sources[other] != new_sources[index]]
        if not differing:
            return
        starts = self._starts(sources, self.window.old_start)
        new_starts = self._starts(new_sources, self.window.new_start)
        for index, other in differing:
            old, new = sources[other], new_sources[index]
            start, new_start = starts[other], new_starts[index]
            texts = cells(mark, old[len(mark) :], new[len(mark) :], start, new_start)
            self.inside.append(texts or Window(start, start + len(old), new_start, new_start + len(new)))

    def _starts(self, sources: list[str], start: int) -> list[int]:
        joint = len(self.joint)
        return list(accumulate((len(source) + joint for source in sources), initial=start))


def find_rows(old: str, new: str, window: Window, name: str) -> Sequence[Window | Cells | Rows] | None:
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
    first, new_first = old.find(mark, a, b), new.find(mark, c, d)
    if first < 0 or new_first < 0:
        return None
    last, new_last = old.rfind(close, a, b) + len(close), new.rfind(close, c, d) + len(close)
    joint = _joint(old, first, last, mark, close)
    if joint is None:
        joint = _joint(new, new_first, new_last, mark, close) or ""
    before, after = _split(old, first, last, mark, close, joint), _split(new, new_first, new_last, mark, close, joint)
    if not before or not after:
        return None
    rows, keeps_last = _differing(first, new_first, before, after, joint)
    if rows is None:
        return None
    if joint and not keeps_last and not (_is_followed(old, last, joint) and _is_followed(new, new_last, joint)):
        return None  # other text follows the last row: it must not be among those that move
    rows.look_inside(mark)
    return [Window(a, first, c, new_first), rows, Window(last, b, new_last, d)]


def _joint(source: str, first: int, last: int, mark: str, close: str) -> str | None:
    """The text between the first two rows."""
    end = source.find(close, first, last) + len(close)
    start = source.find(mark, end, last)
    if start < 0:
        return None
    return source[end:start]


def _split(source: str, first: int, last: int, mark: str, close: str, joint: str) -> list[str] | None:
    """The rows of a flat run: as many ends as starts, and each end but the last one directly before a start."""
    between = f"{close}{joint}{mark}"
    number = source.count(between, first, last) + 1
    if "<" in joint or source.count(close, first, last) != number or source.count(mark, first, last) != number:
        return None
    pieces = source[first + len(mark) : last - len(close)].split(between)
    return [f"{mark}{piece}{close}" for piece in pieces]


def _differing(first: int, new_first: int, before: list[str], after: list[str], joint: str) -> tuple[Rows | None, bool]:
    """(the rows without those at both ends which are the same, do such follow?); no rows where they can't be told."""
    low, shortest = 0, min(len(before), len(after))
    while low < shortest and before[low] == after[low]:
        low += 1
    high = 0
    while high < shortest - low and before[-1 - high] == after[-1 - high]:
        high += 1
    step = sum(map(len, before[:low])) + low * len(joint)
    before, after = before[low : len(before) - high], after[low : len(after) - high]
    pairs = _pair(before, after)
    if pairs is None:
        return None, False
    start, new_start = first + step, new_first + step
    length, new_length = (sum(map(len, rows)) + len(rows) * len(joint) for rows in (before, after))
    window = Window(start, start + length, new_start, new_start + new_length)
    return Rows(window, before, after, joint, pairs), high > 0


def _pair(before: list[str], after: list[str]) -> Pairs | None:
    """Rows with the same source, then rows with the same key; None when one of these has no key of its own."""
    places = {source: index for index, source in enumerate(before)}
    pairs = {index: places.pop(source) for index, source in enumerate(after) if source in places}
    taken = set(pairs.values())
    keys = {index: _key(source) for index, source in enumerate(before) if index not in taken}
    new_keys = {index: _key(source) for index, source in enumerate(after) if index not in pairs}
    for found in (keys, new_keys):
        if None in found.values() or len(set(found.values())) != len(found):
            return None
    by_key = {key: index for index, key in keys.items()}
    pairs.update((index, by_key[key]) for index, key in new_keys.items() if key in by_key)
    return pairs


def _key(row: str) -> str | None:
    return key_in(row[: row.find(">")])


def _is_followed(source: str, place: int, text: str) -> bool:
    """Is there exactly this text at a place?"""
    return source.startswith(text, place) and source[place + len(text) : place + len(text) + 1] in ("<", "")
