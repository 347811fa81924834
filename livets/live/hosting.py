"""What a view may ask of the machinery that runs it: commits, the end of a handler, a topic from now on.

It owns the answers for a view that does not run yet, or no more. Made by the runner for each question; called by
LiveView's methods (as `bond.Host`), from handlers, tasks, and the threads of plain handlers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from livets.live.commit import Commits
from livets.live.scope import ViewScope
from livets.live.units import Units

if TYPE_CHECKING:
    from livets.live.view import LiveView
    from livets.render import Templates


class Hosting:
    """The host of one view."""

    __slots__ = ("_commits", "_templates", "_units", "_view")

    def __init__(self, view: LiveView, commits: Commits, units: Units, templates: Templates) -> None:
        self._view = view
        self._commits = commits
        self._units = units
        self._templates = templates

    def markup(self, source: str, names: Mapping[str, Any]) -> str:
        """`LiveView.html()`."""
        name = f"{type(self._view).__qualname__}.html()"
        return self._templates.render(source, ViewScope(self._view), names, name=name)

    def subscribing(self, topic: str) -> None:
        """The view wants `topic` from now on (`LiveView.subscribe`): nothing may be missed until the commit."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return  # a plain handler in its thread: the commit opens it
        self._commits.world.open(topic, self._view._live.system.notes.subscriptions[topic])

    def commit_block(self) -> AbstractAsyncContextManager[None]:
        """`LiveView.commit()`; before the view's first render there is nothing to hold."""
        return self._units.holding.block() if self._commits.writer.generation else nullcontext()

    async def commit_point(self) -> None:
        """`LiveView.update()`."""
        if self._commits.writer.generation and not self._commits.stopped:
            await self._units.holding.commit_point()

    def cancel(self, handler: str) -> None:
        """`LiveView.cancel()`."""
        self._units.cancel(handler)
