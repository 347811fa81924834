"""source.websocket: what a WebSocket server sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import msgspec

from livets.engine.errors import NodeError
from livets.flow.streaming.context import StreamContext
from livets.flow.trigger import Trigger

_LONGEST_PAUSE_S = 30.0


class WebSocketSource(Trigger):
    """Connects to `url` (ws or wss, as far as Grants(network=...) allows) and gives each message, JSON as its value.

    `subscribe` are messages that are sent first. When the connection drops it connects again, after pauses of up to 30
    seconds; what was sent meanwhile is lost. `secret` names a granted secret, sent as a bearer token. `raw` gives
    text and bytes as they come.
    """

    type = "source.websocket"
    stays = True

    class Config(msgspec.Struct):
        url: str
        subscribe: list[Any] = []
        secret: str = ""
        raw: bool = False
        reconnect: bool = True
        max_bytes: int = 1_000_000
        sample: Any = None

        def __post_init__(self) -> None:
            parts = urlsplit(self.url)
            if parts.scheme not in ("ws", "wss") or not parts.hostname or parts.username:
                raise ValueError("url is ws:// or wss://, without a password in it")

    async def stream(self, ctx: StreamContext) -> AsyncIterator[Any]:
        pause = 0.1
        while True:
            messages = self._messages(ctx)
            try:
                async for message in messages:
                    pause = 0.1
                    yield message
            except NodeError as error:
                if not self.config.reconnect or not error.retryable:
                    raise
                ctx.emit("warning", message=str(error), again_in_s=pause)
            finally:
                await messages.aclose()  # type: ignore[attr-defined]
            if not self.config.reconnect:
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _messages(self, ctx: StreamContext) -> AsyncIterator[Any]:
        from websockets.asyncio.client import connect

        class Direct(connect):
            """Follows no redirect: they would lead past the address that was judged."""

            def process_redirect(self, exc: Exception) -> Exception | str:
                return exc

        from websockets.exceptions import ConnectionClosedOK, WebSocketException

        config, parts = self.config, urlsplit(self.config.url)
        port = parts.port or (443 if parts.scheme == "wss" else 80)
        address = (await self.grants.network.addresses(parts.hostname, port))[0]
        headers = {"Authorization": f"Bearer {self.grants.secret(config.secret)}"} if config.secret else {}
        name = {"server_hostname": parts.hostname} if parts.scheme == "wss" else {}
        try:
            async with Direct(
                config.url,
                host=address,
                port=port,
                additional_headers=headers,
                max_size=config.max_bytes,
                proxy=None,
                **name,
            ) as socket:
                for message in config.subscribe:
                    text = message if isinstance(message, str) else msgspec.json.encode(message).decode()
                    await socket.send(text)
                while True:
                    yield _value(await socket.recv(), config.raw)
        except ConnectionClosedOK:
            return
        except (WebSocketException, OSError, TimeoutError) as error:
            raise NodeError(f"{parts.hostname}: {type(error).__name__}: {error}", "connection") from error


def _value(message: str | bytes, raw: bool) -> Any:
    if raw:
        return message
    try:
        return msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return message
