"""Signing in and out: the session cookie of a browser is replaced, and what it had before is worth nothing.

Owns the rule that a session gets a new id when it changes what it may do (a planted cookie gains nothing), and the
check that a request which changes something comes from a page of this site. Called by `app`.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import HTTPConnection
from starlette.responses import Response

from livets.errors import ConfigError
from livets.transport.origin import OriginPolicy, Scope
from livets.transport.session import Session
from livets.transport.worker import Worker

MAX_USER_CHARACTERS: Final = 256
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


async def sign_in(
    worker: Worker, request: HTTPConnection, response: Response, user: str, data: dict[str, Any] | None
) -> None:
    """Give the browser a new session that belongs to `user`. Raises ConfigError for what is no user id."""
    if not (isinstance(user, str) and 0 < len(user) <= MAX_USER_CHARACTERS):
        raise ConfigError(f"login: a user is a string of 1 to {MAX_USER_CHARACTERS} characters, not {user!r:.80}")
    epoch = await worker.revocation.epoch_of(user)
    await _replace(worker, request, response, worker.cookie.new(data, user, epoch))


async def sign_out(worker: Worker, request: HTTPConnection, response: Response) -> None:
    """Give the browser a new session that belongs to nobody."""
    await _replace(worker, request, response, worker.cookie.new())


async def _replace(worker: Worker, request: HTTPConnection, response: Response, session: Session) -> None:
    secure = worker.origins.is_secure(request.scope)
    known = worker.cookie.read(request.scope, secure=secure)
    if known is not None and known.user:
        await worker.revocation.session(known)
    response.headers.append("set-cookie", worker.cookie.header(session, secure=secure))
    response.headers["Cache-Control"] = "no-store"


def is_forged(scope: Scope, origins: OriginPolicy) -> bool:
    """Whether a request that may change something was made by a page of another site (CSRF).

    Every browser of today says with such a request where it comes from; one that says nothing is no browser, and
    has no cookies of its user's.
    """
    if scope["type"] != "http" or scope["method"] in _SAFE:
        return False
    if any(key == b"origin" for key, _ in scope["headers"]):
        return not origins.allows(scope)
    sites = [value for key, value in scope["headers"] if key == b"sec-fetch-site"]
    return any(site not in (b"same-origin", b"none") for site in sites)
