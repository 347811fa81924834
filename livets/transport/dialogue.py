"""The conversation with one page: what arrives on its socket, in order.

Owns the reading loop, the views that are on the socket, and what the browser may send when. A message that breaks
the protocol ends this socket and nothing else. Called by `socket` (run), `joining` (admits views), `sweeper`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from livets import telemetry
from livets.errors import ProtocolError
from livets.transport import joining
from livets.transport.channel import Channel
from livets.transport.origin import Scope
from livets.transport.resident import Resident
from livets.transport.session import Session
from livets.transport.tokens import HASH_BYTES
from livets.transport.worker import Worker
from livets.wire import Beat, Event, Heal, Join, Resume, codes, decode, encode_body, limits

logger = logging.getLogger("livets.transport")

_MAX_NUMBER = 2**53

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Dialogue:
    """One page on one socket."""

    __slots__ = ("_attempts", "channel", "scope", "session", "views", "waiting", "worker")

    def __init__(self, worker: Worker, channel: Channel, session: Session | None, scope: Scope) -> None:
        self.worker = worker
        self.channel = channel
        self.session = session
        self.scope = scope
        self.views: dict[int, Resident] = {}
        """By the number that the page gave them; also those whose JOINED is still withheld."""
        self.waiting: dict[int, joining.Withheld] = {}
        self._attempts = 0
        channel.on_room = self._flush

    async def run(self, receive: Receive) -> None:
        """Read until the socket ends; then the views on it wait for a resume."""
        try:
            while not self.channel.has_ended:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    return
                if self.channel.is_closing:
                    continue
                data = message.get("bytes")
                await self._take(message.get("text", "") if data is None else data)
                await self.channel.drained()
        finally:
            self._leave()

    async def _take(self, data: bytes | str) -> None:
        try:
            self.channel.heard()
            if len(data) > limits.MAX_MESSAGE_BYTES:
                self.channel.close(codes.CLOSE_TOO_LARGE, "message too large", now=True)
                return
            if isinstance(data, str) is not self.channel.json:
                raise ProtocolError("this socket's subprotocol has the other kind of message")
            message = decode(data)
            match message:
                case Event():
                    self._event(message)
                case Beat():
                    self._beat(message)
                case Heal():
                    self._heal(message)
                case Join():
                    self._check_number(message.view)
                    await joining.join(self, message)
                case Resume():
                    self._check_number(message.view)
                    if not (0 <= message.seen < _MAX_NUMBER and 0 <= message.done < _MAX_NUMBER):
                        raise ProtocolError("seen and done of a Resume are out of range")
                    await joining.resume(self, message)
        except ProtocolError as error:
            logger.info("a socket is closed: %s", error)
            self.channel.close(codes.CLOSE_PROTOCOL, str(error), now=True)

    def refuse(self, view: int, code: str, message: str) -> None:
        """Tell the page that it can't have this view."""
        logger.info("a view is refused (%s): %s", code, message)
        self.channel.refuse(view, encode_body([code, message]))

    def lose(self, resident: Resident) -> None:
        """The page has gone on with this view on another socket."""
        leave(resident)
        for number, other in list(self.views.items()):
            if other is resident:
                del self.views[number]
                if withheld := self.waiting.pop(number, None):
                    withheld.cancel()
        if not self.views:
            self.channel.close(codes.CLOSE_MOVED, "the page has another socket")

    def _event(self, event: Event) -> None:
        resident = self.views.get(event.view)
        telemetry.mark("event.decoded", "" if resident is None else resident.view_id, event.ref)
        if resident is None:
            self._check_attempted(event.view)
            return
        if resident.awaits_first:
            if event.ref != 1:
                return
            resident.awaits_first = False
        withheld = self.waiting.get(event.view)
        if withheld is None:
            self._seen(resident, event.seen)
        if event.ref > resident.runner.durable_ref + 2 * limits.OUTBOX_WINDOW:
            raise ProtocolError(f"event {event.ref} is sent while those after {resident.runner.durable_ref} are not")
        try:
            resident.runner.accept(event)
        except ProtocolError:
            if withheld is None:
                raise
            withheld.misses(event.ref)
        else:
            if withheld is not None:
                withheld.has(event.ref)

    def _beat(self, beat: Beat) -> None:
        resident = self.views.get(0)
        if resident is not None and 0 not in self.waiting:
            self._seen(resident, beat.seen)
        self.channel.beat(None if resident is None else resident.outbox)

    def _heal(self, heal: Heal) -> None:
        resident = self.views.get(heal.view)
        if resident is None:
            self._check_attempted(heal.view)
        elif heal.view not in self.waiting:
            resident.runner.heal(list(heal.address))

    def _seen(self, resident: Resident, seq: int) -> None:
        """The browser has frames up to `seq`; one that has the newest JOINED needs the older secret no more."""
        resident.outbox.seen(seq)
        if seq >= resident.joined_seq and len(resident.secrets) > HASH_BYTES:
            self.worker.spawn(joining.keep_newest_secret(self.worker, resident))

    def _check_number(self, view: int) -> None:
        self._attempts += 1
        if not 0 <= view < limits.MAX_VIEWS_PER_SOCKET or self._attempts > limits.MAX_VIEWS_PER_SOCKET:
            raise ProtocolError(f"a socket holds {limits.MAX_VIEWS_PER_SOCKET} views")
        if view in self.views:
            raise ProtocolError(f"view {view} is on this socket already")

    def _check_attempted(self, view: int) -> None:
        """Events behind a Join or Resume that was refused are dropped; without one they break the protocol."""
        if self._attempts == 0 or not 0 <= view < limits.MAX_VIEWS_PER_SOCKET:
            raise ProtocolError(f"view {view} was not joined")

    def _flush(self) -> None:
        for number, resident in self.views.items():
            if number not in self.waiting:
                resident.runner.flush()

    def _leave(self) -> None:
        self.channel.ended()
        for withheld in self.waiting.values():
            withheld.cancel()
        for resident in self.views.values():
            if resident.dialogue is self:
                leave(resident)
                self.worker.registry.detach(resident)
        self.views.clear()
        self.waiting.clear()


def leave(resident: Resident) -> None:
    """Take the view off its socket; frames and state stay."""
    resident.dialogue = None
    resident.outbox.detach()
    resident.runner.detach()
