"""Old HTML and new HTML to edits (docs/protocol.md): small where the change is small, never wrong.

It owns the way from a window of source to operations. The old source has passed its census; what is new is only
believed where it cannot change how a parser reads the rest. Any doubt is raised, and the caller sends the string.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from livets.render.strings.align import script
from livets.render.strings.balance import balanced, out_of_leaves
from livets.render.strings.cells import Cells
from livets.render.strings.census import Census, doubles, is_foreign, is_unfit, leaves_in
from livets.render.strings.cut import Change, cut
from livets.render.strings.forest import count_nodes, grow
from livets.render.strings.operations import Operations
from livets.render.strings.places import locate
from livets.render.strings.proof import Proof
from livets.render.strings.rows import Rows
from livets.render.strings.siblings import Siblings
from livets.render.strings.tags import attribute_changes, attributes
from livets.render.strings.tokens import DROPS_LINE_END, TOKEN, Doubt, Token, decoded, is_blank, key_of, keys_in, read
from livets.render.strings.trim import Window, trim

_FEW_KEYS: Final = 8


def edit(old: str, new: str, census: Census, parent: str, namespace: str) -> tuple[list[Any], Census]:
    """(the edits that turn the nodes of `old` into those of `new`, the census of `new`). Raises Doubt.

    `census` is that of `old`; both stand inside an element `parent` of a namespace ("" for HTML).

    >>> from livets.render.strings.census import take
    >>> edit("<p>a</p><b>1</b>", "<p>a</p><b>2</b>", take("<p>a</p><b>1</b>", "div", ""), "div", "")[0]
    [4, 0, [1, 0, 'b'], '2']
    """
    whole = trim(old, new, Window(0, len(old), 0, len(new)))
    if whole is None:
        return [], census
    try:
        comparison = _Comparison(old, new, census, cut(old, new, whole), parent, namespace)
    except Doubt:
        comparison = _Comparison(old, new, census, [whole], parent, namespace)
    after = Census(census.count + comparison.added, comparison.doubles, comparison.leaves, comparison.foreign)
    return [census.count, *comparison.operations.flat], after


class _Comparison:
    """One comparison. Changes are written from the last to the first: what is before them is still as it was."""

    def __init__(
        self, old: str, new: str, census: Census, places: Sequence[Change], parent: str, namespace: str
    ) -> None:
        self.old, self.new = old, new
        self.operations = Operations()
        self.added = 0
        found = [trim(old, new, place) if isinstance(place, Window) else place for place in places]
        changes = [change for change in found if change is not None]
        pieces = list(map(self._sources, changes))
        gone, come = "\n".join(piece[0] for piece in pieces), "\n".join(piece[1] for piece in pieces)
        if is_unfit(come):
            raise Doubt("something that no edit can bring about")
        self.leaves = census.leaves | leaves_in(come)
        self.foreign = census.foreign or is_foreign(come)
        keys = keys_in(come)
        self.doubles = census.doubles if keys == keys_in(gone) else census.doubles | _doubled(new, keys)
        self._proof = Proof(old, new, parent, namespace, self.foreign)
        self._siblings = Siblings(self.operations, self._proof, self.is_usable)
        windows = [change if isinstance(change, Window) else change.window for change in changes]
        for number in reversed(range(len(changes))):
            # what an edit looks at must not reach into another change
            self._first = windows[number - 1].old_end if number else 0
            self._last = windows[number + 1].old_start if number + 1 < len(windows) else len(old)
            self._change(changes[number])

    def is_usable(self, key: str) -> bool:
        """Does a key name one element only, before and after?"""
        return key not in self.doubles

    def _sources(self, change: Change) -> tuple[str, str]:
        """(what differs in the old source, what is new)."""
        match change:
            case Window(a, b, c, d):
                return self.old[a:b], self.new[c:d]
            case Cells():
                return "\n".join(change.texts), "\n".join(change.new_texts)
            case Rows():
                return change.changed()

    def _change(self, change: Change) -> None:
        match change:
            case Window():
                self._window(change)
            case Cells():
                self._cells(change)
            case Rows():
                self._rows(change)

    def _window(self, window: Window) -> None:
        """One place where the strings differ."""
        a, b, c, d = window
        if self.leaves:
            window = out_of_leaves(self.old, self.new, window, self.leaves)
        if window == (a, b, c, d):
            before, after = _only_token(self.old, a, b), _only_token(self.new, c, d)
            if before is not None and after is not None and before.kind == after.kind:
                if before.kind == "#" and self._text(before, after):
                    return
                if before.kind in "<0" and self._start_tag(before, after):
                    return
        self._region(window)

    def _text(self, before: Token, after: Token) -> bool:
        old, new = self.old, self.new
        if is_blank(old, before.start, before.end) != is_blank(new, after.start, after.end):
            return False
        place = locate(old, before.start, self.is_usable)
        source = new[after.start : after.end]
        if place.first and place.parent in DROPS_LINE_END and "\n" in (old[before.start], source[0]):
            return False
        self.operations.text([*place.at(0), place.parent], decoded(source))
        return True

    def _start_tag(self, before: Token, after: Token) -> bool:
        key = key_of(self.old, before)
        if before.name != after.name or key != key_of(self.new, after):
            return False
        changes = attribute_changes(attributes(self.old, before), attributes(self.new, after), before.name)
        if changes is None:
            return False
        if key is not None and self.is_usable(key):
            address: list[Any] = [key, None]
        else:
            address = [*locate(self.old, before.start, self.is_usable).at(0), before.name]
        self.operations.attributes(address, changes)
        return True

    def _region(self, window: Window) -> None:
        """A run of siblings."""
        a, b, c, d = balanced(self.old, self.new, window)
        if a < self._first or b > self._last:
            raise Doubt("windows that are not balanced")
        before, after = grow(self.old, a, b), grow(self.new, c, d)
        place = locate(self.old, a, self.is_usable)
        self._proof.at(a)
        self._siblings.change(place, before, after)
        self.added += count_nodes(after) - count_nodes(before)

    def _cells(self, cells: Cells) -> None:
        """Texts in a row."""
        if self.leaves or not self.is_usable(cells.key):
            self._trimmed(cells.window)
            return
        for address, text in zip(cells.addresses, cells.new_texts, strict=True):
            self.operations.text(address, decoded(text))

    def _trimmed(self, window: Window) -> None:
        smaller = trim(self.old, self.new, window)
        assert smaller is not None
        self._window(smaller)

    def _rows(self, rows: Rows) -> None:
        """A long run of rows: first inside of those that stay, then what comes, goes and moves."""
        for change in rows.inside:
            if isinstance(change, Window):
                self._trimmed(change)
            else:
                self._cells(change)
        lead, steps = script(len(rows.sources), rows.new_sources, rows.pairs, rows.joint)
        if not steps:
            return
        come = "".join(step for step in steps if type(step) is str)
        stay = set(rows.pairs.values())
        gone = [source for index, source in enumerate(rows.sources) if index not in stay]
        fresh = grow(come, 0, len(come))
        place = locate(self.old, rows.window.old_start, self.is_usable)
        self._proof.at(rows.window.old_start)
        model = rows.sources[0] if rows.sources else ""
        self._proof.accept(place.parent, grow(model, 0, len(model)), fresh, {}, steps)
        self.operations.nodes([*place.at(lead), place.parent], steps)
        texts = len(gone) if rows.joint else 0
        self.added += count_nodes(fresh) - sum(count_nodes(grow(source, 0, len(source))) for source in gone) - texts


def _only_token(source: str, start: int, end: int) -> Token | None:
    """The token that a piece consists of."""
    found = TOKEN.match(source, start)
    return read(found) if found is not None and found.end() == end else None


def _doubled(new: str, keys: list[str]) -> frozenset[str]:
    """Those of the keys that may stand more than once in the whole."""
    if len(keys) > _FEW_KEYS:
        return doubles(new)
    return frozenset(key for key in keys if new.count(key) > 1 and _may_be_double(new, key))


def _may_be_double(new: str, key: str) -> bool:
    return new.count(f'="{key}"') > 1 or f"='{key}'" in new or any(f"={key}{end}" in new for end in " >\n\t")
