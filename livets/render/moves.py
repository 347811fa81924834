"""From one order of keys to another in few operations: runs of inserts, the fewest moves, deletes.

It owns the order of list operations (docs/protocol.md). It never looks at the content of rows. `lists` and
`blocks` call it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any

from livets.wire import ListOp

Key = int | str
Ops = list[Any]

_UPDATE, _MOVE, _DELETE, _INSERT = int(ListOp.UPDATE), int(ListOp.MOVE), int(ListOp.DELETE), int(ListOp.INSERT)
_RESET, _TRUNCATE, _CELL = int(ListOp.RESET), int(ListOp.TRUNCATE), int(ListOp.CELL)


def unique(keys: list[Key]) -> tuple[list[Key], bool]:
    """Keys with repeated ones suffixed (`7~2`), and whether there were any. `7` and `"7"` are the same key.

    >>> unique([1, "1", 2])
    ([1, '1~2', 2], True)
    """
    if len(set(keys)) == len(keys) and len(set(map(type, keys))) <= 1:
        return keys, False
    seen: set[str] = set()
    taken = {str(key) for key in keys}
    if len(taken) == len(keys):
        return keys, False
    result: list[Key] = []
    for key in keys:
        text = str(key)
        if text in seen:
            number = 2
            while f"{text}~{number}" in seen or f"{text}~{number}" in taken:
                number += 1
            key = text = f"{text}~{number}"
        seen.add(text)
        result.append(key)
    return result, True


def cell(ops: Ops, key: Key, diff: list[Any]) -> None:
    """Add the diff of one row."""
    if len(diff) == 2:
        ops += (_CELL + diff[0], key, diff[1])
    elif diff:
        ops += (_UPDATE, key, diff)


def reset(keys: Sequence[Key], fill: Callable[[int], list[Any]]) -> Ops:
    """The whole list."""
    return [_RESET, pairs(keys, fill, 0, len(keys))]


def pairs(keys: Sequence[Key], fill: Callable[[int], list[Any]], start: int, stop: int) -> list[Any]:
    """[key, fill, key, fill, ...] of a run."""
    run: list[Any] = []
    for index in range(start, stop):
        run += (keys[index], fill(index))
    return run


def reorder(old: Sequence[Key], new: Sequence[Key], fill: Callable[[int], list[Any]]) -> Ops:
    """Operations that turn the keys `old` into `new`; `fill(index)` gives the values of a new row."""
    if not new:
        return [_RESET, []] if old else []
    start, old_end, new_end = 0, len(old), len(new)
    shortest = min(old_end, new_end)
    while start < shortest and old[start] == new[start]:
        start += 1
    while old_end > start and new_end > start and old[old_end - 1] == new[new_end - 1]:
        old_end -= 1
        new_end -= 1
    ops: Ops = []
    if start == old_end:
        if start < new_end:
            ops += (_INSERT, new[start - 1] if start else None, pairs(new, fill, start, new_end))
        return ops
    wanted = {new[index]: index for index in range(start, new_end)}
    kept = []
    for key in old[start:old_end]:
        if key in wanted:
            kept.append(wanted[key])
        else:
            ops += (_DELETE, key)
    if not kept and start == 0 and new_end == len(new) and old_end == len(old):
        return reset(new, fill)
    still = longest_rising(kept)
    present = set(kept)
    previous: Key | None = new[start - 1] if start else None
    index = start
    while index < new_end:
        if index not in present:
            stop = index
            while stop < new_end and stop not in present:
                stop += 1
            ops += (_INSERT, previous, pairs(new, fill, index, stop))
            previous, index = new[stop - 1], stop
            continue
        if index not in still:
            ops += (_MOVE, new[index], previous)
        previous = new[index]
        index += 1
    return ops


def longest_rising(numbers: list[int]) -> set[int]:
    """The members of a longest rising subsequence: what need not move."""
    if len(numbers) > 2 and _swapped(numbers):
        return set(numbers[1:-1])
    tails: list[int] = []
    tail_places: list[int] = []
    before: list[int] = []
    for place, number in enumerate(numbers):
        at = bisect_left(tails, number)
        before.append(tail_places[at - 1] if at else -1)
        if at == len(tails):
            tails.append(number)
            tail_places.append(place)
        else:
            tails[at] = number
            tail_places[at] = place
    kept: set[int] = set()
    place = tail_places[-1] if tail_places else -1
    while place >= 0:
        kept.add(numbers[place])
        place = before[place]
    return kept


def _swapped(numbers: list[int]) -> bool:
    """True when only the first and the last have changed places."""
    first, last = numbers[0], numbers[-1]
    return first > last and numbers[1:-1] == list(range(last + 1, first)) and first - last == len(numbers) - 1


def resize(old: int, new: int, fill: Callable[[int], list[Any]]) -> Ops:
    """Operations for a list without keys that grows or shrinks at its end."""
    if new == old:
        return []
    if new == 0:
        return [_RESET, []]
    if new < old:
        return [_TRUNCATE, new]
    return [_INSERT, old - 1 if old else None, pairs(range(new), fill, old, new)]
