"""How a page gets its view: adopted, replayed, filled, or mounted anew.

Owns the decision which of these it is, and the order in which credentials are checked before any of it. Never lets
a socket see a view of another session. JOINED, its diff and the attachment of the view happen in one step, without
waiting in between, so no patch can be lost or sent twice. Called by `dialogue`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from livets.errors import Fenced, JoinRefused
from livets.state import StoreUnavailable
from livets.transport import finding
from livets.transport.anew import Anew, question
from livets.transport.registry import Ending
from livets.transport.resident import Resident
from livets.transport.session import Session
from livets.transport.tokens import HASH_BYTES, rotated
from livets.transport.visitor import Visitor
from livets.transport.worker import Worker
from livets.wire import Event, Join, JoinMode, Resume, codes

logger = logging.getLogger("livets.transport")

CLOSE_FAILED = 1011
"""WebSocket's own code for an error of the server."""


async def join(visitor: Visitor, message: Join) -> None:
    """Answer a Join: the view of the HTTP render, its snapshot, or a new mount; or REFUSED."""
    try:
        session = await finding.session_of(visitor)
        token = visitor.worker.tokens.open_page(message.token, session)
        resident, mode = await finding.for_token(visitor, token, message.url, session)
        await admit(visitor, resident, message.view, mode, token.fingerprint)
    except JoinRefused as refusal:
        visitor.refuse(message.view, refusal.code, str(refusal))
    except Fenced as error:
        _try_again(visitor, error)
    except StoreUnavailable as error:
        _try_later(visitor, error)


async def resume(visitor: Visitor, message: Resume) -> None:
    """Answer a Resume: the missed frames, all values, or a new mount; or REFUSED. May answer later (`Withheld`)."""
    try:
        session = await finding.session_of(visitor)
        worker = visitor.worker
        ticket = worker.tokens.open_secret(message.secret, session)
        if ticket.view_id != message.id:
            raise JoinRefused(codes.BAD_TOKEN, "the resume secret belongs to another view")
        async with worker.registry.turn(message.id):
            resident, replay = await finding.for_resume(visitor, message, ticket.before, session)
            if resident is None:
                await remount(visitor, message, ticket.url, session)
            elif replay or message.done <= resident.runner.last_ref:
                mode = JoinMode.REPLAYED if replay else JoinMode.FILLED
                await admit(visitor, resident, message.view, mode, message.fingerprint, message)
            else:
                Withheld(visitor, message, resident, ticket.url, session)
    except JoinRefused as refusal:
        visitor.refuse(message.view, refusal.code, str(refusal))
    except Fenced as error:
        _try_again(visitor, error)
    except StoreUnavailable as error:
        _try_later(visitor, error)


async def remount(visitor: Visitor, message: Resume, url: str, session: Session) -> None:
    """Nothing is left of the view: a new one takes its place. Raises JoinRefused."""
    finding.warn_lost(visitor.worker)
    resident = await finding.mounted(visitor, url, message.url, session)
    await admit(visitor, resident, message.view, JoinMode.REMOUNTED, message.fingerprint, message)


async def admit(
    visitor: Visitor, resident: Resident, view: int, mode: JoinMode, fingerprint: str, message: Resume | None = None
) -> None:
    """Give the page a new secret, send JOINED with what it lacks, and let patches flow. Raises Fenced."""
    worker, runner, outbox = visitor.worker, resident.runner, resident.outbox
    assert visitor.session is not None
    shown = "" if message is None or mode is JoinMode.REMOUNTED else message.secret
    secret = worker.tokens.secret(resident.view_id, visitor.session, resident.url, shown)
    try:
        await worker.keep_secrets(resident, rotated(secret, shown, resident.secrets))
    except Exception:
        worker.registry.let_go(resident)
        raise

    # From here to the end nothing waits.
    worker.registry.add_joined(resident)
    visitor.waiting.pop(view, None)
    if visitor.channel.is_closing:
        visitor.views.pop(view, None)
        resident.page = None
        worker.registry.detach(resident)
        return
    visitor.views[view] = resident
    resident.page = visitor
    resident.awaits_first = mode is JoinMode.REMOUNTED and message is not None
    outbox.view = view
    patch = None
    diff: list[Any] = []
    if mode is JoinMode.ADOPTED:
        patch = runner.catch_up()
        diff = patch.diff
    elif resident.awaits_first:
        diff = question(resident)
    elif mode is not JoinMode.REPLAYED:
        diff = runner.fill(fingerprint)
    if mode is not JoinMode.REPLAYED:
        outbox.done = max(outbox.done, runner.last_ref)
    outbox.durable = max(outbox.durable, runner.durable_ref)
    resident.joined_seq = outbox.joined(
        visitor.channel,
        [resident.view_id, secret, int(mode), runner.rendering.template.fingerprint, diff],
        seen=0 if message is None else message.seen,
        done=min(message.done, outbox.done) if mode is JoinMode.REPLAYED and message is not None else outbox.done,
        replay=mode is JoinMode.REPLAYED,
    )
    if patch is not None:
        patch.commit()
    if resident.awaits_first:
        Anew(visitor, view, fingerprint, resident)
    runner.attach(outbox)


