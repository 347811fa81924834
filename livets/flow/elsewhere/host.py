"""Runs nodes on a worker, in a loop and a thread of their own, so that the worker's messages never wait for a node.

Knows nothing of Dask: it is given messages (messages.py) and ways to report, and gives answers. To stop a node it
cancels it; a plain function gets an exception raised inside; what runs on for `grace_s` seconds all the same ends the
whole process (`die`), for nothing else stops it. Owned by the plugin of one worker.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import hashlib
import inspect
import logging
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, nullcontext, suppress
from typing import Any

import msgspec

from livets.engine.context import Cancellation, NodeContext
from livets.engine.errors import EngineError, NodeError, RegistryError
from livets.engine.node import NodeType
from livets.engine.registry import Registry
from livets.flow.elsewhere.context import FarState, TellingLog
from livets.flow.elsewhere.instances import WorkerInstances
from livets.flow.elsewhere.messages import Told, read_work, write_answer, write_error, write_report
from livets.flow.elsewhere.threads import in_thread
from livets.flow.grants import Grants
from livets.flow.location import Work
from livets.flow.telemetry.logs import marked

logger = logging.getLogger("livets.flow.worker")
Tell = Callable[[str, bytes], None]
"""Sends a report (its second argument) to the session that is its first; called from any thread."""


_CANCELLED = NodeError("it was cancelled", "cancelled", retryable=False)


class _Task:
    """One attempt that runs here."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.cancellation = Cancellation()
        self.task: asyncio.Task[Any] | None = None
        self.timer: threading.Timer | None = None
        self.over = asyncio.Event()


