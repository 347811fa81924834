"""What was drawn of a view and is about to be sent.

It owns the moment between drawing and sending: only `commit` makes the display take it for shown, so what is never sent
is drawn again. Made by `display` and `runner`; `commit` and transport send it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from livets.render import Patch


class Drawn:
    """A patch with everything else that goes with it; `commit` says that it will be sent."""

    __slots__ = ("_on_commit", "_patch", "diff", "message", "mid_event")

    def __init__(self, patch: Patch, extras: list[Any], on_commit: Callable[[Drawn], None]) -> None:
        self._patch = patch
        self._on_commit = on_commit
        self.diff: list[Any] = [*patch.diff, *extras]
        self.message: list[Any] | bytes = patch.body if patch.shared and self.diff and not extras else self.diff
        """The diff, or what it is encoded, if other views are sent the same."""
        self.mid_event = False
        """It shows what a handler has done that is still at work."""

    def commit(self) -> None:
        """From here on the browser is taken to show this."""
        self._patch.commit()
        self._on_commit(self)


class Unchanged:
    """Nothing to send now: a handler is at work, and its commit sends what is missing."""

    __slots__ = ("diff",)

    def __init__(self) -> None:
        self.diff: list[Any] = []

    def commit(self) -> None:
        """Nothing was drawn, nothing is remembered."""
