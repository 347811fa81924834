"""What a page shows to be let in: the page token (first join) and the resume secret (every later socket).

Owns their content and the checks on it. Both are sealed, name the view, the session and the URL that was rendered
(a mount for a joining socket uses that URL, not one that the browser names), and carry no state. A page token
stands in the page and works once; a resume secret lives in JavaScript memory only, and a view accepts only those
whose hashes it keeps. Called by `page` and `joining`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol, TypeVar

import msgspec

from livets.errors import JoinRefused
from livets.state import KeyRing
from livets.transport.session import Session
from livets.wire import codes, limits

_PAGE, _RESUME = "page", "resume"
HASH_BYTES = 32
_MAX_REMEMBERED = 50_000
_MAX_SECRETS = 8


class _Ticket(msgspec.Struct, frozen=True, array_like=True):
    version: int
    view_id: str
    session: bytes
    """Session.hash"""
    nonce: bytes
    expires: int
    url: str
    """Path (below the application's mount point) and query."""


class PageToken(_Ticket, frozen=True, array_like=True):
    """Lets one socket join the view that a page shows."""

    fingerprint: str = ""
    """Of the template that rendered the page."""


class ResumeTicket(_Ticket, frozen=True, array_like=True):
    """What a resume secret consists of; its randomness is the nonce and the box's salt."""

    before: bytes = b""
    """Hash of the secret that the page came with when this one was made; none: it came with its page token."""


T = TypeVar("T", PageToken, ResumeTicket)
_encode = msgspec.msgpack.Encoder().encode


class Tokens:
    """Makes and opens page tokens and resume secrets."""

    def __init__(
        self, keys: KeyRing, *, page_max_age_s: int, resume_max_age_s: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._keys = keys
        self._page_max_age_s = page_max_age_s
        self._resume_max_age_s = resume_max_age_s
        self._clock = clock

    def page(self, view_id: str, session: Session, url: str, fingerprint: str) -> str:
        """A new page token."""
        expires = int(self._clock()) + self._page_max_age_s
        nonce = secrets.token_bytes(12)
        token = PageToken(limits.PROTOCOL_VERSION, view_id, session.hash, nonce, expires, url, fingerprint)
        return self._keys.seal(_PAGE, _encode(token))

    def secret(self, view_id: str, session: Session, url: str, shown: str = "") -> str:
        """A new resume secret, for a page that has `shown` the one before it."""
        expires = int(self._clock()) + self._resume_max_age_s
        nonce = secrets.token_bytes(32)
        before = digest(shown) if shown else b""
        ticket = ResumeTicket(limits.PROTOCOL_VERSION, view_id, session.hash, nonce, expires, url, before)
        return self._keys.seal(_RESUME, _encode(ticket))

    def open_page(self, token: str, session: Session) -> PageToken:
        """The token's content. Raises JoinRefused unless it is genuine, of this session and not too old."""
        return self._open(_PAGE, token, session, PageToken)

    def open_secret(self, secret: str, session: Session) -> ResumeTicket:
        """The secret's content; raises JoinRefused as `open_page` does. The view's hashes are not checked here."""
        return self._open(_RESUME, secret, session, ResumeTicket)

    def _open(self, purpose: str, box: str, session: Session, kind: type[T]) -> T:
        data = self._keys.unseal(purpose, box)
        if data is None:
            raise JoinRefused(codes.BAD_TOKEN, f"the {purpose} token was not made by this application")
        try:
            ticket = msgspec.msgpack.decode(data, type=kind)
        except msgspec.DecodeError:
            raise JoinRefused(codes.VERSION, f"the {purpose} token is of another version of livets") from None
        if ticket.version != limits.PROTOCOL_VERSION:
            raise JoinRefused(codes.VERSION, f"the {purpose} token is of protocol version {ticket.version}")
        if not hmac.compare_digest(ticket.session, session.hash):
            raise JoinRefused(codes.BAD_TOKEN, f"the {purpose} token belongs to another session")
        if ticket.expires <= self._clock():
            raise JoinRefused(codes.EXPIRED, f"the {purpose} token is too old")
        return ticket


def digest(secret: str) -> bytes:
    """The hash under which a view keeps a resume secret."""
    return hashlib.blake2b(secret.encode(), digest_size=HASH_BYTES, person=b"livets-resume").digest()


def is_known(secret: str, hashes: bytes, before: bytes | None = None) -> bool:
    """Whether `secret` is one of those whose hashes were kept, one after the other.

    `before`: as its genuine ticket says. A secret that was made when the store did not answer may not be there, if its
    worker has died; the one before it still is, or none at all when there was none.
    """
    own, kept = digest(secret), _split(hashes)
    if any(hmac.compare_digest(own, other) for other in kept):
        return True
    if before is None:
        return False
    return any(hmac.compare_digest(before, other) for other in kept) if kept else not before


def rotated(new: str, shown: str, hashes: bytes) -> bytes:
    """The hashes to keep when `new` is made for a page that came with `shown`: the newest first.

    Until the page says that it has the new one it may come with any of the others: one answer after the other may be
    lost, and a resume of an older socket may be dealt with after that of a newer one. `shown` is kept longest.
    """
    first = [digest(shown)] if shown else []
    others = [kept for kept in _split(hashes) if kept not in first]
    return b"".join([digest(new), *first, *others][:_MAX_SECRETS])


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


class UsedTokens(Protocol):
    """Remembers which page tokens have been used."""

    async def use_once(self, name: str, ttl_s: int) -> bool:
        """Whether this is the first use of `name`."""


class UsedTokensHere:
    """Those used on this worker, bounded: the oldest are forgotten first (their views are long gone by then)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._used: OrderedDict[str, float] = OrderedDict()
        self._clock = clock

    async def use_once(self, name: str, ttl_s: int) -> bool:
        """Whether this is the first use of `name`."""
        now = self._clock()
        while self._used and (len(self._used) >= _MAX_REMEMBERED or next(iter(self._used.values())) <= now):
            self._used.popitem(last=False)
        if name in self._used:
            return False
        self._used[name] = now + ttl_s
        return True
