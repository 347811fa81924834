"""Under which names an application answers: the Host header of every request, against DNS rebinding.

A page of another site can let its own name lead to this machine; its requests then look as if they came from a page of
ours, but for the name. Owns that check and nothing else. In development it is on without any setting: what can't be
anybody's on the internet (addresses, `localhost`, names without a dot) is let in. Called by `app` and `development`.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterable
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Send

from livets.errors import ConfigError
from livets.transport.origin import OriginPolicy, Scope
from livets.wire import codes

logger = logging.getLogger("livets.transport")

_REFUSED: Final = "The server does not answer to this host name. Config.allowed_hosts lists those that it does."
_NOBODYS: Final = (
    ".localhost", ".local", ".internal", ".test", ".lan", ".home.arpa", ".example", ".invalid",
    ".example.com", ".example.org", ".example.net",
)  # fmt: skip
"""Ends of names that nobody can register."""
_MAX_LOGGED: Final = 100


class Hosts:
    """The names that requests may use."""

    __slots__ = ("_domains", "_logged", "_names", "_origins", "_own_machine")

    def __init__(
        self, allowed: Iterable[str], origins: OriginPolicy, *, known: Iterable[str] = (), dev: bool = False
    ) -> None:
        """`allowed`: host names, or `.example.com` for that name and all below it; none of them: any name will do,
        in development any that can only be this machine's. `known`: origins that are allowed anyway.

        Raises ConfigError for an entry that is no host name.
        """
        names = [_checked(name) for name in allowed]
        self._own_machine = dev
        self._domains = tuple(name for name in names if name.startswith("."))
        self._names = frozenset(names) if names or dev else None
        if self._names is not None:
            self._names |= {_name(origin.partition("://")[2]) for origin in known}
        self._origins = origins
        self._logged: set[str] = set()

    def allows(self, scope: Scope) -> bool:
        """Whether a request came under one of these names; what it claims otherwise is logged."""
        if self._names is None:
            return True
        own = self._origins.own(scope)
        name = "" if own is None else _name(own.partition("://")[2])
        if name in self._names or f".{name}".endswith(self._domains) or (self._own_machine and _is_nobodys(name)):
            return True
        self._log(name)
        return False

    def _log(self, name: str) -> None:
        """Once a name: scanners ask without end."""
        if name in self._logged or len(self._logged) >= _MAX_LOGGED:
            return
        self._logged.add(name)
        logger.warning(
            "a request for the host %r was refused: if that is a name of yours, add it to LIVETS_ALLOWED_HOSTS or "
            "LiveTS(allowed_hosts=[%r])", name, name
        )  # fmt: skip


async def refuse_host(scope: Scope, receive: Receive, send: Send) -> None:
    """The answer to a request that `allows` does not allow."""
    if scope["type"] == "websocket":
        await receive()  # websocket.connect
        await send({"type": "websocket.close", "code": codes.CLOSE_UNAUTHORISED})
    else:
        await PlainTextResponse(_REFUSED, 400)(scope, receive, send)


def _name(host: str) -> str:
    """The host without its port."""
    return host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host


def _is_nobodys(name: str) -> bool:
    if name.startswith("["):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name != "" and ("." not in name or f".{name}".endswith(_NOBODYS))
    return True


def _checked(name: str) -> str:
    if not name.strip(".") or name != name.lower() or any(char in name for char in "/*@ ") or name.startswith("http:"):
        raise ConfigError(
            f"allowed_hosts: {name!r} is not a host name: write 'app.example.com', or '.example.com' for that name "
            "and all below it; lower case, without scheme, port and path"
        )
    return name
