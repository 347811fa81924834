"""http.request: asks a server, as far as the program has granted that."""

from __future__ import annotations

import asyncio
import email.utils
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node
from livets.engine.values import Json
from livets.flow.conditions import look_up
from livets.flow.folders import writing
from livets.flow.nodes.http_body import Part, encoded

if TYPE_CHECKING:
    import httpx

_RETRYABLE = {408, 425, 429, 500, 502, 503, 504}
_PRIVATE_HEADERS = {"authorization", "cookie", "proxy-authorization"}


class Auth(msgspec.Struct):
    """Who asks. `secret` names a granted secret: the password, the token, or the value of the header or parameter."""

    type: Literal["basic", "bearer", "header", "query"]
    secret: str
    user: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        if self.type in ("header", "query") and not self.name:
            raise ValueError("name says which header or parameter")


class Pagination(msgspec.Struct):
    """How the next page is found: the `Link` header, a cursor at `path` of the body, or by counting `parameter` up."""

    type: Literal["link", "cursor", "page"]
    parameter: str = "page"
    path: str = ""
    start: int = 1
    items: str = ""
    max_pages: int = 100

    def __post_init__(self) -> None:
        if self.type == "cursor" and not self.path:
            raise ValueError("path says where the cursor is in the body")


class Save(msgspec.Struct):
    """Where the body is written instead of being given: a granted, writable folder and a path below it."""

    root: str
    path: str


