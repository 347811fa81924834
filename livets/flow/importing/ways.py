"""Foreign graphs: what leads where, what can be reached, which connections close circles. Never recursive."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Way(msgspec.Struct, frozen=True):
    """One connection of a foreign file, by names and numbers."""

    source: str
    output: int
    target: str
    input: int = 0


def following(ways: Iterable[Way]) -> dict[str, list[Way]]:
    """Return the ways by their source."""
    found: dict[str, list[Way]] = {}
    for way in ways:
        found.setdefault(way.source, []).append(way)
    return found


def reached(begin: Iterable[str], ways: Iterable[Way], *, without: str | None = None) -> set[str]:
    """Return all names that can be reached from `begin`, itself included; nothing leads on from `without`.

    >>> sorted(reached(["a"], [Way("a", 0, "b"), Way("c", 0, "d")]))
    ['a', 'b']
    """
    nexts, todo = following(ways), list(begin)
    seen = set(todo)
    while todo:
        name = todo.pop()
        for way in nexts.get(name, ()) if name != without else ():
            if way.target not in seen:
                seen.add(way.target)
                todo.append(way.target)
    return seen


def ordered(names: Iterable[str], ways: list[Way]) -> tuple[list[str], list[Way]]:
    """Return names such that sources come first, and the ways that had to be left out for that: they close circles.

    >>> ordered(["a", "b"], [Way("b", 0, "a"), Way("a", 0, "b")])[1]
    [Way(source='b', output=0, target='a', input=0)]
    """
    nexts, order, cut = following(ways), [], []
    state: dict[str, int] = {}
    for root in names:
        if root in state:
            continue
        state[root] = 1
        path = [(root, iter(nexts.get(root, ())))]
        while path:
            name, rest = path[-1]
            way = next(rest, None)
            if way is None:
                state[name] = 2
                order.append(name)
                path.pop()
            elif state.get(way.target) == 1:
                cut.append(way)
            elif way.target not in state:
                state[way.target] = 1
                path.append((way.target, iter(nexts.get(way.target, ()))))
    return order[::-1], cut
