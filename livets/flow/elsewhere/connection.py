"""A connection to a Dask scheduler: made when it is first needed, made anew when the scheduler was gone.

The only place that knows Dask's client. Owned by one DaskLocation, used in its event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from livets.engine.errors import EngineError, MissingExtra, NodeError
from livets.flow.elsewhere.placing import HOST

try:
    import distributed

    from livets.flow.elsewhere import plugin
except ModuleNotFoundError as error:
    raise MissingExtra("running nodes on other machines", "distributed", "dask") from error

dask: Any = distributed  # it is typed in parts only
CONNECT_S = 10.0
TELL_S = 3.0
KEPT_BYTES = 256_000_000
"""Large bytes that nobody needs at the moment stay in the cluster up to this much in all."""


class _Large:
    """Large bytes that are in the cluster."""

    def __init__(self, future: Any, size: int) -> None:
        self.future, self.size, self.users = future, size, 0


class Connection:
    """`heard` is called with each report that workers send to `session`."""

    def __init__(
        self, address: str, tls: dict[str, str] | None, session: str, heard: Callable[[bytes], None], patience_s: float
    ) -> None:
        self.address = address
        self._connect_s = min(CONNECT_S, max(1.0, patience_s))
        self._tls, self._session, self._heard = tls, session, heard
        self._client: Any = None
        self._stream: Any = None
        self._lock = asyncio.Lock()
        self._large: OrderedDict[str, _Large] = OrderedDict()
        self._types: dict[str, dict[str, Any]] = {}

    @property
    def alive(self) -> bool:
        """Whether the scheduler is connected, and was all the time: a client that connects anew hears no reports."""
        client = self._client
        return client is not None and client.status == "running" and client.scheduler_comm is self._stream

    async def _connected(self) -> Any:
        """Return the client; raises OSError when nobody answers."""
        async with self._lock:
            if self.alive:
                return self._client
            await self._drop()
            security = dask.Security(**self._tls, require_encryption=True) if self._tls is not None else None
            client = dask.Client(
                self.address, asynchronous=True, set_as_default=False, timeout=self._connect_s, security=security,
                name="livets",
            )  # fmt: skip
            try:
                await client
            except BaseException:
                with contextlib.suppress(Exception):
                    await client.close(fast=True)
                raise
            client.subscribe_topic(self._session, lambda event: self._heard(event[1]))
            self._client, self._stream = client, client.scheduler_comm
            return client

    async def workers(self) -> dict[str, dict[str, float]]:
        """Return the resources of each worker that runs nodes, by address; raises EngineError when nobody answers."""
        try:
            client = await self._connected()
            found = await client.scheduler.identity()
        except OSError as error:
            hint = "start one with  dask scheduler  (pip install 'livets[dask]')"
            raise EngineError(f"no Dask scheduler answers at {self.address} ({error}): {hint}") from error
        return {
            address: one["resources"]
            for address, one in found["workers"].items()
            if HOST in one["resources"] and one.get("status", "running") == "running"
        }

    async def described(self, addresses: list[str]) -> list[dict[str, Any]]:
        """Return name and known types of these workers; those that have gone meanwhile are left out."""
        missing = [address for address in addresses if address not in self._types]
        if missing:
            client = await self._connected()
            found = await client.run(plugin.describe, workers=missing, on_error="return")
            self._types |= {address: one for address, one in found.items() if isinstance(one, dict)}
        return [self._types[address] for address in addresses if address in self._types]

    async def submit(
        self, function: Any, arguments: tuple[Any, ...], key: str, resources: dict[str, float], priority: int
    ) -> Any:
        """Return Dask's future of the call; raises OSError when nobody answers."""
        client = await self._connected()
        return client.submit(function, *arguments, key=key, resources=resources, priority=priority, pure=False)

    async def tell(self, function: Any, *arguments: Any, patience_s: float = TELL_S) -> None:
        """Call a function of the plugin on every worker that runs nodes; who does not answer in time is left alone."""
        if not self.alive:
            return
        with contextlib.suppress(Exception):
            async with asyncio.timeout(patience_s):
                workers = list(await self.workers())
                await self._client.run(function, *arguments, workers=workers, on_error="return")

    # -- large bytes

    async def put(self, hash: str, data: bytes) -> Any:
        """Return Dask's future of bytes that are in the cluster, once, however many nodes take them."""
        client = await self._connected()
        large = self._large.get(hash)
        if large is None or large.future.status != "finished":
            try:
                future = await client.scatter(data, hash=False)
            except TimeoutError as error:
                raise NodeError(f"no worker of {self.address} took what it needs: {error}", "no-worker") from error
            large = self._large[hash] = _Large(future, len(data))
        large.users += 1
        return large.future

    def let_go(self, hash: str) -> None:
        """One who needed them needs them no more."""
        large = self._large.get(hash)
        if large is not None:
            large.users -= 1
            self._large.move_to_end(hash)
        size = sum(one.size for one in self._large.values())
        for name, one in list(self._large.items()):
            if size <= KEPT_BYTES:
                break
            if one.users <= 0:
                size -= one.size
                del self._large[name]  # Dask forgets what no future stands for

    # -- endings

    async def _drop(self) -> None:
        client, self._client = self._client, None
        self._large.clear()
        self._types.clear()
        if client is not None:
            with contextlib.suppress(Exception):
                await client.close(fast=True)

    async def close(self) -> None:
        """Leave the cluster."""
        async with self._lock:
            client, self._client = self._client, None
            self._large.clear()
            if client is not None:
                with contextlib.suppress(Exception):
                    await client.close()