class HttpRequest(Node):
    """Sends one request (or follows pages) and gives status, headers and body.

    The body of the request is `body`: an object or array as JSON, or as `send` says (form, multipart with `files`,
    text, bytes); a Stream is sent as it comes. What comes back is parsed by its type (`parse: auto`), at most
    `max_bytes` of it. With `save` it goes to a file. Statuses from 400 on fail with the kind "http_404" and the like,
    unless `fail` is false; those that may pass (408, 425, 429, 5xx) can be retried, not before `Retry-After` says.
    Where it may connect says Grants(network=...): by default nowhere but to public addresses, redirects included.
    Credentials are secrets by name, and are not sent on to another host.
    """

    type = "http.request"

    class Config(msgspec.Struct):
        method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"] = "GET"
        url: str = ""
        headers: dict[str, str] = {}
        query: dict[str, str | int | float | bool | list[str]] = {}
        auth: Auth | None = None
        send: Literal["json", "form", "multipart", "text", "bytes"] = "json"
        files: list[Part] = []
        parse: Literal["auto", "json", "text", "bytes"] = "auto"
        save: Save | None = None
        timeout_s: float = 30.0
        max_bytes: int = 10_000_000
        max_redirects: int = 5
        fail: bool = True
        pages: Pagination | None = None

    class Inputs(msgspec.Struct):
        url: str | None = None
        query: dict[str, Any] = {}
        headers: dict[str, Any] = {}
        body: Any = None

    class Outputs(msgspec.Struct):
        body: Any
        status: int
        headers: dict[str, Any]
        url: str

    async def initialize(self) -> None:
        from livets.flow.http import client

        self._client = client(self.grants.network)

    async def shutdown(self) -> None:
        if hasattr(self, "_client"):
            await self._client.aclose()

    async def execute(self, ctx: NodeContext) -> Any:
        config = self.config
        url = ctx.inputs["url"] or config.url
        if not url:
            raise NodeError("it has no url, neither in config nor as input", "input", retryable=False)
        query = {**config.query, **{key: _text(value) for key, value in ctx.inputs["query"].items()}}
        headers = {**config.headers, **{key: str(value) for key, value in ctx.inputs["headers"].items()}}
        if config.pages is not None:
            return await self._paged(url, query, headers, ctx)
        return await self._fetch(url, query, headers, ctx)

    # -- pages

    async def _paged(self, url: str, query: dict[str, Any], headers: dict[str, str], ctx: NodeContext) -> Any:
        pages = self.config.pages
        collected: list[Any] = []
        page: dict[str, Any] = {}
        if pages.type == "page":
            query = {**query, pages.parameter: str(pages.start)}
        for count in range(1, pages.max_pages + 1):
            page = await self._fetch(url, query, headers, ctx)
            ctx.emit("progress", pages=count)
            items = look_up(page["body"], pages.items) if pages.items else page["body"]
            collected += items if isinstance(items, list) else [items] if items is not None else []
            if pages.type == "link":
                link = _next_link(page["headers"].get("link", ""))
                if not link:
                    break
                import httpx

                url, query = str(httpx.URL(page["url"]).join(link)), {}
            elif pages.type == "cursor":
                cursor = look_up(page["body"], pages.path)
                if cursor in (None, "", False):
                    break
                query = {**query, pages.parameter: str(cursor)}
            elif not items:
                break
            else:
                query = {**query, pages.parameter: str(pages.start + count)}
        else:
            raise NodeError(f"there are more than {pages.max_pages} pages: raise max_pages", "limit", retryable=False)
        return {**page, "body": collected}

    # -- one request and its redirects

    async def _fetch(self, url: str, query: dict[str, Any], headers: dict[str, str], ctx: NodeContext) -> Any:
        import httpx

        try:
            async with asyncio.timeout(self.config.timeout_s):
                return await self._send(self._request(url, query, headers, ctx), ctx)
        except TimeoutError:
            message = f"{_shown(url)} did not answer within {self.config.timeout_s:g} s"
            raise NodeError(message, "timeout") from None
        except httpx.InvalidURL as error:
            raise NodeError(f"{_shown(url)} is no URL: {error}", "input", retryable=False) from None
        except httpx.HTTPError as error:
            raise NodeError(f"{_shown(url)}: {type(error).__name__}: {error}", "connection") from error

    def _request(self, url: str, query: dict[str, Any], headers: dict[str, str], ctx: NodeContext) -> httpx.Request:
        import httpx

        target = httpx.URL(url)
        if target.scheme not in ("http", "https") or not target.host or target.userinfo:
            raise NodeError(f"{_shown(url)} is no http(s) URL without a password in it", "input", retryable=False)
        if query:
            target = target.copy_merge_params(query)
        auth = self.config.auth
        headers = {name.lower(): value for name, value in headers.items()}
        if auth is not None:
            secret = self.grants.secret(auth.secret)
            if auth.type == "query":
                target = target.copy_merge_params({auth.name: secret})
            elif auth.type == "basic":
                headers["authorization"] = httpx.BasicAuth(auth.user, secret)._auth_header
            else:
                name, value = ("authorization", f"Bearer {secret}") if auth.type == "bearer" else (auth.name, secret)
                headers[name.lower()] = value
        body = encoded(self.config.send, ctx.inputs["body"], self.config.files)
        headers = {**body.pop("headers", {}), **headers}
        try:
            return self._client.build_request(self.config.method, target, headers=headers, **body)
        except (TypeError, ValueError, UnicodeError) as error:
            raise NodeError(f"the request cannot be built: {error}", "input", retryable=False) from None

    async def _send(self, request: httpx.Request, ctx: NodeContext) -> Any:
        for _ in range(self.config.max_redirects + 1):
            response = await self._client.send(request, stream=True)
            try:
                following = response.next_request
                if following is None:
                    return await self._answer(response, ctx)
            finally:
                await response.aclose()
            if following.url.scheme not in ("http", "https"):
                raise NodeError(f"it redirects to {following.url.scheme}:", "forbidden", retryable=False)
            self._forget_secrets(request, following)
            request = following
        raise NodeError(f"more than {self.config.max_redirects} redirects", "redirects", retryable=False)

    def _forget_secrets(self, before: httpx.Request, following: httpx.Request) -> None:
        """Credentials go to the host that they were meant for, and to no other."""
        origin = (before.url.scheme, before.url.host, before.url.port)
        if (following.url.scheme, following.url.host, following.url.port) == origin:
            return
        auth = self.config.auth
        own = {auth.name.lower()} if auth is not None and auth.type == "header" else set()
        for name in (*_PRIVATE_HEADERS, *own):
            following.headers.pop(name, None)

    async def _answer(self, response: httpx.Response, ctx: NodeContext) -> Any:
        config, status = self.config, response.status_code
        url = _shown(str(response.url))
        if config.fail and status >= 400:
            text = (await self._read(response, 2_000, cut=True)).decode("utf-8", "replace")
            raise NodeError(
                f"{url} answered {status} {response.reason_phrase}: {text[:500]}",
                f"http_{status}",
                retryable=status in _RETRYABLE,
                retry_after_s=_retry_after(response.headers.get("retry-after", "")),
            )
        headers = {name.lower(): value for name, value in response.headers.items()}
        found = {"status": status, "headers": headers, "url": str(response.url.copy_with(query=None))}
        if config.save is not None:
            return {**found, "body": await self._save(response, config.save)}
        data = await self._read(response, config.max_bytes)
        return {**found, "body": _parsed(data, config.parse, response)}

    async def _read(self, response: httpx.Response, limit: int, *, cut: bool = False) -> bytes:
        data = bytearray()
        async for chunk in _chunks(response, limit, cut):
            data += chunk
        return bytes(data)

    async def _save(self, response: httpx.Response, save: Save) -> dict[str, Any]:
        folder = self.grants.file_root(save.root, write=True).folder
        size = 0
        with writing(folder, save.path) as file:
            async for chunk in _chunks(response, self.config.max_bytes, False):
                size += len(chunk)
                await asyncio.to_thread(file.write, chunk)
        return {"path": save.path, "size": size}


