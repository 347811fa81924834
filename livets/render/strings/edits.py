"""Old HTML and new HTML to edits (docs/protocol.md): small where the change is small, never wrong.

It owns the way from a window of source to operations. The old source has passed its census; what is new is only
believed where it cannot change how a parser reads the rest. Any doubt is raised, and the caller sends the string.
"""

from __future__ import annotations

from typing import Any, Final

from livets.render.strings.align import pair, script
from livets.render.strings.census import Census, doubles, is_foreign, is_unfit, leaves_in
from livets.render.strings.cut import Rows, cut
from livets.render.strings.forest import Node, count_nodes, grow
from livets.render.strings.places import Place, enclosing, locate
from livets.render.strings.proof import Proof, can_hold_text
from livets.render.strings.tokens import (
    TOKEN,
    Doubt,
    Token,
    attributes,
    can_be_set,
    decoded,
    is_blank,
    key_of,
    keys_in,
    read,
    tokens,
)
from livets.render.strings.trim import Window, trim

TEXT: Final = 0
SET: Final = 1
CLASS: Final = 2
NODES: Final = 3

_FEW_KEYS: Final = 8
_DROPS_LINE_END: Final = frozenset({"pre", "listing", "textarea"})
"""Elements in which a parser drops a line end at the start."""
_PLAIN_LEAVES: Final = frozenset({"textarea", "title", "script", "style"})


def edit(old: str, new: str, census: Census, parent: str, namespace: str) -> tuple[list[Any], Census]:
    """(the edits that turn the nodes of `old` into those of `new`, the census of `new`). Raises Doubt.

    `census` is that of `old`; both stand inside an element `parent` of a namespace ("" for HTML).
    """
    whole = trim(old, new, Window(0, len(old), 0, len(new)))
    if whole is None:
        return [], census
    try:
        comparison = _Comparison(old, new, census, cut(old, new, whole), parent, namespace)
    except Doubt:
        comparison = _Comparison(old, new, census, [whole], parent, namespace)
    after = Census(census.count + comparison.added, comparison.doubles, comparison.leaves, comparison.foreign)
    return [census.count, *comparison.ops], after


