"""Routes: events - a page of them, or as they come by Server-Sent Events or WebSocket, of one run or of all.

The events of one run come from the journal: from any number on, none missed, however slow the reader. Those of all
runs come from the bus: whoever is too slow is told how many were dropped. Streams end when the server stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, MutableMapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Header, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from livets.api.answer import answer
from livets.api.flow.asking import Flows, Limit, RunName, as_problem, service_of
from livets.api.flow.service import NoSuchRun, Service
from livets.api.guard import Send
from livets.api.problem import Problem
from livets.engine.encoding import to_plain
from livets.engine.errors import EngineError, ValueFault
from livets.engine.events import Event, Gap
from livets.flow.journal import ENDINGS

router = APIRouter(tags=["events"])
logger = logging.getLogger("livets.api")
HEARTBEAT_S = 15.0
BATCH = 500
CAPACITY = 10_000
"""Events that a reader of all runs may be behind before it misses some."""
SEND_S = 30.0
"""A socket that takes nothing for so long is closed."""
ALIASES = {
    "flow.run.created": "WorkflowStarted",
    "flow.node.started": "NodeStarted",
    "flow.node.completed": "NodeCompleted",
    "flow.node.failed": "NodeFailed",
    "flow.node.event": "NodeEvent",
    "flow.run.completed": "WorkflowCompleted",
}
"""The names that the first description of the engine gave to events."""
After = Annotated[int, Query(ge=0, le=2**53, description="Only events with numbers above this one.")]
Message = dict[str, Any]


class Streams:
    """Counts the open event streams; more than `limit` are refused."""

    def __init__(self, limit: int) -> None:
        self.limit, self.open = limit, 0

    def check(self) -> None:
        """Raise Problem when there is no place."""
        if self.open >= self.limit:
            raise Problem(429, "too-many-streams", f"{self.limit} event streams are open", headers={"retry-after": "5"})

    async def counted(self, messages: AsyncIterator[Message | None]) -> AsyncIterator[Message | None]:
        """Pass `messages` on, and hold a place meanwhile."""
        self.open += 1
        try:
            async with contextlib.aclosing(messages) as all_of_them:  # type: ignore[type-var]
                async for message in all_of_them:
                    yield message
        finally:
            self.open -= 1


def shown(event: Event) -> Message:
    """Return the envelope of an event as JSON can say it, with its `alias`."""
    found = event.envelope()
    try:
        found["data"] = to_plain(event.data)
    except ValueFault:  # a Stream within a run in memory
        found["data"] = {key: value for key, value in event.data.items() if key in ("node", "attempt", "ms", "kind")}
    if event.type in ALIASES:
        found["alias"] = ALIASES[event.type]
    return found


@router.get("/api/runs/{run}/events")
async def list_events(service: Flows, run: RunName, after: After = 0, limit: Limit = 200) -> Response:
    """The recorded events of a run above `after`, a page at a time: `next` is what to send as `after`."""
    events = await _recorded(service, run, after, limit + 1)
    page = events[:limit]
    more = page[-1].seq if len(events) > limit else None
    return answer({"events": [shown(event) for event in page], "next": more})


async def _recorded(service: Service, run: str, after: int, limit: int) -> list[Event]:
    try:
        events = await service.log.read(f"flow/{run}", after, limit)
        if not events and not await service.log.head(f"flow/{run}"):
            raise NoSuchRun(f"there is no run {run!r}")
    except EngineError as error:
        raise as_problem(error) from None
    return events


# -- where messages come from; None is a moment in which nothing happened


async def run_messages(service: Service, run: str, after: int) -> AsyncIterator[Message | None]:
    """Every event of a run above `after`, as it is recorded; ends after an end {"type": "end"}, or with the server."""
    subscription = service.log.subscribe(f"flow/{run}", after)
    async with contextlib.aclosing(subscription) as batches:  # type: ignore[type-var]
        async for batch in _until_closed(service, batches.__aiter__()):
            if batch is None:
                yield None
                continue
            for event in batch:
                yield {"type": "event", "event": shown(event)}
            if batch[-1].type in ENDINGS and await service.log.head(f"flow/{run}") == batch[-1].seq:
                yield {"type": "end", "status": batch[-1].type.rpartition(".")[2], "seq": batch[-1].seq}
                return


async def all_messages(service: Service) -> AsyncIterator[Message | None]:
    """What happens in the runs of this server from now on; gaps are told."""
    with service.runtime.watch(capacity=CAPACITY) as subscription:
        async for batch in _until_closed(service, subscription):
            if batch is None:
                yield None
                continue
            for one in batch:
                if isinstance(one, Gap):
                    yield {"type": "gap", "dropped": one.dropped}
                else:
                    yield {"type": "event", "event": shown(one)}


async def _until_closed(service: Service, batches: Any) -> AsyncIterator[Any]:
    """Batches as they come, None when nothing came for a while; ends when the server stops."""
    closing = asyncio.ensure_future(service.closing.wait())
    coming: asyncio.Future[Any] | None = None
    try:
        while not closing.done():
            coming = coming or asyncio.ensure_future(anext(batches))
            await asyncio.wait({closing, coming}, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                try:
                    batch = coming.result()
                except StopAsyncIteration:
                    return
                coming = None
                yield batch
            elif not closing.done():
                yield None
    finally:
        closing.cancel()
        if coming is not None:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)


# -- Server-Sent Events


@router.get("/api/runs/{run}/events/stream", responses={200: {"content": {"text/event-stream": {}}}, 204: {}})
async def stream_run(
    service: Flows, request: Request, run: RunName, after: After = 0,
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> Response:  # fmt: skip
    """The events of a run as Server-Sent Events from `after` (or Last-Event-ID) on, until it ends.

    204 when it has ended and there is nothing more: browsers then stop asking.
    """
    if last_event_id is not None and last_event_id.isascii() and last_event_id.isdigit():
        after = max(after, min(int(last_event_id), 2**53))
    last = await _recorded(service, run, 0, 1) and await _recorded(service, run, after, 1)
    head = await service.log.head(f"flow/{run}")
    if not last and (await service.log.read(f"flow/{run}", head - 1))[-1].type in ENDINGS:
        return Response(status_code=204)
    return _sse(request, run_messages(service, run, after), numbered=True)


@router.get("/api/events", responses={200: {"content": {"text/event-stream": {}}}})
async def stream_all(service: Flows, request: Request) -> Response:
    """The events of all runs of this server as Server-Sent Events, from now on; a `gap` says what was missed."""
    return _sse(request, all_messages(service))


def _sse(request: Request, messages: AsyncIterator[Message | None], *, numbered: bool = False) -> Response:
    streams: Streams = request.app.state.streams
    streams.check()
    return EventStream(_lines(streams.counted(messages), numbered))


class EventStream(StreamingResponse):
    """Gives up on a reader that takes nothing for SEND_S seconds, so that it does not hold its place for ever."""

    def __init__(self, lines: AsyncGenerator[bytes, None]) -> None:
        super().__init__(lines, media_type="text/event-stream")
        self._lines = lines

    async def stream_response(self, send: Send) -> None:
        """Send what comes, each part within its time."""

        async def send_in_time(message: MutableMapping[str, Any]) -> None:
            async with asyncio.timeout(SEND_S):
                await send(message)

        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            logger.info("a reader of events took nothing for %.0f s: it is let go", SEND_S)
        finally:
            await self._lines.aclose()


async def _lines(messages: AsyncIterator[Message | None], numbered: bool) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(messages) as all_of_them:  # type: ignore[type-var]
        yield b": livets\n\n"
        async for message in all_of_them:
            if message is None:
                yield b": still here\n\n"
                continue
            event = message.get("event")
            number = f"id: {event['seq']}\n" if event is not None and numbered else ""
            body = msgspec.json.encode(event if event is not None else message).decode()
            yield f"{number}event: {message['type']}\ndata: {body}\n\n".encode()


# -- WebSocket


@router.websocket("/api/runs/{run}/events/ws")
async def socket_run(socket: WebSocket, run: str, after: int = 0) -> None:
    """The events of a run as JSON messages from `after` on, until it ends."""
    service = service_of(socket)
    try:
        if len(run) > 200 or not 0 <= after <= 2**53:
            raise Problem(422, "invalid-parameters", "after is 0 or more")
        await _recorded(service, run, 0, 1)
    except Problem as problem:
        await socket.close(1008, problem.detail[:100])
        return
    await _send_all(socket, run_messages(service, run, after))


@router.websocket("/api/events")
async def socket_all(socket: WebSocket) -> None:
    """The events of all runs of this server as JSON messages, from now on."""
    await _send_all(socket, all_messages(service_of(socket)))


async def _send_all(socket: WebSocket, messages: AsyncIterator[Message | None]) -> None:
    streams: Streams = socket.app.state.streams
    try:
        streams.check()
    except Problem as problem:
        await socket.close(1013, problem.detail[:100])
        return
    await socket.accept()
    sending = asyncio.create_task(_send(socket, streams.counted(messages)))
    listening = asyncio.create_task(_listen(socket))
    await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
    for task in (sending, listening):
        task.cancel()
    ended = await asyncio.gather(sending, listening, return_exceptions=True)
    with contextlib.suppress(RuntimeError):  # the other side was first
        await socket.close(1013 if isinstance(ended[0], TimeoutError) else 1000)


async def _send(socket: WebSocket, messages: AsyncIterator[Message | None]) -> None:
    async with contextlib.aclosing(messages) as all_of_them:  # type: ignore[type-var]
        async for message in all_of_them:
            if message is not None:
                async with asyncio.timeout(SEND_S):
                    await socket.send_text(msgspec.json.encode(message).decode())


async def _listen(socket: WebSocket) -> None:
    """Nothing is expected from the other side; returns when it goes, or says something all the same."""
    with contextlib.suppress(WebSocketDisconnect):
        await socket.receive_text()
