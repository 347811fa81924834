"""From an open socket, or what stands for one, to its end: the dialogue of a page with this worker.

Owns the check of the protocol's version, and that the worker knows of the page for as long as it lasts. Who may open a
socket is decided before. Called by `socket` and `fallback`.
"""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from livets.transport.channel import Channel
from livets.transport.dialogue import Dialogue
from livets.transport.session import Session
from livets.transport.sweeper import Sweeper
from livets.transport.visitor import Visitor
from livets.transport.worker import Worker
from livets.wire import codes, encode_body, limits


async def converse(
    worker: Worker,
    sweeper: Sweeper,
    session: Session | None,
    subprotocol: str,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Hold the conversation until the socket ends. `subprotocol`: one of ours, perhaps of another version."""
    channel = Channel(send, json=subprotocol.endswith(".json"))
    if subprotocol not in (limits.SUBPROTOCOL_MSGPACK, limits.SUBPROTOCOL_JSON):
        channel.refuse(0, encode_body([codes.VERSION, "the page is of another version of livets"]))
        channel.close(codes.CLOSE_PROTOCOL, "unknown protocol version")
        await channel.finished()
        return
    visitor = Visitor(worker, channel, session, scope)
    worker.pages.add(visitor)
    worker.revocation.listen()
    sweeper.wake()
    try:
        await Dialogue(visitor).run(receive)
    finally:
        worker.pages.discard(visitor)
