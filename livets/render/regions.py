"""Which stretch of a template becomes opaque when a place in it can't be split.

It owns the search for the smallest balanced region around an item: the item itself or the element that
encloses it. It never decides *that* something is opaque. The builder calls it.
"""

from __future__ import annotations

from livets.render.items import Item, Opaque, Static, fold
from livets.render.markup import RAW_TEXT, RCDATA, VOID, Hard, Piece, Scanner

Place = tuple[int, int]


class _Outline:
    """Where the elements of a block begin and end."""

    def __init__(self) -> None:
        self.elements: list[tuple[Place, Place]] = []
        self._open: list[tuple[str, Place]] = []

    def text(self, source: str, index: int) -> None:
        """Text has no part in the outline."""

    def comment(self, source: str, index: int) -> None:
        """Nor have comments."""

    def dynamic(self, item: Item, index: int, inside: str | None) -> None:
        """Nor has what is dynamic: it counts as nothing."""

    def start(self, name: str, pieces: list[Piece], at: Place, end: Place) -> str | None:
        """An element begins."""
        name = name.lower()
        last = pieces[-1]
        if name in VOID or (isinstance(last, str) and last.endswith("/>") and name not in RCDATA):
            self.elements.append((at, end))
            return None
        self._open.append((name, at))
        return name if name in RCDATA or name in RAW_TEXT else None

    def end(self, name: str, source: str, at: Place, end: Place) -> None:
        """An element ends, and all that are open inside it."""
        if any(name == other for other, _ in self._open):
            while True:
                other, began = self._open.pop()
                self.elements.append((began, end))
                if other == name:
                    return


class _Lenient(Scanner):
    """A scanner for which whatever is dynamic is empty."""

    def item(self, item: Item, index: int) -> None:
        """Nothing."""


def wrap(items: list[Item], first: int, last: int, reason: str, *, enclosing: bool) -> list[Item] | None:
    """The items with the smallest region around `first`..`last` made opaque; None when that is everything."""
    lineno = items[first].lineno if first < len(items) else 1
    if not enclosing and _pairs(items[first : last + 1]):
        return [*items[:first], Opaque(items[first : last + 1], [], lineno, reason), *items[last + 1 :]]
    outline = _Outline()
    scanner = _Lenient(outline)
    try:
        for index, item in enumerate(items):
            if isinstance(item, Static):
                scanner.static(item.text, index, followed=False)
            else:
                scanner.item(item, index)
    except Hard:
        return None
    fitting = [
        (began, ended)
        for began, ended in outline.elements
        if began[0] <= first and began < (first, 1 << 60) and ended[0] >= last and _holds(items, began, ended, first, last)
    ]
    for began, ended in sorted(fitting, key=lambda element: (-element[0][0], -element[0][1])):
        cut = _cut(items, began, ended, lineno, reason)
        if cut is not None:
            return cut
    return None


def _holds(items: list[Item], began: Place, ended: Place, first: int, last: int) -> bool:
    """True when the region holds the items `first`..`last` whole (a Static counts when it is partly inside)."""
    return (began[0] < first or isinstance(items[first], Static)) and (ended[0] > last or isinstance(items[last], Static))


def _cut(items: list[Item], began: Place, ended: Place, lineno: int, reason: str) -> list[Item] | None:
    head, tail = items[began[0]], items[ended[0]]
    assert isinstance(head, Static)
    assert isinstance(tail, Static)
    before, after = head.text[: began[1]], tail.text[ended[1] :]
    if began[0] == ended[0]:
        inside: list[Item] = [Static(head.text[began[1] : ended[1]], head.lineno)]
    else:
        inside = [
            Static(head.text[began[1] :], head.lineno),
            *items[began[0] + 1 : ended[0]],
            Static(tail.text[: ended[1]], tail.lineno),
        ]
    if not _pairs(inside):
        return None
    return [
        *items[: began[0]],
        *([Static(before, head.lineno)] if before else []),
        Opaque(inside, [], lineno, reason),
        *([Static(after, tail.lineno)] if after else []),
        *items[ended[0] + 1 :],
    ]


def _pairs(items: list[Item]) -> bool:
    try:
        fold(items)
    except ValueError:
        return False
    return True
