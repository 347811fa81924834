"""Who is not signed in any more: users and sessions that were revoked, told to every worker (D10).

Owns the revocation epochs (one number a user, one a session that was logged out) and the topic that closes sockets at
once; the check of the numbers closes those that did not hear it. A session is good while no number has passed it.
Called by `app` (revoke), `page` and `joining` (check) and `sweeper` (check, once a minute).
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from livets.pubsub import Bus, BusError
from livets.transport.resident import Page
from livets.transport.session import Session

logger = logging.getLogger("livets.transport")

TOPIC: Final = "livets:revoked"
LISTENER: Final = ""
"""Stands where a view's id would: no view has an empty one."""

_MAX_REMEMBERED: Final = 100_000


class Epochs(Protocol):
    """Numbers that all workers share; each only grows."""

    async def epochs(self, names: Sequence[str]) -> list[int]:
        """When each of these was last revoked, as a number that only grows; 0 for never."""

    async def revoke(self, name: str, ttl_s: int) -> int:
        """Revoke it now, with a number above all that sessions may have noted; forgotten after `ttl_s` seconds."""


class EpochsHere:
    """Those of a process that is alone; they end with it, so that what was revoked before a restart is good again."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._kinds: dict[str, dict[str, tuple[int, float]]] = {}
        """By what the names begin with: who signs in and out without end makes no banned user forgotten."""

    async def epochs(self, names: Sequence[str]) -> list[int]:
        """When each of these was last revoked."""
        return [self._kind(name).get(name, (0, 0.0))[0] for name in names]

    async def revoke(self, name: str, ttl_s: int) -> int:
        """Revoke it now. The oldest are forgotten when they are too many."""
        now_s, kind = self._clock(), self._kind(name)
        epoch = max(kind.pop(name, (0, 0.0))[0] + 1, int(now_s))
        kind[name] = epoch, now_s + ttl_s
        while len(kind) > _MAX_REMEMBERED or next(iter(kind.values()))[1] <= now_s:
            del kind[next(iter(kind))]
        return epoch

    def _kind(self, name: str) -> dict[str, tuple[int, float]]:
        return self._kinds.setdefault(name.partition(":")[0], {})


class Revocation:
    """Revokes users and sessions, and knows who is revoked."""

    def __init__(self, epochs: Epochs, bus: Bus, ttl_s: int, close: Callable[[Callable[[Page], bool]], None]) -> None:
        """`ttl_s`: longer than any session. `close` ends the sockets of the pages that it is asked to."""
        self._epochs = epochs
        self._bus = bus
        self._ttl_s = ttl_s
        self._close = close
        self._listens = False

    def listen(self) -> None:
        """Hear of revocations on other workers from here on."""
        if not self._listens:
            self._bus.subscribe(TOPIC, LISTENER, "")
            self._listens = True

    async def epoch_of(self, user: str) -> int:
        """What a session of this user has to carry to be good. Raises StoreUnavailable."""
        return (await self._epochs.epochs([_of_user(user)]))[0]

    async def is_revoked(self, session: Session) -> bool:
        """Whether the session was signed in and is not any more. Raises StoreUnavailable."""
        return bool(session.user) and (await self.revoked([session])) == {session.id}

    async def revoked(self, sessions: Iterable[Session]) -> set[str]:
        """The ids of those sessions that were signed in and are not any more. Raises StoreUnavailable."""
        signed_in = [session for session in sessions if session.user]
        names = [name for session in signed_in for name in (_of_user(session.user), _of_session(session.hash.hex()))]
        if not names:
            return set()
        counts = await self._epochs.epochs(names)
        return {
            session.id
            for at, session in enumerate(signed_in)
            if counts[2 * at] > session.epoch or counts[2 * at + 1] > 0
        }

    async def user(self, user: str) -> None:
        """Every session of the user ends now, everywhere. Raises StoreUnavailable when that could not be noted."""
        await self._revoke(_of_user(user))

    async def session(self, session: Session) -> None:
        """This one session ends now, everywhere. Raises StoreUnavailable when that could not be noted."""
        await self._revoke(_of_session(session.hash.hex()))

    def heard(self, data: bytes) -> None:
        """Somebody was revoked: close their sockets here."""
        name = data.decode()
        self._close(lambda page: page.session is not None and bool(page.session.user) and name in _names(page.session))

    async def _revoke(self, name: str) -> None:
        await self._epochs.revoke(name, self._ttl_s)
        self.heard(name.encode())
        try:
            await self._bus.publish(TOPIC, name.encode(), f"{name}:{secrets.token_hex(8)}")
        except BusError as error:
            logger.warning("other workers hear of a revocation only at their next check of sessions: %s", error)


def _names(session: Session) -> tuple[str, str]:
    return _of_user(session.user), _of_session(session.hash.hex())


def _of_user(user: str) -> str:
    return f"user:{user}"


def _of_session(digest: str) -> str:
    return f"session:{digest}"
