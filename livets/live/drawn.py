"""What was drawn of a view and is about to be sent.

It owns the moment between drawing and sending: only `commit` makes the display take it for shown, so what is never sent
is drawn again. Made by `display` and `runner`; `commit` and transport send it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from livets.live.display import Display
    from livets.render import Patch


class Drawn:
    """A patch with everything else that goes with it; `commit` says that it will be sent."""

    __slots__ = ("_display", "_patch", "diff", "message", "mid_event")

    def __init__(self, display: Display, patch: Patch, extras: list[Any]) -> None:
        self._display = display
        self._patch = patch
        self.diff: list[Any] = [*patch.diff, *extras]
        self.message: list[Any] | bytes = patch.body if patch.shared and self.diff and not extras else self.diff
        """The diff, or what it is encoded, if other views are sent the same."""
        self.mid_event = False

    def commit(self) -> None:
        """From here on the browser is taken to show this."""
        display = self._display
        self._patch.commit()
        display.remember(mid_event=self.mid_event)
        if display.witness is not None:
            display.witness.follow(display.rendering.template, self.diff)


class Unchanged:
    """Nothing to send now: a handler is at work, and its commit sends what is missing."""

    __slots__ = ("diff",)

    def __init__(self) -> None:
        self.diff: list[Any] = []

    def commit(self) -> None:
        """Nothing was drawn, nothing is remembered."""
