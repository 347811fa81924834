"""Development: sees what the browser is sent, and speaks up when that is not what a fresh render shows.

It owns a model of the page (livets.mirror, written apart from the renderer) and the comparison after each patch. It
never sends and never mends: the display asks it, `commit` tells the log and the browser, and fills the page anew. In
production there is none.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from livets.mirror.comparison import first_difference, unlike
from livets.mirror.liveroot import LiveRoot
from livets.mirror.misfit import Misfit
from livets.mirror.nodes import parse, serialise
from livets.wire import ReservedOp

if TYPE_CHECKING:
    from livets.render import CompiledTemplate

_SHARE: Final = 2.0
"""A check that took long is followed by so many times its duration without one: large pages stay usable."""
_SHORT_S: Final = 0.03
"""A check up to this long is done after every patch."""


class Witness:
    """The browser of one view, as it should be by now."""

    def __init__(self) -> None:
        self._page: LiveRoot | None = None
        self._fault = ""
        self._rests_until = 0.0

    def load(self, template: CompiledTemplate, html: str) -> None:
        """The browser gets its first HTML."""
        self._fault = ""
        try:
            self._page = LiveRoot(template.shape, html=html)
        except Misfit as error:
            self._page = None
            self._fault = f"The first HTML does not fit its own shape: {error}"

    def follow(self, template: CompiledTemplate, diff: list[Any]) -> None:
        """The browser gets a diff."""
        try:
            if self._page is None:
                self._page = _whole(template, diff)
            else:
                self._page.apply(diff)
        except (Misfit, LookupError, TypeError, ValueError, AttributeError) as error:
            self._page = None
            self._fault = f"A patch does not fit the page: {error}\nThe patch: {diff!r:.2000}"

    @property
    def rests(self) -> bool:
        """True while the next look has to wait: looking at a page so large takes long."""
        return not self._fault and time.monotonic() < self._rests_until

    def look(self, template: CompiledTemplate, fresh_html: str) -> str:
        """What is wrong with the page, for a developer; "" when it shows what a fresh render does."""
        if self._page is None:
            return self._fault
        self._fault = ""
        started = time.monotonic()
        is_same = serialise(parse(fresh_html)) == self._page.html()
        found = "" if is_same else _describe(self._page, template, fresh_html)
        took = time.monotonic() - started
        self._rests_until = started + took * (1 + _SHARE) if took > _SHORT_S else 0.0
        return found


def _describe(page: LiveRoot, template: CompiledTemplate, fresh_html: str) -> str:
    fresh = parse(fresh_html)
    words = unlike(page.element.children, fresh)
    try:
        path = first_difference(page.block, LiveRoot(template.shape, html=fresh_html).block)
    except Misfit:
        path = []
    steps = ", ".join(f"slot {number}" + (f" ({name})" if name else "") for number, name in path)
    where = f"{steps}, {template.line_at(path)}" if path else f"what is outside of slots, {template.name}"
    return f"{words}\nThe first difference: {where}."


def _whole(template: CompiledTemplate, diff: list[Any]) -> LiveRoot | None:
    """The page as a diff makes it whatever was there before; None for a diff that changes what is there."""
    for address, change in zip(diff[::2], diff[1::2], strict=True):
        if address == ReservedOp.FILL:
            return LiveRoot(template.shape, fill=change)
        if address == ReservedOp.BUILD and not change[0]:
            return LiveRoot(template.shape, fill=change[1])
    return None
