"""trigger.webhook: begins runs with requests from outside."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from livets.engine.errors import NodeError, ValueFault
from livets.engine.values import check
from livets.flow.streaming.context import StreamContext
from livets.flow.trigger import Trigger

MAX_WAITING = 1_000


class WebhookTrigger(Trigger):
    """Fires for each request at `path`; gives `{"method", "headers", "query", "body"}`, the body read as its type says.

    Whoever serves HTTP hands requests to `Listener.deliver` (or `accept`, in push mode). With `secret`, the name of a
    granted secret, a request must be signed: hex HMAC-SHA256 of its body in `signature_header`. Others are turned away
    with 401, too large ones with 413, other methods with 405. `answer: result` makes the request wait for what the run
    gives.
    """

    type = "trigger.webhook"
    stays = True

    class Config(msgspec.Struct):
        path: str
        methods: tuple[str, ...] = ("POST",)
        secret: str = ""
        signature_header: str = "x-signature-256"
        max_bytes: int = 1_000_000
        answer: str = "accepted"
        sample: Any = None

        def __post_init__(self) -> None:
            if not self.path.startswith("/"):
                raise ValueError("path begins with /")
            if self.answer not in ("accepted", "result"):
                raise ValueError("answer is accepted or result")

    async def initialize(self) -> None:
        self._waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MAX_WAITING)

    def judge(self, method: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str] | None:
        """Return status and reason when a request is turned away, else None; header names in lower case."""
        config = self.config
        if method.upper() not in config.methods:
            return 405, f"{method} is not accepted here"
        if len(body) > config.max_bytes:
            return 413, f"at most {config.max_bytes} bytes"
        if config.secret:
            key = self.grants.secret(config.secret).encode()
            wanted = hmac.new(key, body, hashlib.sha256).hexdigest()
            given = headers.get(config.signature_header.lower(), "").removeprefix("sha256=")
            if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
                return 401, "the signature is missing or wrong"
        return None

    def value_of(
        self, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> dict[str, Any]:
        """Return what a request is to the workflow; raises NodeError when its JSON cannot be read."""
        hidden = {"authorization", "cookie", self.config.signature_header.lower()}
        shown = {name: value for name, value in headers.items() if name not in hidden}
        return {"method": method.upper(), "headers": shown, "query": dict(query), "body": _read(headers, body)}

    def accept(self, value: dict[str, Any]) -> bool:
        """In push mode: let a request flow in; False when too many wait."""
        try:
            self._waiting.put_nowait(value)
        except asyncio.QueueFull:
            return False
        return True

    async def stream(self, ctx: StreamContext) -> AsyncIterator[Any]:
        while True:
            yield await self._waiting.get()


def _read(headers: Mapping[str, str], body: bytes) -> Any:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body:
        return None
    if kind == "application/json" or kind.endswith("+json"):
        try:
            found = msgspec.json.decode(body)
            check([[[[found]]]])  # what is too deep for the journal, where it lies four levels down, begins no run
        except ValueFault as error:
            raise NodeError(f"the body cannot be taken: {error}", "json", retryable=False) from None
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise NodeError(f"the body is no JSON: {error}", "json", retryable=False) from None
        return found
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body
