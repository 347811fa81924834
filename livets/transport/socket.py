"""The WebSocket endpoint `/livets/socket`: who may open one, and in which dialect it speaks.

Owns the handshake. Everything is checked here, in this endpoint, because HTTP middlewares do not see sockets, and
the origin is checked before the socket is accepted. Called by the ASGI server through `app`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from starlette.types import Receive, Scope, Send

from livets.transport.conversation import converse
from livets.transport.origin import header
from livets.transport.sweeper import Sweeper
from livets.transport.worker import Worker
from livets.wire import codes, limits

logger = logging.getLogger("livets.transport")

_OURS = "livets."


class Socket:
    """The ASGI endpoint of all pages' sockets."""

    def __init__(self, worker: Worker, sweeper: Sweeper) -> None:
        self._worker = worker
        self._sweeper = sweeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handshake, then the conversation until the socket ends."""
        worker = self._worker
        await receive()  # websocket.connect
        if not worker.origins.allows(scope):
            _log_origin(worker, scope)
            await send({"type": "websocket.close", "code": codes.CLOSE_UNAUTHORISED})
            return
        subprotocol = choose(scope.get("subprotocols", ()))
        if subprotocol is None or worker.is_stopping:
            await send({"type": "websocket.close", "code": codes.CLOSE_PROTOCOL})
            return
        session = worker.cookie.read(scope, secure=worker.origins.is_secure(scope))
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        await converse(worker, self._sweeper, session, subprotocol, scope, receive, send)


def choose(offered: Sequence[str]) -> str | None:
    """The subprotocol to accept: ours if offered, else one of another livets (to refuse it in words), else None."""
    for own in (limits.SUBPROTOCOL_MSGPACK, limits.SUBPROTOCOL_JSON):
        if own in offered:
            return own
    return next((other for other in offered if other.startswith(_OURS)), None)


def _log_origin(worker: Worker, scope: Scope) -> None:
    origin, own = header(scope, b"origin"), worker.origins.own(scope)
    hint = ""
    if origin is not None and own is not None and origin.partition("://")[2] == own.partition("://")[2]:
        hint = (
            "; only the scheme differs: if TLS ends at a proxy, let it send X-Forwarded-Proto and start uvicorn with "
            "--forwarded-allow-ips=<its address>, or use LiveTS(trust_forwarded=True)"
        )
    logger.warning("a socket from origin %r was refused; allowed are %r and allowed_origins%s", origin, own, hint)
