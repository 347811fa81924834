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
        self.scanner: Scanner | None = None

    def text(self, source: str, index: int) -> None:
        """Text has no part in the outline."""

    def comment(self, source: str, index: int) -> None:
        """A comment is a region of its own."""
        if self.scanner is not None:
            self.elements.append((self.scanner.at, self.scanner.end))

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


def wrap(items: list[Item], first: int, last: int, reason: str, *, enclosing: bool) -> list[Item] | None:
    """The items with the smallest region around `first`..`last` made opaque; None when that is everything."""
    lineno = items[first].lineno if first < len(items) else 1
    if not enclosing and pairs(items[first : last + 1]):
        return [*items[:first], Opaque(items[first : last + 1], [], lineno, reason), *items[last + 1 :]]
    elements = _elements(items)
    if elements is None:
        return None
    fitting = [
        (began, ended)
        for began, ended in elements
        if began[0] <= first
        and began < (first, 1 << 60)
        and ended[0] >= last
        and _holds(items, began, ended, first, last)
    ]
    for began, ended in sorted(fitting, key=lambda element: (-element[0][0], -element[0][1])):
        cut = _cut(items, began, ended, lineno, reason)
        if cut is not None:
            return cut
    return None


def _holds(items: list[Item], began: Place, ended: Place, first: int, last: int) -> bool:
    """True when the region holds the items `first`..`last` whole (a Static counts when it is partly inside)."""
    starts = began[0] < first or isinstance(items[first], Static)
    return starts and (ended[0] > last or isinstance(items[last], Static))


def wrap_range(items: list[Item], first: int, last: int, reason: str) -> list[Item]:
    """The items with everything from `first` to `last` opaque, grown until no element is cut in two."""
    elements = _elements(items) or []
    began, ended = (first, 0), (last + 1, 0)
    while True:
        cut = [e for e in elements if (e[0] < began < e[1]) is not (e[0] < ended < e[1])]
        if not cut:
            break
        began, ended = min(began, *(e[0] for e in cut)), max(ended, *(e[1] for e in cut))
    lineno = items[first].lineno
    return _cut(items, began, ended, lineno, reason) or [Opaque(items, [], lineno, reason)]


def _elements(items: list[Item]) -> list[tuple[Place, Place]] | None:
    outline = _Outline()
    scanner = outline.scanner = Scanner(outline)
    try:
        for index, text in enumerate(_texts(items)):
            if text is not None:
                scanner.static(text, index, followed=False)
    except Hard:
        return None
    return outline.elements


def _texts(items: list[Item]) -> list[str | None]:
    """The static texts, in which tags whose name is dynamic are blank: what they open and close is not known."""
    texts = [item.text if isinstance(item, Static) else None for item in items]
    inside = False
    for index, text in enumerate(texts):
        if text is None:
            continue
        if inside:
            end = text.find(">") + 1 or len(text)
            inside = end == len(text) and not text.endswith(">")
            text = " " * end + text[end:]
        if index + 1 < len(texts) and texts[index + 1] is None and text.endswith(("<", "</")):
            size = 2 if text.endswith("</") else 1
            text, inside = text[:-size] + " " * size, True
        texts[index] = text
    return texts


def _cut(items: list[Item], began: Place, ended: Place, lineno: int, reason: str) -> list[Item] | None:
    before, inside, after = cut_at(items, began, ended)
    if not inside or not pairs(inside):
        return None
    return [*before, Opaque(inside, [], lineno, reason), *after]


def cut_at(items: list[Item], began: Place, ended: Place) -> tuple[list[Item], list[Item], list[Item]]:
    """The items before, between and after two places; texts are cut."""
    parts: tuple[list[Item], list[Item], list[Item]] = ([], [], [])
    for index, item in enumerate(items):
        if not isinstance(item, Static):
            parts[0 if (index, 0) < began else 1 if (index, 0) < ended else 2].append(item)
            continue
        size = len(item.text)
        start = min(max(began[1] if index == began[0] else (0 if index > began[0] else size), 0), size)
        stop = min(max(ended[1] if index == ended[0] else (0 if index > ended[0] else size), start), size)
        for part, text in zip(parts, (item.text[:start], item.text[start:stop], item.text[stop:]), strict=True):
            if text:
                part.append(Static(text, item.lineno))
    return parts


def pairs(items: list[Item]) -> bool:
    """True when every scope that begins among the items ends there."""
    try:
        fold(items)
    except ValueError:
        return False
    return True