class Host:
    """`tell` sends reports, `die` ends the process; both are called from any thread. Close it with `close`."""

    def __init__(
        self,
        name: str,
        registry: Registry,
        grants: Grants,
        tell: Tell,
        die: Callable[[str], None],
        *,
        grace_s: float = 5.0,
        idle_s: float = 600.0,
    ) -> None:
        self.name, self.registry = name, registry
        self._grants, self._tell, self._die, self._grace_s, self._idle_s = grants, tell, die, grace_s, idle_s
        self._running: dict[str, _Task] = {}
        self._stopped: deque[str] = deque(maxlen=10_000)
        """Keys that were stopped before they had begun here."""
        self._lock = threading.Lock()
        self._instances = WorkerInstances(grants)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="livets nodes", daemon=True)
        self._thread.start()
        self._log = TellingLog(lambda key, session, data: tell(session, write_report(key, Told.LOG, "", data)))
        self._sweeper = self._call(self._sweep())

    def _call(self, work: Coroutine[Any, Any, Any]) -> concurrent.futures.Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    # -- called from the worker's thread

    def types(self) -> dict[str, int]:
        """Return the version of each type of node that is known here."""
        return {name: self.registry.node_type(name).version for name in self.registry.names("node")}

    def begin(self, key: str, message: bytes, large: Sequence[bytes]) -> concurrent.futures.Future[bytes]:
        """Run what `message` says; the future gets the answer, and is cancelled when the node is stopped."""
        return self._call(self._run(_Task(key), message, large))

    def stop(self, key: str) -> None:
        """Stop the node that runs under `key`, or will."""
        with self._lock:
            task = self._running.get(key)
            if task is None:
                self._stopped.append(key)
                return
        if task.timer is None:
            task.timer = threading.Timer(self._grace_s, self._still, [key])
            task.timer.daemon = True
            task.timer.start()
        self._loop.call_soon_threadsafe(self._cancel, task)

    def stopped(self, key: str) -> concurrent.futures.Future[Any]:
        """`stop` it; done when it has ended here, or never will begin."""
        self.stop(key)
        return self._call(self._over(key))

    async def _over(self, key: str) -> None:
        task = self._running.get(key)
        if task is not None:
            await task.over.wait()

    def _cancel(self, task: _Task) -> None:
        if task.task is not None and not task.cancellation.requested:  # once: a second one would cut its clean-up short
            task.cancellation.request("cancelled")
            task.task.cancel()

    def _still(self, key: str) -> None:
        """The grace time is over, and the node runs on: it holds the loop, or a thread in a call of C."""
        if key in self._running:
            self._die(f"a node that was told to stop has not done so for {self._grace_s:g} s: this process ends")

    def end_run(self, run: str) -> concurrent.futures.Future[Any]:
        """A run has ended."""
        return self._call(self._instances.end_run(run))

    def release(self, session: str) -> concurrent.futures.Future[Any]:
        """A runtime is closed."""
        return self._call(self._instances.release(session))

    async def close(self) -> None:
        """Stop what runs and shut all instances down; called in the worker's own loop, once."""
        for key in list(self._running):
            self.stop(key)
        self._sweeper.cancel()
        await asyncio.wrap_future(self._call(self._close()))
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, 1.0)
        if not self._thread.is_alive():
            self._loop.close()
        self._log.close()

    async def _close(self) -> None:
        tasks = [one.task for one in self._running.values() if one.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=self._grace_s)
        await self._instances.close()
        await self._grants.close()

    # -- in the loop of the nodes

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(self._idle_s, 30.0))
            await self._instances.sweep(self._idle_s)

    async def _run(self, task: _Task, message: bytes, large: Sequence[bytes]) -> bytes:
        key = task.key
        task.task = asyncio.current_task()
        with self._lock:
            if key in self._stopped:
                return write_error(_CANCELLED)
            self._running[key] = task
        try:
            work, session = read_work(message, {hashlib.sha256(data).hexdigest(): data for data in large})
            self._tell(session, write_report(key, Told.BEGUN, "", {"worker": self.name}))
            return await self._attempt(task, work, session)
        except asyncio.CancelledError:
            return write_error(_CANCELLED)
        except (Exception, SystemExit) as error:  # whatever a node raises is its failure, and an answer
            return write_error(error)
        finally:
            del self._running[key]
            task.over.set()
            if task.timer is not None:
                task.timer.cancel()

    async def _attempt(self, task: _Task, work: Work, session: str) -> bytes:
        node_type = self._node_type(work)
        config = node_type.read_config(work.config) if work.config or node_type.config is not None else None
        state = None if work.state is None else FarState(work.state, work.reducers)

        def emit(node: str, kind: str, data: Any) -> None:
            self._tell(session, write_report(task.key, Told.EVENT, kind, data))

        context = NodeContext(
            work.run, work.node, work.inputs, config, state, work.attempt, emit, task.cancellation, work.wake
        )
        async with AsyncExitStack() as around:
            around.enter_context(marked(work.run, work.node, work.attempt))
            around.enter_context(self._log.of(task.key, session))
            around.enter_context(_traced(work, self.name))
            if node_type.function is None:
                instance = await around.enter_async_context(self._instances.used(work, session, node_type))
                result = await _called(instance.execute, context)
            else:
                inputs = dict(work.inputs)
                for name, struct in node_type.structs.items():
                    if type(inputs.get(name)) is dict:
                        inputs[name] = msgspec.convert(inputs[name], struct)
                if node_type.takes_ctx:
                    inputs["ctx"] = context
                result = await _called(node_type.function, **inputs)
        return write_answer(result, [] if state is None else state.writes)

    def _node_type(self, work: Work) -> NodeType:
        try:
            found = self.registry.node_type(work.type)
        except RegistryError as error:
            hint = "start it with --nodes MODULE"
            raise NodeError(f"the worker {self.name}: {error} ({hint})", "unknown-type", retryable=False) from None
        if found.version != work.version:
            message = f"the worker {self.name} has {work.type} in version {found.version}, not {work.version}"
            raise NodeError(message, "unknown-type", retryable=False)
        return found


async def _called(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Await what is asynchronous, run the rest in a thread."""
    if inspect.iscoroutinefunction(function):
        return await function(*arguments, **named)
    result = await in_thread(lambda: function(*arguments, **named))
    return await result if inspect.isawaitable(result) else result


def _traced(work: Work, worker: str) -> Any:
    """A span on this worker, beneath the node's span in the trace of the run; nothing when the run is not traced."""
    if not work.carrier:
        return nullcontext()
    with suppress(EngineError):
        from livets.flow.telemetry.tracing import continued_span

        attributes = {"livets.run": work.run, "livets.node": work.node, "livets.worker": worker}
        return continued_span(work.carrier, f"flow.remote {work.type}", attributes)
    return nullcontext()