async def keep_newest_secret(worker: Worker, resident: Resident) -> None:
    """The page has its newest secret: the one before it opens nothing any more."""
    if len(resident.secrets) > HASH_BYTES:
        with contextlib.suppress(Fenced):  # the runner hears of that at its next write
            await worker.keep_secrets(resident, resident.secrets[:HASH_BYTES])


class Withheld:
    """A resume from a snapshot older than what the page shows: JOINED waits for the events that close the gap.

    The page sends them right behind its Resume; nothing that it has shown is taken back.
    """

    def __init__(self, visitor: Visitor, message: Resume, resident: Resident, url: str, session: Session) -> None:
        self._visitor = visitor
        self._message = message
        self._resident = resident
        self._url = url
        self._session = session
        resident.runner.will_replay(message.done)
        self._complete: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        resident.page = visitor
        resident.outbox.view = message.view
        visitor.views[message.view] = resident
        visitor.waiting[message.view] = self
        visitor.worker.registry.add_joined(resident)
        self._task = visitor.worker.spawn(self._admit_in_time())

    def keeps(self, event: Event) -> bool:
        """The view handles them at once: that is what the page waits for."""
        return False

    def has(self, ref: int) -> None:
        """Event `ref` was accepted."""
        if ref >= self._message.done:
            self._decide(True)

    def misses(self, ref: int) -> None:
        """Event `ref` does not follow what the snapshot has: the events between are lost (with a part of Redis)."""
        self._decide(False)

    def cancel(self) -> None:
        """The socket is gone."""
        self._task.cancel()

    def _decide(self, is_complete: bool) -> None:
        if not self._complete.done():
            self._complete.set_result(is_complete)

    async def _admit_in_time(self) -> None:
        visitor, message, resident = self._visitor, self._message, self._resident
        try:
            if await self._is_complete():
                await resident.runner.settle(message.done)
                mode, fingerprint = JoinMode.FILLED, message.fingerprint
                await admit(visitor, resident, message.view, mode, fingerprint, message)
                return
            visitor.worker.registry.let_go(resident, Ending.FORGET)
            del visitor.views[message.view], visitor.waiting[message.view]
            await remount(visitor, message, self._url, self._session)
        except JoinRefused as refusal:
            visitor.refuse(message.view, refusal.code, str(refusal))
        except Fenced as error:
            _try_again(visitor, error)
        except Exception:
            logger.exception("view %s could not be resumed", message.id)
            visitor.channel.close(CLOSE_FAILED, "internal error")

    async def _is_complete(self) -> bool:
        """Whether all events have come. Their handlers may take their time: what they did before is not given up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._visitor.worker.config.withhold_max_s):
                return await self._complete
        return False


def _try_again(visitor: Visitor, error: Fenced) -> None:
    """Another worker has the view, for a socket that the page may have given up long ago: its resume was just late."""
    logger.info("%s; its page will find it", error)
    visitor.channel.close(codes.CLOSE_MOVED, "another worker has taken the view over")


def _try_later(visitor: Visitor, error: StoreUnavailable) -> None:
    logger.warning("a view can't be joined now, its page will try again: %s", error)
    visitor.channel.close(codes.CLOSE_OVERLOADED, "the snapshot store does not answer")