class _Comparison:
    """One comparison. Windows come from the last to the first: what is before them is still as it was."""

    def __init__(
        self, old: str, new: str, census: Census, places: list[Window | Rows], parent: str, namespace: str
    ) -> None:
        self.old, self.new = old, new
        self.ops: list[Any] = []
        self.added = 0
        found = [place if isinstance(place, Rows) else trim(old, new, place) for place in places]
        changes = [change for change in found if change is not None]
        windows = [change.window if isinstance(change, Rows) else change for change in changes]
        pieces = [
            change.changed() if isinstance(change, Rows) else (old[change[0] : change[1]], new[change[2] : change[3]])
            for change in changes
        ]
        gone, come = "\n".join(piece[0] for piece in pieces), "\n".join(piece[1] for piece in pieces)
        if is_unfit(come):
            raise Doubt("something that no edit can bring about")
        self.leaves = census.leaves | leaves_in(come)
        self.foreign = census.foreign or is_foreign(come)
        keys = keys_in(come)
        self.doubles = census.doubles if keys == keys_in(gone) else census.doubles | _doubled(new, keys)
        self.proof = Proof(old, new, parent, namespace, self.foreign)
        for number in reversed(range(len(changes))):
            # what an edit looks at must not reach into another window
            self.first = windows[number - 1].old_end if number else 0
            self.last = windows[number + 1].old_start if number + 1 < len(windows) else len(old)
            change = changes[number]
            if isinstance(change, Rows):
                self._rows(change)
            else:
                self._window(change)

    def is_usable(self, key: str) -> bool:
        """Does a key name one element only, before and after?"""
        return key not in self.doubles

    def _window(self, window: Window) -> None:
        """One place where the strings differ."""
        a, b, c, d = window
        if self.leaves:
            window = self._out_of_leaves(window)
        if window == (a, b, c, d):
            before, after = _only_token(self.old, a, b), _only_token(self.new, c, d)
            if before is not None and after is not None and before.kind == after.kind:
                if before.kind == "#" and self._text(before, after):
                    return
                if before.kind in "<0" and self._start_tag(before, after):
                    return
        self._region(window)

    # One text, one start tag

    def _text(self, before: Token, after: Token) -> bool:
        old, new = self.old, self.new
        if is_blank(old, before.start, before.end) != is_blank(new, after.start, after.end):
            return False
        place = locate(old, before.start, self.is_usable)
        source = new[after.start : after.end]
        if place.first and place.parent in _DROPS_LINE_END and "\n" in (old[before.start], source[0]):
            return False
        self.ops += (TEXT, [*place.at(0), place.parent], decoded(source))
        return True

    def _start_tag(self, before: Token, after: Token) -> bool:
        key = key_of(self.old, before)
        if before.name != after.name or key != key_of(self.new, after):
            return False
        changes = _attribute_changes(attributes(self.old, before), attributes(self.new, after), before.name)
        if changes is None:
            return False
        if key is not None and self.is_usable(key):
            address: list[Any] = [key, None]
        else:
            address = [*locate(self.old, before.start, self.is_usable).at(0), before.name]
        self._write_attributes(address, changes)
        return True

    def _write_attributes(self, address: list[Any], changes: list[tuple[str, str | None, str | None]]) -> None:
        for name, was, value in changes:
            if name == "class":
                self.ops += (CLASS, address, was, value)
            else:
                self.ops += (SET, address, name, value)

    # A run of siblings

    def _region(self, window: Window) -> None:
        a, b, c, d = self._balanced(window)
        before, after = grow(self.old, a, b), grow(self.new, c, d)
        place = locate(self.old, a, self.is_usable)
        self.proof.at(a)
        self._siblings(place, before, after)
        self.added += count_nodes(after) - count_nodes(before)

    def _balanced(self, window: Window) -> Window:
        """The window made larger until both pieces are whole sibling nodes."""
        a, b, c, d = window
        lowest, depth = _levels(self.old, a, b)
        other_lowest, other_depth = _levels(self.new, c, d)
        if depth != other_depth:
            raise Doubt("tags that do not match")
        lowest = min(lowest, other_lowest)
        for _ in range(-lowest):
            tag = enclosing(self.old, a)
            if tag is None:
                raise Doubt("tags that do not match")
            c -= a - tag.start
            a = tag.start
        depth -= lowest
        end = b
        while depth:
            found = TOKEN.match(self.old, end)
            if found is None:
                raise Doubt("not a token")
            kind = read(found).kind
            depth += (kind == "<") - (kind == "/")
            end = found.end()
        if a < self.first or end > self.last:
            raise Doubt("windows that are not balanced")
        return Window(a, end, c, d + end - b)

    def _out_of_leaves(self, window: Window) -> Window:
        """The window made larger until no end of it is inside of a leaf."""
        a, b, c, d = window
        start = self._leaf_around(a)
        if start is None:
            return window
        return self._balanced(Window(start, b, c - (a - start), d))

    def _leaf_around(self, place: int) -> int | None:
        """Where the outermost leaf around a place begins."""
        if self.leaves & {"ts-ignore", "template", "noscript"}:
            found = None
            tag = enclosing(self.old, place)
            while tag is not None:
                if tag.name in self.leaves or "ts-ignore" in self.old[tag.start : tag.end]:
                    found = tag.start
                tag = enclosing(self.old, tag.start)
            return found
        for name in self.leaves:
            start = self.old.rfind(f"<{name}", 0, place)
            if start >= 0 and self.old.find(f"</{name}", start, place) < 0:
                return start
        return None

    def _rows(self, rows: Rows) -> None:
        """A long run of rows: first inside of those that stay, then what comes, goes and moves."""
        pairs = rows.pairs
        for index, other in pairs.items():
            if rows.new_sources[index] != rows.sources[other]:
                window = trim(self.old, self.new, Window(*rows.span(other), *rows.span(index, new=True)))
                assert window is not None
                self._window(window)
        size = 2 if rows.joint else 1
        lead, steps = script(len(rows.sources), [source + rows.joint for source in rows.new_sources], pairs, size)
        if not steps:
            return
        come = "".join(step for step in steps if type(step) is str)
        stay = set(pairs.values())
        gone = [source for index, source in enumerate(rows.sources) if index not in stay]
        fresh = grow(come, 0, len(come))
        place = locate(self.old, rows.window.old_start, self.is_usable)
        self.proof.at(rows.window.old_start)
        model = rows.sources[0] if rows.sources else ""
        self.proof.accept(place.parent, grow(model, 0, len(model)), fresh, {}, steps)
        self.ops += (NODES, [*place.at(lead), place.parent], steps)
        self.added += count_nodes(fresh) - sum(count_nodes(grow(source, 0, len(source))) + size - 1 for source in gone)

    def _siblings(self, place: Place, before: list[Node], after: list[Node]) -> None:
        """Edits for a run of siblings: first inside of those that stay, then the run itself."""
        pairs = pair(before, after)
        replaced = []
        for index, other in pairs.items():
            old, new = before[other], after[index]
            if old.source != new.source and not self._pair(place, other, old, new, first=place.first and other == 0):
                replaced.append(index)
        for index in replaced:
            del pairs[index]
        lead, steps = script(len(before), [node.source for node in after], pairs)
        if not steps:
            return
        if place.first and place.parent in _DROPS_LINE_END and not self.proof.names:
            raise Doubt("the first nodes of a <pre>")
        self.proof.accept(place.parent, before, after, pairs, steps)
        self.ops += (NODES, [*place.at(lead), place.parent], steps)

    def _pair(self, place: Place, number: int, old: Node, new: Node, *, first: bool) -> bool:
        """Edits that make `old` the same as `new`; False when it has to be replaced."""
        if old.kind == "#":
            if old.is_blank != new.is_blank and not can_hold_text(place.parent):
                return False
            if first and place.parent in _DROPS_LINE_END and "\n" in (old.source[0], new.source[0]):
                return False
            self.ops += (TEXT, [*place.at(number), place.parent], decoded(new.source))
            return True
        changes = _attribute_changes(_attributes_of(old), _attributes_of(new), old.name)
        if changes is None or (old.is_ignored != new.is_ignored):
            return False
        keyed = old.key is not None and self.is_usable(old.key)
        steps: list[Any] = [old.key] if keyed else place.at(number)
        address = [*steps, None if keyed else old.name]
        if old.leaf:
            if not old.is_ignored and old.content != new.content and not self._leaf_text(address, old, new):
                return False
            self._write_attributes(address, changes)
            return True
        if old.name in _DROPS_LINE_END and (not old.children or not new.children):
            return False
        mark = len(self.ops)
        self._write_attributes(address, changes)
        inside = Place(steps, 0, old.name, first=True)
        outer, self.proof.names = self.proof.names, [*self.proof.names, old.name]
        self._siblings(inside, old.children, new.children)
        self.proof.names = outer
        if old.name in _DROPS_LINE_END and any(op == NODES for op in _codes(self.ops[mark:])):
            del self.ops[mark:]
            return False
        return True

    def _leaf_text(self, address: list[Any], old: Node, new: Node) -> bool:
        content = new.content
        if old.name not in _PLAIN_LEAVES or "<" in old.content + content:
            return False
        if old.name in ("script", "style"):
            if "&" in old.content + content:
                return False
        else:
            if old.name == "textarea" and content.startswith("\n"):
                content = content[1:]
            content = decoded(content)
        self.ops += (TEXT, address, content)
        return True


