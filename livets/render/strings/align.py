"""Which of the new siblings is which of the old ones, and the shortest script from one list to the other.

It owns pairing (by key; without keys by order, equal source first) and the script of a NODES edit. It never looks
inside a pair. `edits` calls it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from livets.render.moves import longest_rising
from livets.render.strings.forest import Node

_TABLE_CELLS: Final = 2500
"""Pairs of siblings without keys that are compared one with each other; above that only both ends are."""

Pairs = dict[int, int]


def compatible(old: Node, new: Node) -> bool:
    """Can the old node become the new one?"""
    return (old.kind, old.name, old.key, old.leaf) == (new.kind, new.name, new.key, new.leaf) and (
        old.kind != "!" or old.source == new.source
    )


def pair(old: Sequence[Node], new: Sequence[Node]) -> Pairs:
    """New index -> old index, both within the lists."""
    found: Pairs = {}
    start, old_end, new_end = 0, len(old), len(new)
    while start < min(old_end, new_end) and old[start].source == new[start].source:
        found[start] = start
        start += 1
    while min(old_end, new_end) > start and old[old_end - 1].source == new[new_end - 1].source:
        old_end -= 1
        new_end -= 1
        found[new_end] = old_end
    before, after = _groups(old, start, old_end), _groups(new, start, new_end)
    for key, indexes in after.items():
        others = before.get(key)
        if others is None:
            continue
        if key is not None and compatible(old[others[0]], new[indexes[0]]):
            found[indexes[0]] = others[0]
        if key is not None:
            indexes, others = indexes[1:], others[1:]
        _pair_in_order(old, others, new, indexes, found)
    return found


def _groups(nodes: Sequence[Node], start: int, end: int) -> dict[tuple[str, str] | None, list[int]]:
    """The elements with a key, each with what follows it up to the next one; what is before them under None."""
    groups: dict[tuple[str, str] | None, list[int]] = {}
    last: list[int] = groups.setdefault(None, [])
    for index in range(start, end):
        node = nodes[index]
        if node.key is not None and (node.name, node.key) not in groups:
            last = groups[node.name, node.key] = [index]
        else:
            last.append(index)
    return groups


def _pair_in_order(old: Sequence[Node], before: list[int], new: Sequence[Node], after: list[int], found: Pairs) -> None:
    if not before or not after:
        return
    if len(before) * len(after) > _TABLE_CELLS:
        for index, other in zip(after, before, strict=False):
            if compatible(old[other], new[index]):
                found[index] = other
        return
    for index, other in _longest_common(old, before, new, after):
        found[after[index]] = before[other]


def _longest_common(
    old: Sequence[Node], before: list[int], new: Sequence[Node], after: list[int]
) -> list[tuple[int, int]]:
    """The best pairs that cross no others; equal source counts four times as much as equal names."""

    def worth(other: int, index: int) -> int:
        a, b = old[before[other]], new[after[index]]
        return 4 if a.source == b.source else 1 if compatible(a, b) else 0

    rows, columns = len(before), len(after)
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    for row in range(rows - 1, -1, -1):
        for column in range(columns - 1, -1, -1):
            value = worth(row, column)
            taken = value + best[row + 1][column + 1] if value else 0
            best[row][column] = max(taken, best[row + 1][column], best[row][column + 1])
    pairs = []
    row = column = 0
    while row < rows and column < columns:
        value = worth(row, column)
        if value and best[row][column] == value + best[row + 1][column + 1]:
            pairs.append((column, row))
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            row += 1
        else:
            column += 1
    return pairs


def script(old_length: int, new: Sequence[str], pairs: Pairs, joint: str = "") -> tuple[int, list[Any]]:
    """(number of leading nodes that stay, the script from there on); [] when nothing comes, goes or moves.

    `joint`: text that follows each of the old and new ones.

    >>> script(2, ["<p>a</p>", "<p>new</p>", "<p>b</p>"], {0: 0, 2: 1})
    (1, ['<p>new</p>'])
    """
    size = 2 if joint else 1
    numbers = [pairs[index] for index in range(len(new)) if index in pairs]
    still = longest_rising(numbers) if numbers else set()
    steps: list[Any] = []
    cursor = index = 0
    while index < len(new):
        other = pairs.get(index)
        if other is None:
            _add(steps, new[index] + joint)
            index += 1
            continue
        end = index + 1
        while pairs.get(end) == other + end - index and (other + end - index in still) == (other in still):
            end += 1
        if other not in still:
            _add(steps, [other * size, (end - index) * size])
        else:
            if other > cursor:
                _add(steps, (cursor - other) * size)
            _add(steps, (end - index) * size)
            cursor = other + end - index
        index = end
    if old_length > cursor:
        _add(steps, (cursor - old_length) * size)
    if steps and type(steps[-1]) is int and steps[-1] > 0:
        steps.pop()
    lead = steps.pop(0) if steps and type(steps[0]) is int and steps[0] > 0 else 0
    for step in steps:
        if type(step) is list:
            step[0] -= lead
    return lead, steps


def _add(steps: list[Any], step: Any) -> None:
    """Add a step, to the last one where that is possible."""
    last = steps[-1] if steps else None
    if (type(step) is int and type(last) is int and (step > 0) == (last > 0)) or (
        type(step) is str and type(last) is str
    ):
        steps[-1] += step
    elif type(step) is list and type(last) is list and last[0] + last[1] == step[0]:
        last[1] += step[1]
    else:
        steps.append(step)
