"""Two runs of sibling nodes, old and new, as edits: first inside of those that stay, then what comes, goes and moves.

It owns the way down through elements that stay. What is new goes through the proof first; a node that can't become
the other one is replaced. It never looks outside of the runs. `edits` calls it with one region at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from livets.render.strings.align import pair, script
from livets.render.strings.forest import Node
from livets.render.strings.operations import Operations
from livets.render.strings.places import Place
from livets.render.strings.proof import Proof, can_hold_text
from livets.render.strings.tags import attribute_changes, attributes
from livets.render.strings.tokens import DROPS_LINE_END, Doubt, Token, decoded

_PLAIN_LEAVES: Final = frozenset({"textarea", "title", "script", "style"})


class Siblings:
    """What writes the edits of regions."""

    def __init__(self, operations: Operations, proof: Proof, is_usable: Callable[[str], bool]) -> None:
        self._operations, self._proof, self._is_usable = operations, proof, is_usable

    def change(self, place: Place, before: list[Node], after: list[Node]) -> None:
        """Write the edits that make the nodes `before`, which begin at a place, the nodes `after`. Raises Doubt."""
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
        if place.first and place.parent in DROPS_LINE_END and not self._proof.names:
            raise Doubt("the first nodes of a <pre>")
        self._proof.accept(place.parent, before, after, pairs, steps)
        self._operations.nodes([*place.at(lead), place.parent], steps)

    def _pair(self, place: Place, number: int, old: Node, new: Node, *, first: bool) -> bool:
        """Edits that make `old` the same as `new`; False when it has to be replaced."""
        if old.kind == "#":
            if old.is_blank != new.is_blank and not can_hold_text(place.parent):
                return False
            if first and place.parent in DROPS_LINE_END and "\n" in (old.source[0], new.source[0]):
                return False
            self._operations.text([*place.at(number), place.parent], decoded(new.source))
            return True
        changes = attribute_changes(_attributes_of(old), _attributes_of(new), old.name)
        if changes is None or (old.is_ignored != new.is_ignored):
            return False
        keyed = old.key is not None and self._is_usable(old.key)
        steps: list[Any] = [old.key] if keyed else place.at(number)
        address = [*steps, None if keyed else old.name]
        if old.leaf:
            if not old.is_ignored and old.content != new.content and not self._leaf_text(address, old, new):
                return False
            self._operations.attributes(address, changes)
            return True
        if old.name in DROPS_LINE_END and (not old.children or not new.children):
            return False
        mark = len(self._operations.flat)
        self._operations.attributes(address, changes)
        self._inside(Place(steps, 0, old.name, first=True), old, new)
        if old.name in DROPS_LINE_END and self._operations.have_nodes(mark):
            self._operations.take_back(mark)
            return False
        return True

    def _inside(self, place: Place, old: Node, new: Node) -> None:
        outer, self._proof.names = self._proof.names, [*self._proof.names, old.name]
        self.change(place, old.children, new.children)
        self._proof.names = outer

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
        self._operations.text(address, content)
        return True


def _attributes_of(node: Node) -> dict[str, str]:
    return attributes(node.tag, Token("<", node.name, 0, len(node.tag)))
