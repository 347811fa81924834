"""A worker: a Dask worker process with the HostPlugin, watched by a Dask nanny, at a scheduler that may come and go.

The nanny starts a killed worker again under its name. When the scheduler is gone the worker ends, and this waits for
the next one at the same address. Called by `livets flow worker`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from typing import Any

import msgspec

from livets.engine.errors import EngineError, MissingExtra
from livets.flow.elsewhere.nodes import registry_of
from livets.flow.elsewhere.placing import had
from livets.flow.grants_file import read_grants

AGAIN_S = 0.5
"""How often a scheduler that does not answer is asked."""
STARTUP_S = 60.0
CLOSE_S = 12.0
"""How long a worker may take to stop its nodes and shut them down before its process is killed."""


class WorkerOptions(msgspec.Struct, kw_only=True):
    """What a worker is. `slots`: nodes at once; `tls` as for DaskLocation; `memory` as Dask has it ("4 GiB")."""

    scheduler: str
    name: str
    labels: dict[str, int | float | str] = {}
    slots: int = 4
    nodes: tuple[str, ...] = ()
    grants: str | None = None
    idle_s: float = 600.0
    grace_s: float = 5.0
    host: str | None = None
    memory: str = "0"
    tls: dict[str, str] | None = None


def check_options(options: WorkerOptions) -> None:
    """Raise EngineError when the nodes or grants cannot be read: here, not in a process that is started again."""
    registry_of(options.nodes)
    if options.grants:
        read_grants(options.grants)


async def serve(options: WorkerOptions, told: Callable[[str], None], stop: asyncio.Event) -> None:
    """Be a worker until `stop` is set; `told` hears when it has joined a scheduler, or waits for one."""
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "warning")  # before Dask is imported, and for its process
    stopping = asyncio.ensure_future(stop.wait())
    try:
        waiting = False
        while not stop.is_set():
            if not await _answers(options):
                if not waiting:
                    told(f"waiting for a scheduler at {options.scheduler}")
                waiting = True
                await asyncio.wait([stopping], timeout=AGAIN_S)
                continue
            waiting = False
            try:
                await _join(options, told, stopping)
            except (OSError, RuntimeError) as error:  # the scheduler has gone again meanwhile, or Dask says why
                told(f"could not join {options.scheduler}, and tries again: {error.__cause__ or error}")
                await asyncio.wait([stopping], timeout=AGAIN_S)
    finally:
        stopping.cancel()


async def _answers(options: WorkerOptions) -> bool:
    connect, _, _ = _dask()
    try:
        comm = await connect(options.scheduler, timeout=5, **_security(options).get_connection_args("worker"))
    except OSError:
        return False
    await comm.close()
    return True


async def _join(options: WorkerOptions, told: Callable[[str], None], stopping: asyncio.Future[Any]) -> None:
    """Be a worker of the scheduler that is there, until it is gone or `stopping` is done."""
    from livets.flow.elsewhere.plugin import HostPlugin

    _, nanny_class, _ = _dask()
    plugin = HostPlugin(options.nodes, options.grants, options.idle_s, options.grace_s)
    nanny = nanny_class(
        options.scheduler,
        name=options.name,
        nthreads=options.slots,
        resources=had(options.name, options.labels),
        plugins=(plugin,),
        memory_limit=options.memory,
        host=options.host,
        security=_security(options),
        dashboard=False,
    )
    try:
        async with asyncio.timeout(STARTUP_S):
            await nanny
        told(f"{options.name} has joined {options.scheduler}")
        gone = asyncio.ensure_future(nanny.finished())
        await asyncio.wait([gone, stopping], return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
    finally:
        with contextlib.suppress(Exception):
            await nanny.close(timeout=CLOSE_S)


def _security(options: WorkerOptions) -> Any:
    _, _, security = _dask()
    if options.tls is None:
        return security()
    files = {name: value for name, value in options.tls.items() if value}
    return security(**files, require_encryption=True)


def _dask() -> tuple[Any, Any, Any]:
    try:
        from distributed import Nanny, Security
        from distributed.comm.core import connect
    except ModuleNotFoundError as error:
        raise MissingExtra("livets flow worker", "distributed", "dask") from error
    return connect, Nanny, Security


def check_scheduler(address: str) -> None:
    """Raise EngineError unless `address` is one of a scheduler.

    >>> check_scheduler("tcp://10.0.0.7:8786")
    """
    scheme, separator, rest = address.partition("://")
    _, colon, port = rest.rpartition(":")
    if scheme not in ("tcp", "tls") or not separator or not colon or not port.isdigit():
        raise EngineError(f"{address!r} is no address of a Dask scheduler: write  tcp://host:8786  or  tls://host:8786")
