"""What a view's notes ask of the world: topics on the bus, timers on the clock, people on a topic (D9).

It owns which of the three there are; each is made when the notes first ask for it, and most views ask for none. It
never runs a handler. Made by `commit`, which lets it follow the notes; a view that sleeps keeps it (`asleep`).
"""

from __future__ import annotations

from livets.live.presence import Presences
from livets.live.system import Notes, Subscription
from livets.live.timers import Owner, Timers
from livets.live.topics import Topics
from livets.presence import Presence
from livets.pubsub import Bus, Message


class World:
    """The world of one view."""

    __slots__ = ("_bus", "_is_joined", "_owner", "_presences", "_service", "_timers", "_topics", "_view_id")

    def __init__(self, view_id: str, bus: Bus, service: Presence | None, owner: Owner, *, is_joined: bool) -> None:
        """`owner` is told when a timer rings; `is_joined`: a browser is there, so that what is asked for runs."""
        self._view_id = view_id
        self._bus = bus
        self._service = service
        self._owner: Owner | None = owner
        self._is_joined = is_joined
        self._topics: Topics | None = None
        self._timers: Timers | None = None
        self._presences: Presences | None = None

    def follow(self, notes: Notes) -> None:
        """Make the world what the notes say."""
        if notes.subscriptions or self._topics is not None:
            self._wanted_topics().follow(notes.subscriptions)
        if notes.timers or self._timers is not None:
            self._wanted_timers().follow(notes.timers)
        if notes.presences or notes.followed or self._presences is not None:
            self._wanted_presences().follow(notes)

    def open(self, topic: str, subscription: Subscription) -> None:
        """A topic from now on."""
        self._wanted_topics().open(topic, subscription)

    def start(self, notes: Notes) -> bool:
        """A browser is there (again): from the first time on topics are heard and timers run.

        True if messages were missed since the subscriptions began.
        """
        is_first, self._is_joined = not self._is_joined, True
        missed = False
        if is_first:
            if self._timers is not None or notes.timers:
                self._wanted_timers().start(notes.timers)
            missed = self._topics is not None and self._topics.start(notes.subscriptions)
        if self._presences is not None or notes.presences or notes.followed:
            self._wanted_presences().start(notes)
        return missed

    def go_on(self, notes: Notes, owner: Owner) -> None:
        """The view is awake again: its timers run, and this is who is told."""
        self._owner = owner
        if notes.timers:
            self._wanted_timers().start(notes.timers)

    def rest(self) -> None:
        """The view falls asleep: topics and people stay as they are, nothing rings."""
        if self._timers is not None:
            self._timers.stop()
        self._timers = self._owner = None

    def miss(self) -> None:
        """A message could not be heard."""
        if self._topics is not None:
            self._topics.missed = True

    def is_new(self, message: Message) -> bool:
        """False for an effect that was handled already."""
        return self._wanted_topics().is_new(message)

    def rang(self, timer: int) -> None:
        """The tick of a timer was worked off."""
        if self._timers is not None:
            self._timers.handled(timer)

    def page_lost(self) -> None:
        """The socket is gone; others see the view's people leave if nobody comes back in time."""
        if self._presences is not None:
            self._presences.page_lost()

    def close(self, *, leaves: bool) -> None:
        """The view ends here; `leaves`: it goes on nowhere else. The notes keep everything for a restore."""
        self._is_joined = False
        if self._timers is not None:
            self._timers.stop()
        if self._topics is not None:
            self._topics.close()
        if self._presences is not None:
            self._presences.stop(leaves=leaves)

    def _wanted_topics(self) -> Topics:
        if self._topics is None:
            self._topics = Topics(self._view_id, self._bus)
        return self._topics

    def _wanted_timers(self) -> Timers:
        if self._timers is None:
            assert self._owner is not None
            self._timers = Timers(self._owner, runs=self._is_joined)
        return self._timers

    def _wanted_presences(self) -> Presences:
        if self._presences is None:
            self._presences = Presences(self._view_id, self._service, is_here=self._is_joined)
        return self._presences
