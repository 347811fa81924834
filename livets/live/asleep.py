"""A view that sleeps: its state as bytes, its topics, and what is heard for it until it wakes (ADR 0011).

It owns the bytes and the way back. Nothing of the view runs, and no object of the application is kept; the store has
the same state, as after every event, so that another worker can go on with it. Made and woken by the runner.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from livets.errors import Fenced, Gone
from livets.live import imprint
from livets.live.news import MAX_WAITING_MESSAGES
from livets.live.snapshot import Snapshot, everything
from livets.live.system import System
from livets.presence import PresenceChange
from livets.pubsub import Message
from livets.state import Change, Record

if TYPE_CHECKING:
    from livets.live.commit import Commits
    from livets.live.view import LiveView
    from livets.render import Templates

_PACKED_BYTES: Final = 256
"""Less than this is not worth packing."""
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(tuple[dict[str, bytes], bytes]).decode
_log = logging.getLogger("livets")
_told: set[type] = set()


class Hearer(Protocol):
    """Who hears what was kept, once the view is awake (`runner`)."""

    def deliver(self, name: str, message: Message) -> None:
        """A message for the handler `name`."""

    def present(self, handler: str, topic: str, change: PresenceChange) -> None:
        """People have come or gone on a topic that the view follows."""


class Asleep:
    """One view at rest on its worker."""

    __slots__ = (
        "_bus", "_dev", "_heard", "_imprint", "_is_packed", "_lasting", "_location", "_meta", "_request", "_service",
        "_session", "_state", "_store", "_template", "_templates", "_waiting", "due", "missed", "ref", "secret",
        "view_class", "view_id",
    )  # fmt: skip

    def __init__(
        self,
        view: LiveView,
        commits: Commits,
        *,
        view_id: str,
        templates: Templates,
        meta: bytes,
        secret: bytes,
        dev: bool,
    ) -> None:
        """Raises what encoding and the template raise, ValueError for a state that would come back as another one."""
        bond, display = view._live, commits.display
        state = _pack((_checked(view), bond.system.encode()))
        self._imprint = imprint.take(display, view.__livets__.fields)
        self._is_packed = len(state) > _PACKED_BYTES
        self._state = zlib.compress(state, 1) if self._is_packed else state
        self._template = display.rendering.template
        self._lasting = commits.lasting
        self._location, self._session, self._request = bond.location, bond.session, bond.request
        self._service = bond.presence
        self._templates, self._store, self._bus, self._dev = templates, commits.store, commits.bus, dev
        self._meta, self.secret = meta, secret
        self.view_class, self.view_id = type(view), view_id
        self.ref = commits.progress.last_ref
        """The last event of the browser that the state contains."""
        self.due = min((timer.due for timer in bond.system.notes.timers.values()), default=None)
        """When the first timer is due, seconds since 1970."""
        self._heard: list[Callable[[Hearer], None]] | None = None
        self._waiting = 0
        self.missed = False
        """More was heard than may wait: `resync()` makes up for it."""

    @property
    def surroundings(self) -> dict[str, Any]:
        """What the runner of the view is made with."""
        return {
            "view_id": self.view_id, "templates": self._templates, "store": self._store, "bus": self._bus,
            "meta": self._meta, "session": self._session, "request": self._request, "presence": self._service,
            "dev": self._dev,
        }  # fmt: skip

    # What is heard meanwhile

    def deliver(self, name: str, message: Message) -> None:
        """A message for the handler `name`; it waits until the view is awake."""
        if self._waiting < MAX_WAITING_MESSAGES:
            self._waiting += 1
            self._hear(lambda runner: runner.deliver(name, message))
        else:
            self.missed = True

    def present(self, handler: str, topic: str, change: PresenceChange) -> None:
        """People have come or gone on a topic that the view follows."""
        self._hear(lambda runner: runner.present(handler, topic, change))

    def page_lost(self) -> None:
        """The socket is gone; others see the view's people leave if nobody comes back in time."""
        if self._lasting.world is not None:
            self._lasting.world.page_lost()

    def tell(self, runner: Hearer) -> None:
        """Hand over what was heard, in its order."""
        heard, self._heard = self._heard, None
        for say in heard or ():
            say(runner)

    def _hear(self, say: Callable[[Hearer], None]) -> None:
        if self._heard is None:
            self._heard = []
        self._heard.append(say)

    # The end of sleep

    def restore(self, view: LiveView, commits: Commits) -> bool:
        """Give a new view the state; False when it can't be told whether the browser shows just that."""
        fields, system = _unpack(zlib.decompress(self._state) if self._is_packed else self._state)
        Snapshot(self._store.max_view_bytes).load(view, Record(b"", fields))
        bond = view._live
        bond.system = System(system)
        bond.location = self._location.of(view)
        bond.tracker.done(view)
        commits.progress.start(self.ref, frozenset())
        commits.go_on(self._lasting)
        commits.display.rendering = self._template.start()
        return self.recall(commits)

    def recall(self, commits: Commits) -> bool:
        """Take the present state for what the browser shows, if it looks as it did when the view fell asleep."""
        return imprint.recall(commits.display, self._imprint)

    async def renew(self) -> bool:
        """Say to the store that the view is still wanted; False when the store knows better, or has lost it."""
        try:
            await self._store.write(self.view_id, self._lasting.generation, Change())
        except (Gone, Fenced):
            return False
        return True

    def leave(self, *, for_good: bool) -> None:
        """The view goes on elsewhere, or (`for_good`) nowhere: no more topics, nobody present because of it."""
        if self._lasting.world is not None:
            self._lasting.world.close(leaves=for_good)


def fallen_asleep(view: LiveView, commits: Commits, **kept: Any) -> Asleep | None:
    """The view asleep, its parts still whole; None when its state does not survive that (told once a class)."""
    try:
        return Asleep(view, commits, **kept)
    except Exception as error:
        if type(view) not in _told:
            _told.add(type(view))
            _log.warning("%s can't sleep and stays in memory: %s", view.__livets__.name, error)
        return None


def _checked(view: LiveView) -> dict[str, bytes]:
    """All fields, encoded. Raises ValueError when one would come back as something else."""
    fields = everything(view)
    for name, encoded in fields.items():
        codec = view.__livets__.fields[name].codec
        assert codec is not None
        again = codec.decode(encoded)
        if codec.encode(again) != encoded and again != view.__dict__[name]:  # sets have no order
            raise ValueError(f"the field {name!r} comes back as another value; assign what its annotation says")
    return fields


def take_apart(*parts: Any) -> None:
    """Empty these objects: they hold each other in rings, which would wait for a garbage collection."""
    for part in parts:
        for name in (name for kind in type(part).__mro__ for name in getattr(kind, "__slots__", ())):
            if hasattr(part, name):
                delattr(part, name)
