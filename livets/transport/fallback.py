"""`POST /livets/down` and `/livets/up`: the socket of pages that can't have one (D21).

Owns the lines of this worker and the way of a POST to the worker that has its line: here, or over the bus. Checked as
a WebSocket is, each request by itself: the exact Origin, the session cookie, sizes; and only the session that has
opened a line may send on it. Called by the ASGI server through `app`, and by `worker` with what others pass on.

down: `[subprotocol, [message, …]]` -> server-sent events: `line` (its name), frames in base64, `close` ("code reason").
up: `[line, number, [message, …]]` -> 204; 410 when there is no such line any more.
"""

from __future__ import annotations

import logging
import secrets
from typing import Annotated, Any, Final

import msgspec
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from livets.pubsub import BusError
from livets.transport.conversation import converse
from livets.transport.line import Line
from livets.transport.session import Session
from livets.transport.socket import choose
from livets.transport.sweeper import Sweeper
from livets.transport.worker import Worker
from livets.wire import limits

logger = logging.getLogger("livets.transport")

TOPIC: Final = "livets:line:"
_LISTENER: Final = ""
_MAX_BODY_BYTES: Final = 8 * limits.MAX_MESSAGE_BYTES
_MAX_LINES: Final = 20_000

_Messages = Annotated[list[str], msgspec.Meta(max_length=2 * limits.OUTBOX_WINDOW)]
_down = msgspec.json.Decoder(tuple[str, _Messages]).decode
_up = msgspec.json.Decoder(tuple[str, Annotated[int, msgspec.Meta(ge=1)], _Messages]).decode
_pass_on = msgspec.msgpack.Encoder().encode
_passed_on = msgspec.msgpack.Decoder(tuple[str, bytes, int, list[str]]).decode


class Fallback:
    """Both endpoints."""

    def __init__(self, worker: Worker, sweeper: Sweeper) -> None:
        self._worker = worker
        self._sweeper = sweeper
        self._name = secrets.token_hex(6)
        """Of this worker, in the names of its lines."""
        self._lines: dict[str, Line] = {}
        self._listens = False
        worker.on_line = self._heard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A POST to either."""
        await (self._open if scope["path"].endswith("/down") else self._up)(scope, receive, send)

    async def _open(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open a line, and hold the conversation on it."""
        worker = self._worker
        asked = await self._asked(scope, receive, _down)
        if isinstance(asked, Response):
            await asked(scope, receive, send)
            return
        offered, messages = asked
        session = worker.cookie.read(scope, secure=worker.origins.is_secure(scope))
        subprotocol = choose([offered])
        if subprotocol is None or worker.is_stopping or len(self._lines) >= _MAX_LINES:
            await PlainTextResponse("", 503)(scope, receive, send)
            return
        # One without a session is refused in words, by the conversation, as it is on a WebSocket.
        line = Line(f"{self._name}.{secrets.token_urlsafe(18)}", _hash(session), receive, send)
        line.take(0, messages)
        self._lines[line.id] = line
        self._listen()
        try:
            await line.begin()
            await converse(worker, self._sweeper, session, subprotocol, scope, line.receive, line.send)
        finally:
            del self._lines[line.id]
            await line.end()

    async def _up(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take messages to their line."""
        worker = self._worker
        asked = await self._asked(scope, receive, _up)
        if not isinstance(asked, Response):
            session = worker.cookie.read(scope, secure=worker.origins.is_secure(scope))
            name, number, messages = asked
            asked = await self._passed(name, number, messages, _hash(session))
        await asked(scope, receive, send)

    async def _asked(self, scope: Scope, receive: Receive, decode: Any) -> Any:
        """The body of a request that may ask; else the answer to it."""
        if not self._worker.origins.allows(scope):
            return PlainTextResponse("", 403)
        body = b""
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return PlainTextResponse("", 400)
            body += message.get("body", b"")
            if len(body) > _MAX_BODY_BYTES:
                return PlainTextResponse("", 413)
            if not message.get("more_body"):
                break
        try:
            return decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return PlainTextResponse("", 400)

    async def _passed(self, name: str, number: int, messages: list[str], session: bytes) -> Response:
        """Put messages on a line of this worker, or of whichever has it."""
        owner, line = name.partition(".")[0], self._lines.get(name)
        if line is not None and secrets.compare_digest(line.session, session):
            line.take(number, messages)
            return Response(status_code=204)
        if line is not None or owner == self._name or not self._worker.store.durable or len(name) > 64:
            return PlainTextResponse("", 410)
        try:
            data = _pass_on((name, session, number, messages))
            await self._worker.bus.publish(TOPIC + owner, data, f"{name}:{number}")
        except BusError as error:
            logger.warning("what a page sends does not reach its worker: %s", error)
            return PlainTextResponse("", 503)
        return Response(status_code=204)

    def _listen(self) -> None:
        if not self._listens and self._worker.store.durable:
            self._listens = True
            self._worker.bus.subscribe(TOPIC + self._name, _LISTENER, "line")

    def _heard(self, data: bytes, *, gap: bool) -> None:
        """Another worker was given something for a line of ours; after a gap no line can be sure of having all."""
        if gap:
            for line in self._lines.values():
                line.abort()
        if data:
            name, session, number, messages = _passed_on(data)
            line = self._lines.get(name)  # type: ignore[assignment]
            if line is not None and secrets.compare_digest(line.session, session):
                line.take(number, messages)


def _hash(session: Session | None) -> bytes:
    return b"" if session is None else session.hash
