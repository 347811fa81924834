"""Which view a page goes on with: the one that waits here, one from its snapshot, or a new one.

Owns the search, in this order: this worker, the snapshot store, `mount`. The store decides whether the copy at hand
is current, and no view is handed out whose secret or token was not checked. Called by `joining`.
"""

from __future__ import annotations

import contextlib
import logging
from typing import Any

from livets.errors import Fenced, JoinRefused, NotFound, Redirected, SnapshotNewer, UrlRefused
from livets.live.address import MAX_CHARACTERS
from livets.live.navigation import may_patch
from livets.state import Claim, StoreUnavailable
from livets.transport.request import prefix_of
from livets.transport.resident import Resident
from livets.transport.routes import LiveRoute
from livets.transport.session import Session
from livets.transport.tokens import PageToken, is_known
from livets.transport.visitor import Visitor
from livets.transport.worker import Worker
from livets.wire import JoinMode, Resume, codes

logger = logging.getLogger("livets.transport")

_NOT_ACCEPTED = "the resume secret is not one of those that the view accepts"
_LOST = (
    "A page joined, but its view is neither on this worker nor in a snapshot store, so it was mounted again and what "
    "it had done is gone, but for what its controls hold. With several workers set LIVETS_REDIS_URL (or "
    "LiveTS(redis_url=…)) so that they share views; with one, the process was restarted or the page waited longer than "
    "views are kept (Config.unjoined_keep_s, unjoined_max). This is said once."
)


async def session_of(visitor: Visitor) -> Session:
    """The session of the socket. Raises JoinRefused when there is none, its end has come, or it was revoked."""
    session = visitor.session
    if session is None:
        raise JoinRefused(codes.NO_SESSION, "the socket came without the session cookie of its page")
    if visitor.worker.cookie.has_expired(session):
        raise JoinRefused(codes.EXPIRED, "the session has expired")
    if await visitor.worker.revocation.is_revoked(session):
        raise JoinRefused(codes.EXPIRED, "the user is not signed in any more")
    return session


async def for_token(visitor: Visitor, token: PageToken, url: str, session: Session) -> tuple[Resident, JoinMode]:
    """The view that a page token names, once; for a token seen before a view of its own. `url`: as the page says."""
    worker = visitor.worker
    resident = worker.registry.take_unjoined(token.view_id)
    try:
        is_first = await worker.used.use_once(token.nonce.hex(), worker.config.page_token_max_age_s)
    except StoreUnavailable as error:
        logger.warning("whether a page token was used before can't be told now: %s", error)
        is_first = resident is not None
    if is_first and resident is not None:
        return resident, JoinMode.ADOPTED
    if resident is not None:
        worker.registry.let_go(resident)
    elif is_first:
        resident = await _restored(visitor, token.view_id, None, session)
        if resident is not None:
            return resident, JoinMode.FILLED
        warn_lost(worker)
    return await mounted(visitor, token.url, url, session), JoinMode.REMOUNTED


async def for_resume(
    visitor: Visitor, message: Resume, before: bytes, session: Session
) -> tuple[Resident | None, bool]:
    """The view to go on with (None: nothing is left of it), and whether the missed frames are all that it needs.

    `before`: the hash of the secret before the message's, as that says.
    """
    registry, store = visitor.worker.registry, visitor.worker.store
    await registry.closed(message.id)
    resident = registry.find(message.id)
    if resident is None:
        resident = await _restored(visitor, message.id, (message.secret, before), session)
        return resident, False
    registry.take(message.id)  # nobody else may let go of it meanwhile
    try:
        claim = await store.claim(message.id, resident.runner.generation)
        if claim is None and not resident.runner.gone:
            await resident.runner.renew()  # the store has lost it, not we: it is put back
            claim = await store.claim(message.id, resident.runner.generation)
        if claim is not None and claim.record is None:
            resident.runner.generation = claim.generation
            if not is_known(message.secret, resident.secrets, before):
                raise JoinRefused(codes.BAD_TOKEN, _NOT_ACCEPTED)
    except (StoreUnavailable, JoinRefused):
        registry.put_back(resident)
        raise
    if resident.page is not None:
        resident.page.lose(resident)
    if claim is not None and claim.record is None:
        return resident, resident.outbox.can_replay(message.seen)
    registry.let_go(resident)
    if claim is None:
        return None, False
    return await _from_claim(visitor, message.id, (message.secret, before), claim, session), False


async def _restored(
    visitor: Visitor, view_id: str, secret: tuple[str, bytes] | None, session: Session
) -> Resident | None:
    """A view of another worker, or one that was put to rest here."""
    if secret is None and not visitor.worker.store.durable:
        return None
    claim = await visitor.worker.store.claim(view_id, None)
    return None if claim is None else await _from_claim(visitor, view_id, secret, claim, session)


async def _from_claim(
    visitor: Visitor, view_id: str, secret: tuple[str, bytes] | None, claim: Claim, session: Session
) -> Resident | None:
    assert claim.record is not None
    if secret is not None and not is_known(secret[0], claim.record.secret, secret[1]):
        raise JoinRefused(codes.BAD_TOKEN, _NOT_ACCEPTED)
    try:
        return await visitor.worker.restore(view_id, claim, session, visitor.scope)
    except (StoreUnavailable, Fenced):
        raise
    except SnapshotNewer as newer:
        if visitor.worker.may_wait(view_id):
            raise StoreUnavailable(str(newer)) from None
        logger.error("%s, but none took the view: it is mounted again", newer)
        return None
    except Exception:
        logger.exception("view %s could not be restored from its snapshot; it is mounted again", view_id)
        return None


async def mounted(visitor: Visitor, sealed: str, shown: str, session: Session) -> Resident:
    """A new view for a page that was served from the URL `sealed` and, its browser says, is at `shown` now.

    That counts only where a live patch could have led; a view is never mounted with parameters that a browser made up.
    Raises JoinRefused, StoreUnavailable.
    """
    worker = visitor.worker
    found = worker.routes.match(sealed)
    if found is None:
        raise JoinRefused(codes.GONE, "the page is no longer served")
    below = shown.removeprefix(prefix_of(visitor.scope))
    there = worker.routes.match(below) if below.startswith("/") and len(below) <= MAX_CHARACTERS else None
    if (
        below != sealed
        and there is not None
        and may_patch(found[0].view_class, found[1], there[0].view_class, there[1])
    ):
        with contextlib.suppress(UrlRefused):
            return await _mounted(visitor, *there, below, session)
    try:
        resident = await _mounted(visitor, *found, sealed, session)
    except UrlRefused as error:
        raise JoinRefused(codes.GONE, str(error)) from None
    if below != sealed:
        resident.runner.location.tell()
    return resident


async def _mounted(visitor: Visitor, route: LiveRoute, params: dict[str, Any], url: str, session: Session) -> Resident:
    try:
        resident, _ = await visitor.worker.mount(route, params, url, session, visitor.scope)
    except (StoreUnavailable, UrlRefused):
        raise
    except (NotFound, Redirected) as error:
        raise JoinRefused(codes.GONE, str(error)) from None
    except Exception:
        logger.exception("a page joined, and mounting its view failed")
        raise JoinRefused(codes.MOUNT_FAILED, "the view could not be mounted") from None
    return resident


def warn_lost(worker: Worker) -> None:
    """Say once how views get lost, and what to do about it; in development they do whenever the program is edited."""
    if not worker.config.dev and not worker.warned_lost_view:
        worker.warned_lost_view = True
        logger.warning(_LOST)
