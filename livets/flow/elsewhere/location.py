"""DaskLocation: nodes of a run on the workers of a Dask cluster that `livets flow worker` has started.

One for a FlowRuntime, in its event loop. A worker that dies loses nothing: Dask gives its nodes to another one that
fits, and the run is told. A scheduler that dies interrupts the run, which can be resumed when there is one again.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import secrets
from typing import Any

from livets.engine.errors import EngineError, Interrupted, MissingExtra, NodeError
from livets.engine.node import NodeType
from livets.flow.elsewhere.connection import Connection
from livets.flow.elsewhere.messages import Told, read_answer, read_report, write_work
from livets.flow.elsewhere.placing import asked, fits, offered, wish
from livets.flow.location import Given, Location, Report, Work
from livets.flow.model import NodeSpec

try:
    from distributed.scheduler import KilledWorker

    from livets.flow.elsewhere import plugin
except ModuleNotFoundError as error:
    raise MissingExtra("running nodes on other machines", "distributed", "dask") from error

STOP_S = 8.0
"""How long a cancelled node may take to end over there before the run goes on without knowing."""
WATCH_S = 1.0
PREPARED_S = 5.0
TRIES = 3
"""How often work is sent anew when the cluster has lost what it needs."""


class _Sent:
    """One attempt that is over there."""

    def __init__(self, work: Work, wanted: dict[str, float], wish: str, report: Report) -> None:
        self.work, self.wanted, self.wish, self.report = work, wanted, wish, report
        self.worker = ""
        self.nowhere_since: float | None = None
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class DaskLocation(Location):
    """The workers of the scheduler at `address` (`tcp://host:8786`, or `tls://` with `tls`).

    `only_placed`: takes nodes with a placement and leaves others here. `patience_s`: how long a run waits, at its start
    and for each node, until there is a worker that fits. `tls`: files by the names of dask.distributed.Security; empty
    for what Dask's own configuration says.
    """

    def __init__(
        self, address: str, *, only_placed: bool = False, patience_s: float = 30.0, tls: dict[str, str] | None = None
    ) -> None:
        self.address = address
        self._only_placed, self._patience_s = only_placed, patience_s
        self._session = f"livets-{secrets.token_hex(8)}"
        self._connection = Connection(address, tls, self._session, self._heard, patience_s)
        self._count = 0
        self._sent: dict[str, _Sent] = {}
        self._runs: set[str] = set()
        self._prepared: dict[tuple[object, ...], float] = {}
        """What was found ready, and when: most nodes of a large workflow are like others."""
        self._watcher: asyncio.Task[None] | None = None

    def takes(self, spec: NodeSpec, node_type: NodeType) -> bool:
        """Every node that may leave the process of the run; or only those with a placement."""
        return not self._only_placed or spec.placement is not None

    async def prepare(self, spec: NodeSpec, node_type: NodeType) -> None:
        """Wait until a worker fits; raise EngineError when none does, or one that fits does not know the node."""
        wanted, clock = asked(spec.placement), asyncio.get_running_loop().time
        same = (node_type.name, node_type.version, *sorted(wanted.items()))
        if clock() - self._prepared.get(same, -PREPARED_S) < PREPARED_S:
            return
        limit = clock() + self._patience_s
        while True:
            workers = await self._connection.workers()
            fitting = [address for address, resources in workers.items() if fits(resources, wanted)]
            if fitting:
                break
            if clock() > limit:
                raise EngineError(f"node {spec.id!r} {self._nobody(wish(spec.placement), workers)}")
            await asyncio.sleep(0.1)
        await self._check_known(spec, node_type, fitting)
        self._prepared[same] = clock()

    async def _check_known(self, spec: NodeSpec, node_type: NodeType, fitting: list[str]) -> None:
        for described in await self._connection.described(fitting):
            if described["types"].get(node_type.name) != node_type.version:
                has = described["types"].get(node_type.name)
                what = f"has it in version {has}, not {node_type.version}" if has else "does not know it"
                message = f"node {spec.id!r} is a {node_type.name}, and the worker {described['name']} {what}"
                raise EngineError(f"{message}: start it with --nodes MODULE, or install the package there")

    def _nobody(self, what: str, workers: dict[str, dict[str, float]]) -> str:
        there = "; ".join(offered(resources) for resources in workers.values()) or "none"
        waited = f"none came in {self._patience_s:g} s"
        return f"wants {what}, and {waited}. Workers of {self.address}: {there}. Start one with  livets flow worker"

    # -- one node

    async def submit(self, work: Work, spec: NodeSpec, report: Report) -> Given:
        """Send it, and wait for the answer; a worker's death on the way is only told."""
        message, large = write_work(work, self._session)
        self._runs.add(work.run)
        for _ in range(TRIES):
            sent = _Sent(work, asked(spec.placement), wish(spec.placement), report)
            try:
                return read_answer(await self._once(sent, message, large, spec))
            except concurrent.futures.CancelledError as error:  # Dask's word for: lost
                if not self._connection.alive:
                    raise self._interrupted() from error
                report("warning", {"message": "the cluster has lost what it was sent: it is sent again"})
        raise NodeError(f"the cluster has lost it {TRIES} times", "lost-worker")

    def _interrupted(self) -> Interrupted:
        return Interrupted(f"the Dask scheduler {self.address} is gone: resume the run when there is one again")

    async def _once(self, sent: _Sent, message: bytes, large: dict[str, bytes], spec: NodeSpec) -> bytes:
        self._count += 1
        key = f"{self._session}-{self._count}"
        self._sent[key] = sent
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.create_task(self._watch())
        future = None
        try:
            arguments = (key, message, *[await self._connection.put(hash_, data) for hash_, data in large.items()])
            future = await self._connection.submit(plugin.attempt, arguments, key, sent.wanted, 3 - spec.priority)
            answer = asyncio.ensure_future(future.result())
            try:
                await asyncio.wait([answer, sent.failed], return_when=asyncio.FIRST_COMPLETED)
                if not answer.done():
                    sent.failed.result()
                found: bytes = await answer
                return found
            finally:
                answer.cancel()
        except KilledWorker as error:
            message_ = f"the workers that ran it died, one after the other; the last was {sent.worker}"
            raise NodeError(message_, "lost-worker") from error
        except asyncio.CancelledError:
            await self._stop(key, future)
            raise
        except OSError as error:
            raise self._interrupted() from error
        finally:
            del self._sent[key]
            sent.failed.cancel()
            for hash_ in large:
                self._connection.let_go(hash_)
            if future is not None:
                future.release()

    async def _stop(self, key: str, future: Any) -> None:
        """Take the task from Dask, and wait until the node has really ended on its worker."""
        if future is None or not self._connection.alive:
            return
        with contextlib.suppress(Exception):
            await future.cancel(force=True)
        await self._connection.tell(plugin.stop, key, patience_s=STOP_S)  # wherever it is by now

    # -- what comes back

    def _heard(self, message: bytes) -> None:
        key, told, kind, data = read_report(message)
        sent = self._sent.get(key)
        if sent is None:
            return
        if told is Told.BEGUN:
            if sent.worker:
                text = f"the worker {sent.worker} was lost while it ran this: it runs again, on {data['worker']}"
                sent.report("warning", {"message": text, "lost": sent.worker, "worker": data["worker"]})
            sent.worker, sent.nowhere_since = data["worker"], None
        elif told is Told.EVENT:
            sent.report(kind, data)
        else:
            extra = {"run": sent.work.run, "node": sent.work.node, "attempt": sent.work.attempt, "worker": sent.worker}
            logging.getLogger("livets.engine.node").log(data["level"], "%s", data["message"], extra=extra)

    async def _watch(self) -> None:
        """Give up nodes for which there has been no worker for too long."""
        while self._sent:
            await asyncio.sleep(WATCH_S)
            try:
                workers = await self._connection.workers()
            except EngineError:
                continue  # their futures are cancelled, which says it
            now = asyncio.get_running_loop().time()
            for sent in self._sent.values():
                if any(fits(resources, sent.wanted) for resources in workers.values()):
                    sent.nowhere_since = None
                elif sent.nowhere_since is None:
                    sent.nowhere_since = now
                elif now - sent.nowhere_since > self._patience_s and not sent.failed.done():
                    sent.failed.set_exception(NodeError(f"it {self._nobody(sent.wish, workers)}", "no-worker"))

    # -- endings

    async def end_run(self, run: str) -> None:
        """Tell the workers once, although each node of the run says it."""
        if run in self._runs:
            self._runs.discard(run)
            await self._connection.tell(plugin.end_run, run)

    async def close(self) -> None:
        """Let the workers shut down what only this runtime used, and leave the cluster."""
        if self._watcher is not None:
            self._watcher.cancel()
        await self._connection.tell(plugin.release, self._session)
        await self._connection.close()
