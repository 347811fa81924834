"""The Dask side of a worker: a plugin that owns the Host, and the one function that Dask is asked to call.

Dask tells the plugin when a task that runs is not wanted any more (the run cancelled it, or the process of the run is
gone): that is how nodes are stopped. Dask pickles this function by its name and the messages as bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
from typing import Any

from livets.engine.errors import EngineError, MissingExtra
from livets.flow.elsewhere.host import Host
from livets.flow.elsewhere.nodes import registry_of
from livets.flow.grants import Grants
from livets.flow.grants_file import read_grants

try:
    from distributed import Reschedule, get_worker
    from distributed.diagnostics.plugin import WorkerPlugin
except ModuleNotFoundError as error:
    raise MissingExtra("running nodes on other machines", "distributed", "dask") from error

logger = logging.getLogger("livets.flow.worker")
NAME = "livets"
EXIT_STUCK = 75


class HostPlugin(WorkerPlugin):
    """Makes a worker run nodes. `nodes` are modules with further nodes, `grants` is a TOML file on this machine."""

    name = NAME
    idempotent = True

    def __init__(
        self, nodes: tuple[str, ...] = (), grants: str | None = None, idle_s: float = 600.0, grace_s: float = 5.0
    ) -> None:
        self._nodes, self._grants, self._idle_s, self._grace_s = nodes, grants, idle_s, grace_s
        self.host: Host | None = None

    def setup(self, worker: Any) -> None:
        """The worker starts."""
        grants = read_grants(self._grants) if self._grants else Grants()
        if worker.nanny is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the nanny ends it in order

        def tell(session: str, report: bytes) -> None:
            with contextlib.suppress(Exception):  # a worker that has lost its scheduler has nobody to tell
                worker.log_event(session, report)

        registry = registry_of(self._nodes)
        self.host = Host(str(worker.name), registry, grants, tell, _die, idle_s=self._idle_s, grace_s=self._grace_s)

    def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
        """Dask moves a task from one state to another."""
        if start in ("executing", "long-running") and finish == "released" and self.host is not None:
            self.host.stop(str(key))

    async def teardown(self, worker: Any) -> None:
        """The worker ends."""
        host, self.host = self.host, None
        if host is not None:
            await host.close()


async def attempt(key: str, message: bytes, *large: bytes) -> bytes:
    """Run one attempt of a node on this worker."""
    worker = get_worker()
    if worker.plugins.get(NAME) is None:  # it has just ended here: another worker is to take it
        raise Reschedule
    return await asyncio.wrap_future(_host(worker).begin(key, message, large))


def describe(dask_worker: Any) -> dict[str, Any]:
    """Return what is known here: the version of each type of node."""
    return {"name": _host(dask_worker).name, "types": _host(dask_worker).types()}


async def stop(key: str, dask_worker: Any) -> None:
    """Stop that attempt, whether it has begun or not; returns when it has ended."""
    await asyncio.wrap_future(_host(dask_worker).stopped(key))


async def end_run(run: str, dask_worker: Any) -> None:
    """A run has ended."""
    await asyncio.wrap_future(_host(dask_worker).end_run(run))


async def release(session: str, dask_worker: Any) -> None:
    """A runtime is closed."""
    await asyncio.wrap_future(_host(dask_worker).release(session))


def _host(worker: Any) -> Host:
    plugin = worker.plugins.get(NAME)
    if plugin is None or plugin.host is None:
        raise EngineError(f"the Dask worker {worker.name} runs no nodes: start it with  livets flow worker")
    host: Host = plugin.host
    return host


def _die(why: str) -> None:
    """End this process; the nanny starts another one."""
    logger.error("%s", why)
    os._exit(EXIT_STUCK)
