"""A view's presence: who is here because of it, and which topics it wants to know about (D9).

Owns what `self.presence` offers, and the connection between `System.notes` (what the view wants) and the worker's
presence (what the world sees). A view is present from its join on, and still for a moment after its socket is lost.
It never runs a handler. Called by application code and `world`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from livets.errors import ConfigError

if TYPE_CHECKING:
    from livets.live.bond import Bond
    from livets.live.declaration import Declaration
    from livets.live.system import Notes
    from livets.presence import Presence

MAX_TRACKED: Final = 32
"""People that one view may track, over all topics."""
MAX_META_BYTES: Final = 1024
GRACE_S: Final = 5.0
"""Whose socket is lost has this long to come back before others see him leave."""


class ViewPresence:
    """What `self.presence` is: who is here, on topics of your choice, over all workers."""

    __slots__ = ("_bond", "_declaration", "_owner")

    def __init__(self, owner: type, declaration: Declaration, bond: Bond) -> None:
        self._owner = owner
        self._declaration = declaration
        self._bond = bond

    def track(self, topic: str, key: str, **meta: Any) -> None:
        """From this commit on `key` (a user's id, say) is here, for as long as this page is open.

        `meta`: plain data that others see, up to 1 KiB; track again to change it. Two windows with one key are one
        person. Raises ConfigError for too much of it.
        """
        size = len(msgspec.msgpack.encode(meta))
        if size > MAX_META_BYTES:
            raise ConfigError(
                f"presence.track({topic!r}, {key!r}): {size} bytes of metadata go to every worker; the limit is "
                f"{MAX_META_BYTES}. Track an id, and load the rest where it is shown"
            )
        self._bond.acting("track presence")
        tracked = self._bond.system.changing().presences
        tracked.setdefault(topic, {})[key] = meta
        if sum(map(len, tracked.values())) > MAX_TRACKED:
            raise ConfigError(
                f"presence.track({topic!r}, {key!r}): a view tracks {MAX_TRACKED} at most; untrack others"
            )

    def untrack(self, topic: str, key: str | None = None) -> None:
        """`key` (None: everybody whom this view tracks) is not here any more; unknown ones are ignored."""
        self._bond.acting("untrack presence")
        tracked = self._bond.system.changing().presences
        if key is None:
            tracked.pop(topic, None)
        elif topic in tracked:
            tracked[topic].pop(key, None)

    def follow(self, topic: str, handler: Callable[..., Any] | str) -> None:
        """Call `handler(change)`, a method of this view, when people come, go or change; survives restarts.

        `change`: a PresenceChange; the first one tells everybody who is here already.
        """
        name = self._declaration.check_method(self._owner, handler)
        self._bond.acting("follow presence")
        self._bond.system.changing().followed[topic] = name

    def unfollow(self, topic: str) -> None:
        """Call it no more; unknown topics are ignored."""
        self._bond.acting("unfollow presence")
        self._bond.system.changing().followed.pop(topic, None)

    def list(self, topic: str) -> dict[str, list[dict[str, Any]]]:
        """Who is here: key -> what each of their windows says (one dict a window, the newest last).

        Complete for topics that a view of this worker follows; of others, those on this worker.
        """
        service = self._bond.presence
        return {} if service is None else service.list(topic)


class Presences:
    """What one view has told the worker's presence."""

    __slots__ = ("_followed", "_leaving", "_service", "_started", "_tracked", "_view_id")

    def __init__(self, view_id: str, service: Presence | None, *, is_here: bool) -> None:
        """`is_here`: the page is there already."""
        self._view_id = view_id
        self._service = service
        self._tracked: dict[tuple[str, str], dict[str, Any]] | None = None
        self._followed: dict[str, str] | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self._started = is_here

    def start(self, notes: Notes) -> None:
        """The page is there."""
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        self._started = True
        self.follow(notes)

    def follow(self, notes: Notes) -> None:
        """Make what the world sees equal to what the view wants."""
        service = self._service
        if not self._started or service is None or not (
            notes.presences or notes.followed or self._tracked or self._followed
        ):  # fmt: skip
            return
        wanted = {(topic, key): meta for topic, kept in notes.presences.items() for key, meta in kept.items()}
        old, self._tracked = self._tracked or {}, wanted
        for at in old.keys() - wanted.keys():
            service.untrack(at[0], self._view_id, at[1])
        for at, meta in wanted.items():
            if old.get(at) != meta:
                service.track(at[0], self._view_id, at[1], meta)
        followed, self._followed = self._followed or {}, dict(notes.followed)
        for topic in followed.keys() - notes.followed.keys():
            service.unfollow(topic, self._view_id)
        for topic, handler in notes.followed.items():
            if followed.get(topic) != handler:
                service.follow(topic, self._view_id, handler)

    def page_lost(self) -> None:
        """The socket is gone; others hear of it if nobody comes back in time."""
        if self._tracked and self._leaving is None:
            self._leaving = asyncio.get_running_loop().call_later(GRACE_S, self._leave)

    def stop(self, *, leaves: bool) -> None:
        """The view ends here; `leaves`: it goes on nowhere else."""
        if leaves:
            self._leave()
        elif self._tracked and self._service is not None:
            for topic, key in self._tracked:
                self._service.hand_over(topic, self._view_id, key)
        self._tracked = None
        for topic in self._followed or ():
            if self._service is not None:
                self._service.unfollow(topic, self._view_id)
        self._followed = None
        self._started = False
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def _leave(self) -> None:
        self._leaving = None
        tracked, self._tracked = self._tracked, None
        self._started = False
        for topic, key in tracked or ():
            if self._service is not None:
                self._service.untrack(topic, self._view_id, key)
