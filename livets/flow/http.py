"""An HTTP client for nodes: httpx, with every connection judged and pinned by the Network that the program granted.

Connections are made by a backend of ours below httpx: it resolves the name once, refuses what is not granted, and
connects to the very address that was judged, while TLS still checks the name. Proxies and settings of the
environment are not used. httpx comes with the extra `livets[flow]`.
"""

from __future__ import annotations

import functools
import ssl
from collections.abc import Iterable
from typing import Any

from livets.engine.errors import MissingExtra, NodeError
from livets.flow.network import Network

try:
    import httpcore
    import httpx
except ImportError as error:  # pragma: no cover - shown by the test that hides httpx
    raise MissingExtra("http.request", "httpx", "flow") from error

MAX_CONNECTIONS = 100


class Guarded(httpcore.AsyncNetworkBackend):
    """Connects only where the network allows, to the address that was judged."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, judge, connect: to the first address that answers."""
        failure: Exception | None = None
        for address in await self._network.addresses(host, port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError(f"{host}:{port} has no address")

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        """Refused: no workflow has business there."""
        raise NodeError("sockets of this machine are not granted", "forbidden", retryable=False)

    async def sleep(self, seconds: float) -> None:
        """As the backend below does it."""
        await self._inner.sleep(seconds)


class _Transport(httpx.AsyncHTTPTransport):
    """httpx's transport over a pool whose backend is guarded."""

    def __init__(self, network: Network) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        if not isinstance(getattr(self, "_pool", None), httpcore.AsyncConnectionPool):
            raise NodeError("this httpx cannot be guarded: install httpx 0.28", "config", retryable=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_tls(),
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=20,
            keepalive_expiry=15.0,
            network_backend=Guarded(network),
        )


@functools.cache
def _tls() -> ssl.SSLContext:
    """One context for all clients: reading the certificates takes tens of milliseconds."""
    return httpx.create_ssl_context(trust_env=False)


def client(network: Network) -> httpx.AsyncClient:
    """Return a client whose connections are guarded by `network`; redirects are its user's business."""
    return httpx.AsyncClient(
        transport=_Transport(network),
        follow_redirects=False,
        trust_env=False,
        timeout=None,  # noqa: S113 - who asks says how long
        headers={"accept-encoding": "gzip, deflate", "user-agent": "livets-flow"},
    )
