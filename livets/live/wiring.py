"""The parts of a running view, put together: its state, its commits, its work, its display, its place.

It owns the wiring, what transport may know of a view, and what the parts ask of the whole. It begins nothing and ends
nothing. The base of `sleeper` and so of `runner`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from livets.live.commit import Commits
from livets.live.display import Display, compile_template
from livets.live.hosting import Hosting
from livets.live.navigation import Location, Places
from livets.live.units import Units
from livets.live.view import LiveView
from livets.live.visit import NOBODY, Visit
from livets.live.work import Tick
from livets.presence import Presence, PresenceChange
from livets.pubsub import Bus, Message
from livets.state import Record, SnapshotStore

if TYPE_CHECKING:
    from livets.render import Rendering, Templates

_LOOK_AGAIN_S: Final = 0.02
_NOTHING: Final[Mapping[str, Any]] = {}


class Wiring:
    """One running view's parts."""

    __slots__ = (
        "_accepted", "_commits", "_dev", "_holders", "_interrupted", "_meta", "_secret", "_templates", "_units", "view",
        "view_id",
    )  # fmt: skip

    def __init__(
        self,
        view_class: type[LiveView],
        *,
        view_id: str,
        templates: Templates,
        store: SnapshotStore,
        bus: Bus,
        meta: bytes = b"",
        params: Mapping[str, Any] = _NOTHING,
        url: str = "/",
        places: Places | None = None,
        prefix: str = "",
        session: Mapping[str, Any] = NOBODY,
        request: Any = None,
        presence: Presence | None = None,
        dev: bool = False,
    ) -> None:
        """`params`: path parameters of `url`, path below the mount point `prefix`, and query, of the view's page."""
        self.view_id = view_id
        self.view = view_class()
        bond = self.view._live
        bond.session, bond.request, bond.presence = Visit.of(session), request, presence
        bond.location.begin(url, params, places, prefix)
        display = Display(self.view, compile_template(view_class, templates), dev=dev)
        self._commits = Commits(self.view, view_id, display, store, bus, owner=self, dev=dev)
        self._units = Units(self.view, view_id, self._commits, dev=dev)
        bond.runner = self
        self._meta = meta
        self._secret = b""
        self._dev = dev
        self._templates = templates
        self._accepted = 0
        self._interrupted: Sequence[int] = ()
        self._holders = sys.getrefcount(self.view)
        """How many references the machinery has to the view's object."""

    # What transport may know

    @property
    def rendering(self) -> Rendering:
        """The last values sent."""
        return self._commits.display.rendering

    @property
    def location(self) -> Location:
        """Where the view is."""
        return self.view._live.location

    @property
    def last_ref(self) -> int:
        """The last event that has been handled (or refused, or begun beside others)."""
        return self._commits.progress.last_ref

    @property
    def durable_ref(self) -> int:
        """The last event that a crash of this process cannot undo."""
        return self._commits.progress.durable_ref

    @property
    def generation(self) -> int:
        """The claim on the snapshot under which this runner writes; 0 before there is one."""
        return self._commits.writer.generation

    @generation.setter
    def generation(self, generation: int) -> None:
        self._commits.claimed(generation)

    @property
    def gone(self) -> bool:
        """True when the view was closed, or another worker has taken it over."""
        return self._commits.stopped

    # The bus

    def deliver(self, name: str, message: Message) -> None:
        """A message for the handler `name`. Before the join, and when too many wait, it is only noted as missed."""
        if self._commits.is_joined:
            self._units.news.deliver(name, message)
        else:
            self._commits.world.miss()

    def present(self, handler: str, topic: str, change: PresenceChange) -> None:
        """People have come or gone on a topic that the view follows."""
        self._units.news.present(handler, topic, change)

    # What the view asks

    @property
    def host(self) -> Hosting:
        """Who answers the view."""
        return Hosting(self.view, self._commits, self._units, self._templates)

    # What commits ask of their view

    def lose(self) -> None:
        """The view is somebody else's now, or nobody's."""
        self._units.halt()
        self._commits.stop()
        self._commits.progress.wake_all()

    async def record(self) -> Record:
        """For the writer. A handler at work may still be taken back, so its end is waited for."""
        while self._units.open is not None:  # noqa: ASYNC110 (rare, and no cost to units of work)
            await asyncio.sleep(_LOOK_AGAIN_S)
        return self._commits.record(self._meta, self._secret)

    def due(self, timer: int) -> None:
        """A timer rings."""
        self._units.mailbox.put(Tick(timer))
