"""The conversation with one page: what arrives on its socket, in order.

Owns the reading loop and what the browser may send when. A message that breaks the protocol ends this socket and
nothing else. Called by `socket`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import copy_context
from typing import Any

from livets import telemetry
from livets.errors import ProtocolError
from livets.transport import joining
from livets.transport.anew import plain
from livets.transport.pacing import Pacing
from livets.transport.resident import Resident
from livets.transport.straight import listen
from livets.transport.tokens import HASH_BYTES
from livets.transport.visitor import Visitor
from livets.wire import Beat, ClientMessage, Event, Heal, Join, Resume, codes, decode, limits

logger = logging.getLogger("livets.transport")

_MAX_NUMBER = 2**53
_MAX_UNANSWERED_HEALS = 64

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Dialogue:
    """One page on one socket."""

    __slots__ = ("_attempts", "_context", "_heals", "_heals_at_seq", "_is_listening", "_pacing", "_visitor")

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._attempts = 0
        self._heals = 0
        self._heals_at_seq = 0
        self._pacing = Pacing(visitor.worker.config, self)
        self._context = copy_context()
        self._is_listening = False
        """True while nothing but the next message is waited for."""

    async def run(self, receive: Receive) -> None:
        """Read until the socket ends; then the views on it wait for a resume."""
        channel = self._visitor.channel
        offer = listen(receive, self.take_now)
        try:
            while not channel.has_ended:
                self._is_listening = True
                message = await receive()
                self._is_listening = False
                if message["type"] == "websocket.disconnect":
                    return
                if not channel.has_room:
                    await channel.drained()
                if channel.is_closing:
                    continue
                data = message.get("bytes")
                await self._take(message.get("text", "") if data is None else data)
        finally:
            if offer is not None:
                offer.end()
            self._pacing.stop()
            self._visitor.leave()

    def take_now(self, data: bytes | str) -> bool:
        """Deal with a message as it comes in, without a turn of the loop; False when it has to wait for something."""
        if not self._is_listening or not self._visitor.channel.has_room:
            return False
        message = self._read(data)
        if isinstance(message, Join | Resume):
            return False
        if message is not None:
            self._context.run(self._answer, message)  # in the same one as by `run`, whoever calls this
        return True

    async def _take(self, data: bytes | str) -> None:
        message = self._read(data)
        if not isinstance(message, Join | Resume):
            if message is not None:
                self._answer(message)
            return
        try:
            self._check_number(message.view)
            if isinstance(message, Join):
                await joining.join(self._visitor, message)
                return
            if not (0 <= message.seen < _MAX_NUMBER and 0 <= message.done < _MAX_NUMBER):
                raise ProtocolError("seen and done of a Resume are out of range")
            await joining.resume(self._visitor, message)
        except Exception as error:
            self._fail(error)

    def _read(self, data: bytes | str) -> ClientMessage | None:
        """The message; None when it ends the socket."""
        channel = self._visitor.channel
        channel.heard()
        if len(data) > limits.MAX_MESSAGE_BYTES:
            channel.close(codes.CLOSE_TOO_LARGE, "message too large", now=True)
            return None
        try:
            if channel.json and isinstance(data, bytes):
                raise ProtocolError("this socket's subprotocol has no binary messages")
            return decode(data)
        except Exception as error:
            self._fail(error)
            return None

    def _answer(self, message: Event | Beat | Heal) -> None:
        try:
            if isinstance(message, Event):
                self._event(message)
            elif isinstance(message, Beat):
                self._beat(message)
            else:
                self._heal(message)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        if isinstance(error, ProtocolError):
            self._break_off(error)
            return
        logger.error("a message could not be dealt with; its socket is closed", exc_info=error)
        self._visitor.channel.close(joining.CLOSE_FAILED, "internal error", now=True)

    def _break_off(self, error: ProtocolError) -> None:
        logger.info("a socket is closed: %r", str(error))
        self._visitor.channel.close(codes.CLOSE_PROTOCOL, str(error), now=True)

    def _event(self, event: Event) -> None:
        resident = self._visitor.views.get(event.view)
        telemetry.mark("event.decoded", "" if resident is None else resident.view_id, event.ref)
        if resident is None:
            self._check_attempted(event.view)
            return
        if resident.awaits_first:
            if event.ref != 1:
                return
            resident.awaits_first = False
        withheld = self._visitor.waiting.get(event.view)
        if withheld is None:
            self._seen(resident, event.seen)
        if event.ref > resident.runner.durable_ref + 2 * limits.OUTBOX_WINDOW:
            raise ProtocolError(f"event {event.ref} is sent while those after {resident.runner.durable_ref} are not")
        if self._pacing.waiting >= 2 * limits.OUTBOX_WINDOW * len(self._visitor.views):
            raise ProtocolError(f"{self._pacing.waiting} events wait to be taken")
        self._pacing.put(resident, event, self._visitor.channel.heard_at_s)

    def accept(self, resident: Resident, event: Event | Heal) -> None:
        """The turn of an event; one whose view has left the socket meanwhile is sent again by the browser."""
        if self._visitor.views.get(event.view) is not resident or self._visitor.channel.is_closing:
            return
        if isinstance(event, Heal):
            resident.runner.heal(list(event.address))
            return
        withheld = self._visitor.waiting.get(event.view)
        if withheld is not None and withheld.keeps(event):
            return
        try:
            resident.runner.accept(plain(event))
        except ProtocolError as error:
            if withheld is None:
                self._break_off(error)
            else:
                withheld.misses(event.ref)
        else:
            if withheld is not None:
                withheld.has(event.ref)

    def _beat(self, beat: Beat) -> None:
        resident = self._visitor.views.get(0)
        if resident is not None and 0 not in self._visitor.waiting:
            self._seen(resident, beat.seen)
            if resident.asleep is None:
                resident.runner.rendering.rest()  # a view that has done nothing since the last beat needs less memory
        self._visitor.channel.beat(None if resident is None else resident.outbox)

    def _heal(self, heal: Heal) -> None:
        resident = self._visitor.views.get(heal.view)
        if resident is None:
            self._check_attempted(heal.view)
        elif heal.view not in self._visitor.waiting:
            if self._heals_at_seq != resident.outbox.seq:
                self._heals_at_seq, self._heals = resident.outbox.seq, 0
            self._heals += 1
            if self._heals > _MAX_UNANSWERED_HEALS:
                raise ProtocolError(f"{self._heals} blocks are asked for at once")
            self._pacing.put(resident, heal, self._visitor.channel.heard_at_s)

    def _seen(self, resident: Resident, seq: int) -> None:
        """The browser has frames up to `seq`; one that has the newest JOINED needs the older secret no more."""
        resident.outbox.seen(seq)
        if seq >= resident.joined_seq and len(resident.secrets) > HASH_BYTES:
            self._visitor.worker.spawn(joining.keep_newest_secret(self._visitor.worker, resident))

    def _check_number(self, view: int) -> None:
        self._attempts += 1
        if not 0 <= view < limits.MAX_VIEWS_PER_SOCKET or self._attempts > limits.MAX_VIEWS_PER_SOCKET:
            raise ProtocolError(f"a socket holds {limits.MAX_VIEWS_PER_SOCKET} views")
        if view in self._visitor.views:
            raise ProtocolError(f"view {view} is on this socket already")

    def _check_attempted(self, view: int) -> None:
        """Events behind a Join or Resume that was refused are dropped; without one they break the protocol."""
        if self._attempts == 0 or not 0 <= view < limits.MAX_VIEWS_PER_SOCKET:
            raise ProtocolError(f"view {view} was not joined")
