"""A page without a browser that speaks the protocol as the connector does: outbox, resume, backoff.

For load and faults.

It clicks, keeps every event until it is durable, comes back whatever happens to its socket, and writes down what it
was shown: a number that goes back is a lie. Many of them fit into one process.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import re
import time
from collections import deque
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.protocol import State

from livets.pubsub.stopping import stop
from livets.wire import Event, Frame, Join, JoinMode, Resume, encode_client, limits
from tests.support.wait import until

_PAGE = re.compile(r'data-livets="([^"]*)" data-fp="([^"]*)" data-socket="([^"]*)"')
_FILL, _BUILD = -10, -9
_LONGEST_BACKOFF_S = 0.5
_LONGEST_MOVE_S = 0.2
_SILENCE_S = 5.0
_TOLD = 60


class Clicker:
    """One page of a view that shows one number first (`{{ count }}` is slot 0)."""

    def __init__(self, origin: str, path: str = "/", *, handler: str = "increment", slot: int = 0) -> None:
        self.origin, self.path, self.handler, self.slot = origin, path, handler, slot
        self.cookie = ""
        self.token = self.fingerprint = self.socket_path = ""
        self.id = self.secret = ""
        self.seen = self.done = self.durable = self.clicks = 0
        self.shown: Any = None
        self.lies: list[str] = []
        self.modes: list[JoinMode] = []
        """How each connection was answered."""
        self.errors: list[Any] = []
        self.frames = 0
        self.story: deque[str] = deque(maxlen=_TOLD)
        """What happened last, for failure messages."""
        self.patient = True
        """False: it never reads."""
        self._unsettled: deque[Event] = deque()
        self._sent = 0
        self._connection: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._joined = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self, http: httpx.AsyncClient | None = None) -> None:
        """Get the page, then stay connected until `close`."""
        async with contextlib.AsyncExitStack() as stack:
            client = http or await stack.enter_async_context(httpx.AsyncClient(timeout=20, verify=False))
            response = await client.get(self.origin + self.path)
            response.raise_for_status()
            self.cookie = "; ".join(f"{name}={value}" for name, value in response.cookies.items()) or self.cookie
        found = _PAGE.search(response.text)
        assert found, response.text[:500]
        self.token, self.fingerprint, self.socket_path = found.groups()
        self._task = asyncio.create_task(self._stay())

    async def joined(self, timeout_s: float = 20.0) -> None:
        """Until the page is live."""
        await asyncio.wait_for(self._joined.wait(), timeout_s)

    async def close(self) -> None:
        """Leave."""
        self.cut()
        await stop(self._task)
        self.cut()

    def click(self, *args: Any) -> None:
        """One event, now or when there is a connection."""
        self.clicks += 1
        self._unsettled.append(Event(self.clicks, 0, self.handler, list(args), {}, {}, 0))
        self._pump()

    def cut(self) -> None:
        """Lose the connection."""
        if self._connection is not None:
            self._connection.transport.abort()

    @property
    def is_settled(self) -> bool:
        """Whether every click is durable and shown."""
        return not self._unsettled and self.durable == self.done == self.clicks

    @property
    def is_right(self) -> bool:
        """Whether it is settled, shows the number of its clicks, and was never told anything else."""
        return self.is_settled and not self.lies and self.shown in (self.clicks, None)

    async def settled(self, timeout_s: float = 30.0) -> None:
        """Until then."""
        await until(lambda: self.is_settled, f"{self}", timeout_s=timeout_s)

    def __str__(self) -> str:
        return (
            f"<{self.id} clicks {self.clicks} done {self.done} durable {self.durable} shown {self.shown} "
            f"joins {[int(mode) for mode in self.modes]} lies {self.lies} errors {self.errors}>"
        )

    __repr__ = __str__

    def _note(self, what: str) -> None:
        self.story.append(f"{time.strftime('%H:%M:%S')}.{time.time() % 1 * 1000:03.0f} {what}")

    async def _stay(self) -> None:
        for attempt in itertools.count():
            try:
                await self._converse()
            except (OSError, WebSocketException, InvalidHandshake, TimeoutError, EOFError) as error:
                self._note(f"lost its socket: {error!r}")
            if self._joined.is_set():
                attempt = 0
            self._joined.clear()
            self._connection, self._sent = None, 0
            await asyncio.sleep(random.uniform(0, min(_LONGEST_BACKOFF_S, 0.02 * 2 ** min(attempt, 10))))

    async def _converse(self) -> None:
        async with connect(
            self.origin.replace("http", "ws", 1) + self.socket_path,
            origin=self.origin,  # type: ignore[arg-type]
            subprotocols=[limits.SUBPROTOCOL_JSON],  # type: ignore[list-item]
            additional_headers={"Cookie": self.cookie},
            ping_interval=None, max_size=None, compression=None, open_timeout=_SILENCE_S, close_timeout=0.1,
        ) as connection:  # fmt: skip
            first = (
                Resume(0, self.id, self.secret, self.path, self.seen, self.done, self.fingerprint)
                if self.id
                else Join(0, self.token, self.path)
            )
            self._note(f"sends {first.__class__.__name__}, has seen {self.seen}, done {self.done}")
            await connection.send(encode_client(first, json=True))
            self._connection, self._sent = connection, 0
            self._pump()
            while not self.patient:
                connection.transport.pause_reading()
                await asyncio.sleep(0.05)
            while True:
                try:
                    raw = await asyncio.wait_for(connection.recv(), _SILENCE_S)
                except TimeoutError:
                    if self._joined.is_set() and self.is_settled:
                        continue  # nothing was to be heard
                    raise
                head, *body = msgspec.json.decode(raw)
                if not self._take(head, body[0] if body else None):
                    await asyncio.sleep(random.uniform(0, _LONGEST_MOVE_S))
                    return

    def _pump(self) -> None:
        connection = self._connection
        if connection is None or connection.state is not State.OPEN or not self.id:
            return
        while self._sent < min(limits.OUTBOX_WINDOW, len(self._unsettled)):
            event = msgspec.structs.replace(self._unsettled[self._sent], seen=self.seen)
            self._sent += 1
            connection.protocol.send_text(encode_client(event, json=True).encode())
            connection.transport.write(b"".join(connection.protocol.data_to_send()))

    def _take(self, head: list[int], body: Any) -> bool:
        kind, seq, done, *rest = head
        durable = rest[0] if rest else done
        self.frames += 1
        self._note(f"gets {Frame(kind).name} {head[1:]}")
        if kind == Frame.PATCH and seq <= self.seen:
            return True
        if kind == Frame.REFUSED:
            self.errors.append(body)
            self.lies.append(f"refused: {body}")
            return False
        if kind == Frame.MOVE:
            return False
        self.done = done
        if kind == Frame.PATCH:
            self.seen = seq
            self._show(body)
        elif kind == Frame.JOINED:
            self._on_joined(seq, body)
        elif kind == Frame.ERROR:
            self.errors.append(body)
        self.durable = max(self.durable, durable)
        while self._unsettled and self._unsettled[0].ref <= durable:
            self._unsettled.popleft()
            self._sent -= self._sent > 0
        self._pump()
        return True

    def _on_joined(self, seq: int, body: Any) -> None:
        was_live = bool(self.id)
        self.id, self.secret, mode, self.fingerprint, diff = body
        self.modes.append(JoinMode(mode))
        if mode == JoinMode.REMOUNTED and was_live:  # a page whose first JOINED was lost has lost nothing
            self.lies.append("mounted anew: the state is lost")
        if mode != JoinMode.REPLAYED:
            self.seen = seq
        self._joined.set()
        self._show(diff)
        self._pump()

    def _show(self, diff: list[Any]) -> None:
        for address, change in zip(diff[::2], diff[1::2], strict=True):
            if address == self.slot:
                self._number(change)
            elif address == _FILL:
                self._number(change[self.slot])
            elif address == _BUILD and change[0] == []:
                self._number(change[1][self.slot])

    def _number(self, value: Any) -> None:
        before, self.shown = self.shown, int(value)
        if before is not None and self.shown < before:
            self.lies.append(f"after {before} came {self.shown}")
        if self.shown > self.clicks:
            self.lies.append(f"{self.shown} after {self.clicks} clicks")