async def _chunks(response: httpx.Response, limit: int, cut: bool) -> AsyncIterator[bytes]:
    """The decoded body, up to `limit` bytes; more is an error, or left out when `cut`."""
    size = 0
    async for chunk in response.aiter_bytes(65_536):
        size += len(chunk)
        if size > limit:
            if cut:
                yield chunk[: len(chunk) - (size - limit)]
                return
            raise NodeError(f"the body has more than {limit} bytes: raise max_bytes", "limit", retryable=False)
        yield chunk


def _parsed(data: bytes, how: str, response: httpx.Response) -> Any:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if how == "auto":
        how = "json" if kind == "application/json" or kind.endswith("+json") else "text" if _is_text(kind) else "bytes"
        if not data:
            return None
    if how == "json":
        try:
            return msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise NodeError(f"the body is no JSON: {error}", "json", retryable=False) from None
    return data if how == "bytes" else data.decode(response.charset_encoding or "utf-8", "replace")


def _is_text(kind: str) -> bool:
    return (
        kind.startswith("text/") or kind in ("application/xml", "application/x-www-form-urlencoded") or "+xml" in kind
    )


def _retry_after(text: str) -> float | None:
    """Seconds that a `Retry-After` header asks for: a number, or a date."""
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time()) if text else None
    except ValueError:
        return None


def _next_link(header: str) -> str | None:
    for part in header.split(","):
        target, _, rest = part.partition(";")
        if 'rel="next"' in rest or "rel=next" in rest:
            return target.strip().strip("<>")
    return None


def _shown(url: str) -> str:
    """A URL as errors may show it: no parameters (they may be secrets), no password."""
    before, at, after = url.partition("?")[0].rpartition("@")
    return f"{before.partition('://')[0]}://{after}"[:200] if at else after[:200]


def _text(value: Any) -> Any:
    if isinstance(value, Json):
        value = value.data
    if isinstance(value, bool):
        return "true" if value else "false"
    return [_text(item) for item in value] if isinstance(value, list) else "" if value is None else str(value)