def _codes(ops: list[Any]) -> list[int]:
    """The codes of some edits."""
    codes, position = [], 0
    while position < len(ops):
        codes.append(ops[position])
        position += 4 if ops[position] in (SET, CLASS) else 3
    return codes


def _only_token(source: str, start: int, end: int) -> Token | None:
    """The token that a piece consists of."""
    found = TOKEN.match(source, start)
    return read(found) if found is not None and found.end() == end else None


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


def _attributes_of(node: Node) -> dict[str, str]:
    return attributes(node.tag, Token("<", node.name, 0, len(node.tag)))


def _attribute_changes(
    before: dict[str, str], after: dict[str, str], tag: str
) -> list[tuple[str, str | None, str | None]] | None:
    """(name, old value, new value) of each that differs; None when one of them can't be written by itself."""
    if before == after:
        return []
    changes = [
        (name, before.get(name), after.get(name)) for name in {**before, **after} if before.get(name) != after.get(name)
    ]
    return changes if all(can_be_set(name, tag) for name, _, _ in changes) else None


def _doubled(new: str, keys: list[str]) -> frozenset[str]:
    """Those of the keys that may stand more than once in the whole."""
    if len(keys) > _FEW_KEYS:
        return doubles(new)
    return frozenset(key for key in keys if new.count(key) > 1 and _may_be_double(new, key))


def _may_be_double(new: str, key: str) -> bool:
    return new.count(f'="{key}"') > 1 or f"='{key}'" in new or any(f"={key}{end}" in new for end in " >\n\t")
