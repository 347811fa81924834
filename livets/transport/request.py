"""What a view sees as `self.request`: the request of its page, kept for the view's whole life.

Owns a small copy of the request and nothing of the server's. A view that came to life at a socket sees the request
of its page all the same: its path and query are those of the page. Made by `worker`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

from starlette._utils import get_route_path
from starlette.datastructures import URL, Address, Headers, QueryParams
from starlette.requests import HTTPConnection

from livets.transport.origin import Scope

PATH_SAFE = "/:@!$&'()*+,;=~"
"""Characters that stand for themselves in a URL's path."""


def prefix_of(scope: Scope) -> str:
    """The path at which the application is mounted, without a slash at its end."""
    prefix: str = scope.get("root_path", "")
    return prefix.rstrip("/")


def url_of(scope: Scope) -> str:
    """Percent-encoded path below the mount point, and query, of a request."""
    path = quote(get_route_path(scope), safe=PATH_SAFE)
    query = scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


class PageRequest:
    """The request of a page; reads like a Starlette request without a body."""

    __slots__ = ("_client", "_headers", "_path", "_query", "_root_path", "_scheme")

    def __init__(self, scope: Scope, url: str) -> None:
        """`url`: percent-encoded path below the mount point, and query."""
        path, _, query = url.partition("?")
        self._path = unquote(path)
        self._query = query
        self._root_path = prefix_of(scope)
        self._scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
        self._client: Any = scope.get("client")
        self._headers = b"\n".join(b"%b:%b" % header for header in scope["headers"])

    @property
    def connection(self) -> HTTPConnection:
        """All of it as Starlette has it, made anew each time."""
        return HTTPConnection(
            {
                "type": "http",
                "path": self._root_path + self._path,
                "root_path": self._root_path,
                "query_string": self._query.encode("latin-1"),
                "headers": self._raw_headers(),
                "scheme": self._scheme,
                "client": self._client,
                "server": None,
            }
        )

    @property
    def headers(self) -> Headers:
        """Request headers."""
        return Headers(raw=self._raw_headers())

    @property
    def cookies(self) -> dict[str, str]:
        """Cookies by name."""
        return self.connection.cookies

    @property
    def query_params(self) -> QueryParams:
        """The query of the page's URL."""
        return QueryParams(self._query)

    @property
    def url(self) -> URL:
        """The page's URL. Its host is what the request's Host header claims: never decide anything by it."""
        return self.connection.url

    @property
    def path(self) -> str:
        """Path below the application's mount point."""
        return self._path

    @property
    def client(self) -> Address | None:
        """Address and port of the other end of the connection (perhaps a proxy)."""
        return None if self._client is None else Address(*self._client)

    def _raw_headers(self) -> list[tuple[bytes, bytes]]:
        pairs = (line.partition(b":") for line in self._headers.split(b"\n") if line)
        return [(name, value) for name, _, value in pairs]
