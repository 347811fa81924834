"""HTML slots at run time: opaque blocks, markup, and what `render()` returns.

It owns what such a slot remembers and what it sends: edits where they are safe and shorter, else its HTML. It never
evaluates other slots. The generator makes them, blocks call them.
"""

from __future__ import annotations

from typing import Any

from livets.render.blocks import Actions, LiveScalar, Names, ScalarSlot
from livets.render.environment import Scope
from livets.render.strings.kept import SHORTEST_CHARS, Kept, keep, rest
from livets.render.values import NOTHING, same


class HtmlSlot(ScalarSlot):
    """One in the rows of a loop: the rows keep its HTML among their values."""

    def __init__(self, number: int, lineno: int, parent: str, namespace: str, *, edits: bool) -> None:
        super().__init__(number, lineno, str)
        self.parent, self.namespace, self.edits = parent, namespace, edits

    def change(self, old: Any, new: Any) -> Any:
        """Edits, or the new HTML."""
        if same(old, new):
            return NOTHING
        if not self.edits or len(new) < SHORTEST_CHARS:
            return str(new)
        return Kept(str(old), self.parent, self.namespace).change(str(new))[1]


class LiveHtml(LiveScalar):
    """One outside of loops."""

    def __init__(self, number: int, lineno: int, parent: str, namespace: str, *, edits: bool) -> None:
        super().__init__(number, lineno, str)
        self.parent, self.namespace, self.edits = parent, namespace, edits

    def first(self, scope: Scope, *, html: bool) -> tuple[Any, Any]:
        """Evaluated, and kept once for all views that show the same."""
        value = str(self.evaluate(scope))
        return keep(value, self.parent, self.namespace), self.html(value) if html else value

    def diff(self, state: Kept, scope: Scope, dirty: Names, forced: Names, actions: Actions) -> tuple[Any, Any]:
        """Evaluated and compared."""
        value = str(self.evaluate(scope))
        if value == state.text:
            return state, NOTHING
        if not self.edits:
            return keep(value, self.parent, self.namespace, shared=False), value
        return state.change(value)


def resting(states: list[Any]) -> list[Any]:
    """What a block outside of loops remembers, with the HTML in it packed."""
    return [_resting(state) for state in states]


def _resting(state: Any) -> Any:
    if isinstance(state, Kept):
        return rest(state)
    if type(state) is tuple and len(state) == 2 and isinstance(state[1], list):
        return state[0], resting(state[1])  # the branch of an IF
    return state
