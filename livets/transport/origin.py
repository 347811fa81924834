"""Where a request claims to come from, and whether that is allowed.

Owns the exact comparison of the Origin header with the page's own origin and the allow-list. Never matches by
prefix, suffix or pattern, never reads `request.url` (built from a header that anybody can write).
Called by `socket` before it accepts, and by `page` for the scheme.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, MutableMapping
from typing import Any

from livets.errors import ConfigError

Scope = MutableMapping[str, Any]

_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9._-]*)|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)
_ORIGIN = re.compile(rf"https?://{_HOST.pattern}", re.ASCII)
_DEFAULT_PORT = {"http": ":80", "https": ":443"}


class OriginPolicy:
    """Which origins may open a socket: the page's own and those on the list."""

    __slots__ = ("_allowed", "_trust_forwarded")

    def __init__(self, allowed: Iterable[str] = (), *, trust_forwarded: bool = False) -> None:
        """Raises ConfigError for an entry that no browser would send."""
        self._allowed = frozenset(_checked(origin) for origin in allowed)
        self._trust_forwarded = trust_forwarded

    def allows(self, scope: Scope) -> bool:
        """Whether this request's Origin is exactly one of those allowed; a missing one is not."""
        origin = header(scope, b"origin")
        return origin is not None and (origin in self._allowed or origin == self.own(scope))

    def own(self, scope: Scope) -> str | None:
        """The origin that a page served for this request has; None when the Host header is not a host."""
        host = self._forwarded(scope, b"x-forwarded-host") or header(scope, b"host")
        if host is None:
            return None
        host = host.lower()
        if not _HOST.fullmatch(host):
            return None
        scheme = "https" if self.is_secure(scope) else "http"
        return f"{scheme}://{host.removesuffix(_DEFAULT_PORT[scheme])}"

    def is_secure(self, scope: Scope) -> bool:
        """Whether the browser speaks TLS to us (or to the proxy that we were told to believe)."""
        scheme = self._forwarded(scope, b"x-forwarded-proto") or scope.get("scheme", "http")
        return scheme in {"https", "wss"}

    def _forwarded(self, scope: Scope, name: bytes) -> str | None:
        return header(scope, name) if self._trust_forwarded else None


def header(scope: Scope, name: bytes) -> str | None:
    """The value of a header that must be there exactly once; None when it is not, or twice."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else None


def _checked(origin: str) -> str:
    if not _ORIGIN.fullmatch(origin) or any(
        origin.startswith(f"{scheme}:") and origin.endswith(port) for scheme, port in _DEFAULT_PORT.items()
    ):
        raise ConfigError(
            f"allowed_origins: {origin!r} is not an origin as browsers send it. Write scheme, host and, if it is "
            "not the usual one, port, in lower case and without a slash at the end: 'https://app.example.com'"
        )
    return origin
