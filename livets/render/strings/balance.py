"""A window of changed source made larger until it is whole sibling nodes, which an edit can name.

It owns how far. It never compares. `edits` calls it where one text or one start tag is not all that differs.
"""

from __future__ import annotations

from livets.render.strings.places import enclosing
from livets.render.strings.tokens import TOKEN, Doubt, read, tokens
from livets.render.strings.trim import Window


def balanced(old: str, new: str, window: Window) -> Window:
    """The window made larger until both pieces close all that they open, and nothing else. Raises Doubt.

    >>> balanced("<p><b>1</b></p>", "<p><i>1</i></p>", Window(3, 6, 3, 6))
    Window(old_start=3, old_end=11, new_start=3, new_end=11)
    """
    a, b, c, d = window
    lowest, depth = _levels(old, a, b)
    other_lowest, other_depth = _levels(new, c, d)
    if depth != other_depth:
        raise Doubt("tags that do not match")
    lowest = min(lowest, other_lowest)
    for _ in range(-lowest):
        tag = enclosing(old, a)
        if tag is None:
            raise Doubt("tags that do not match")
        c -= a - tag.start
        a = tag.start
    depth -= lowest
    end = b
    while depth:
        found = TOKEN.match(old, end)
        if found is None:
            raise Doubt("not a token")
        kind = read(found).kind
        depth += (kind == "<") - (kind == "/")
        end = found.end()
    return Window(a, end, c, d + end - b)


def out_of_leaves(old: str, new: str, window: Window, leaves: frozenset[str]) -> Window:
    """The window made larger until no end of it is inside of one of the leaves that may be there. Raises Doubt."""
    a, b, c, d = window
    start = _leaf_around(old, a, leaves)
    return window if start is None else balanced(old, new, Window(start, b, c - (a - start), d))


def _leaf_around(old: str, place: int, leaves: frozenset[str]) -> int | None:
    """Where the outermost leaf around a place begins."""
    if leaves & {"ts-ignore", "template", "noscript"}:
        found = None
        tag = enclosing(old, place)
        while tag is not None:
            if tag.name in leaves or "ts-ignore" in old[tag.start : tag.end]:
                found = tag.start
            tag = enclosing(old, tag.start)
        return found
    for name in leaves:
        start = old.rfind(f"<{name}", 0, place)
        if start >= 0 and old.find(f"</{name}", start, place) < 0:
            return start
    return None


def _levels(source: str, start: int, end: int) -> tuple[int, int]:
    """(how far below its start a piece of source goes, on which level it ends). Raises Doubt."""
    lowest = depth = 0
    for token in tokens(source, start, end):
        if token.kind == "<":
            depth += 1
        elif token.kind == "/":
            depth -= 1
            lowest = min(lowest, depth)
    return lowest, depth
