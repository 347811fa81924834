"""What a view has to do with what is outside of it: its snapshot, what it broadcasts, what its notes ask of the world.

It owns when there is any of that: each part is made when the view first needs it, and most views need none (D18). What
is to happen in which order is `commit`'s business, whose base this is; what lasts while a view sleeps is told here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from livets.live.effects import Effects
from livets.live.snapshot import Snapshot
from livets.live.world import World
from livets.live.writer import Writer
from livets.pubsub import Bus
from livets.state import Change, Record, SnapshotStore

if TYPE_CHECKING:
    from livets.live.view import LiveView


class Owner(Protocol):
    """Who runs the view (`runner.ViewRunner`)."""

    def lose(self) -> None:
        """The view is somebody else's now."""

    async def record(self) -> Record:
        """The whole of it, for a store that has lost it."""

    def due(self, timer: int) -> None:
        """A timer rings."""


class Lasting(NamedTuple):
    """What goes on while a view sleeps, or is as it was when the view wakes."""

    world: World | None
    snapshot: Snapshot | None
    generation: int
    broadcasts: int
    """How many were numbered under this generation."""


class Outside:
    """The dealings of one view."""

    __slots__ = (
        "_effects", "_owner", "_snapshot", "_view", "_view_id", "_world", "bus", "is_joined", "store", "writer",
    )  # fmt: skip

    def __init__(
        self, view: LiveView, view_id: str, store: SnapshotStore, bus: Bus, writer: Writer, owner: Owner
    ) -> None:
        self._view = view
        self._view_id = view_id
        self.store = store
        self.bus = bus
        self.writer = writer
        self._owner = owner
        self.is_joined = False
        """Messages are handled, timers run and people are here from the first join on."""
        self._snapshot: Snapshot | None = None
        self._effects: Effects | None = None
        self._world: World | None = None

    # The parts, each made when it is asked for

    @property
    def snapshot(self) -> Snapshot:
        """How much is stored of the view."""
        if self._snapshot is None:
            self._snapshot = Snapshot(self.store.max_view_bytes)
        return self._snapshot

    @property
    def effects(self) -> Effects:
        """What it broadcasts."""
        if self._effects is None:
            self._effects = Effects(self._view_id, self.bus, self, self.writer.generation)
        return self._effects

    @property
    def world(self) -> World:
        """What its notes ask for."""
        if self._world is None:
            service = self._view._live.presence
            self._world = World(self._view_id, self.bus, service, self._owner, is_joined=self.is_joined)
        return self._world

    # From the join to the end

    def claimed(self, generation: int) -> None:
        """The snapshot is this worker's: writes and effects go out under this claim on it."""
        self.writer.generation = generation
        if self._effects is not None:
            self._effects.generation = generation

    def join(self) -> bool:
        """A browser is there (again): what the notes ask for runs. True if messages were missed before."""
        self.is_joined = True
        return self._world is not None and self._world.start(self._view._live.system.notes)

    def follow(self) -> None:
        """The world is to be as the notes say."""
        notes = self._view._live.system.notes
        if self._world is not None or notes.subscriptions or notes.timers or notes.presences or notes.followed:
            self.world.follow(notes)

    def detach(self) -> None:
        """The browser is gone, and may come back."""
        if self._world is not None:
            self._world.page_lost()

    def leave(self, *, for_good: bool) -> None:
        """The view hears nothing any more and nobody is here because of it; `for_good`: it goes on nowhere else."""
        self.is_joined = False
        if self._world is not None:
            self._world.close(leaves=for_good)

    def stop(self) -> None:
        """The view is somebody else's, or nobody's: nothing of it is heard, sent or written any more."""
        self.leave(for_good=False)
        if self._effects is not None:
            self._effects.stop()
        self.writer.stop()

    # Sleep

    @property
    def lasting(self) -> Lasting:
        """What is to go on when the view falls asleep."""
        broadcasts = 0 if self._effects is None else self._effects.count
        return Lasting(self._world, self._snapshot, self.writer.generation, broadcasts)

    def rest(self) -> None:
        """The view falls asleep."""
        if self._world is not None:
            self._world.rest()

    def go_on(self, lasting: Lasting) -> None:
        """The view, its notes there again, has slept; this has lasted."""
        self.is_joined = True
        self._world, self._snapshot = lasting.world, lasting.snapshot
        self.claimed(lasting.generation)
        if lasting.broadcasts:
            self.effects.count = lasting.broadcasts
        if self._world is not None:
            self._world.go_on(self._view._live.system.notes, self._owner)

    # What is broadcast

    @property
    def unsent(self) -> dict[int, bytes]:
        """Effects that were released and have not left yet."""
        return {} if self._effects is None else self._effects.unsent

    def send(self, broadcasts: list[tuple[str, bytes]]) -> None:
        """Send what was broadcast outside of any unit (in mount)."""
        if not broadcasts:
            return
        effects = self.effects.number(broadcasts, 0)
        if self.store.durable:
            self.writer.submit(Change(effects=effects), 0, urgent=True)
        else:
            self.effects.release(effects)

    def release(self, effects: dict[int, bytes]) -> None:
        """These are durable: they leave."""
        if effects:
            self.effects.release(effects)

    def sent(self, numbers: set[int]) -> None:
        """These effects have left."""
        if self.store.durable:
            self.writer.submit(Change(effects_sent=numbers), 0, urgent=False)

    async def drained(self) -> None:
        """Wait until every effect that was released has left."""
        if self._effects is not None:
            await self._effects.drained()
