"""What ties a running view to the machinery: its one private attribute.

It owns the view's tracker, system notes, and the effects and inputs of the unit of work at hand. It never acts by
itself. LiveView's methods write into it, the runner reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from livets.live.declaration import Declared
from livets.live.navigation import Location
from livets.live.system import System
from livets.live.tracking import Tracker
from livets.live.visit import NOBODY, Visit
from livets.presence import Presence


class Host(Protocol):
    """What a view asks of the one who runs it (`hosting.Hosting`)."""

    def markup(self, source: str, names: Mapping[str, Any]) -> str:
        """Jinja2 source as HTML, with these names before the view's."""

    def subscribing(self, topic: str) -> None:
        """The view wants `topic` from now on."""

    async def commit_point(self) -> None:
        """Commit and show what has changed so far."""

    def commit_block(self) -> AbstractAsyncContextManager[None]:
        """Hold the view for a block of code that is one commit."""

    def cancel(self, handler: str) -> None:
        """Stop the events of this handler, those at work and those that wait."""


class Runs(Protocol):
    """The one who runs the view (`runner.ViewRunner`)."""

    @property
    def host(self) -> Host:
        """Who answers the view; made when it asks."""


class Bond:
    """See the module. One per view."""

    __slots__ = (
        "effects",
        "inputs",
        "location",
        "presence",
        "request",
        "runner",
        "session",
        "system",
        "tracker",
    )

    def __init__(self, location: Location) -> None:
        self.location = location
        """Where the view is."""
        self.tracker = Tracker()
        self.system = System()
        self.runner: Runs | None = None
        """Who runs the view, and puts itself there."""
        self.presence: Presence | None = None
        """Who is here, as the worker knows it; the runner puts it there."""
        self.session: Visit = NOBODY
        self.request: Any = None
        self.effects: list[tuple[str, bytes]] | None = None
        """Broadcasts of this unit of work: topic and encoded data."""
        self.inputs: dict[str, Any] | None = None
        """Controls to be written, by field."""

    @property
    def host(self) -> Host | None:
        """Who answers what the view asks; None while nobody runs it."""
        return None if self.runner is None else self.runner.host

    def acting(self, what: str) -> None:
        """The view is about to do something that belongs to a commit. Raises FieldError when it may not now."""
        if self.tracker.guard is not None:
            self.tracker.guard.writing(what)

    def is_clean(self, view: Declared) -> bool:
        """True if nothing has happened to the view since the last unit ended."""
        return not (self.effects or self.inputs or self.location.move or self.system.touched) and self.tracker.clean(
            view
        )

    def take_effects(self) -> list[tuple[str, bytes]]:
        """The broadcasts of this unit, which are somebody else's business now."""
        effects, self.effects = self.effects, None
        return effects or []

    def roll_back(self, view: Declared) -> None:
        """Take back everything that this unit of work did to the view."""
        self.tracker.roll_back(view)
        self.system.roll_back()
        self.effects = self.inputs = None
        self.location.forget()
