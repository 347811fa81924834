"""Once a second: says that this process lives, and looks whether its runs are still its own, and wanted.

A run that was taken over, or whose end somebody else has recorded, is stopped here: its nodes are cancelled, and who
waits for it is told TakenOver. So is one that another process has asked to cancel. Made by FlowRuntime.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from livets.engine.errors import EngineError
from livets.engine.log import EventLog
from livets.flow.control import cancelled_since, control_stream
from livets.flow.handle import RunHandle
from livets.flow.leasing import BEAT_S, Lease
from livets.flow.recording import Recorder, TakenOver

logger = logging.getLogger("livets.flow")


class Guard:
    """`runs` are those under way, with their recorders; `begin` when there is one, `close` at the end."""

    def __init__(
        self, lease: Lease, log: EventLog | None, runs: Callable[[], list[tuple[RunHandle, Recorder]]]
    ) -> None:
        self._lease, self._log, self._runs = lease, log, runs
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Beat from now on, for as long as something runs."""
        if self._log is not None and (self._task is None or self._task.done()):
            self._lease.beat()
            self._task = asyncio.get_running_loop().create_task(self._watch(self._log), name="flow guard")

    async def close(self) -> None:
        """Beat no more."""
        if self._task is not None and not self._task.done() and self._task.get_loop() is asyncio.get_running_loop():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self, log: EventLog) -> None:
        while runs := self._runs():
            await asyncio.sleep(BEAT_S)
            self._lease.beat()
            try:
                commands = [control_stream(handle.id) for handle, _ in runs]
                heads = await log.heads_of([recorder.stream for _, recorder in runs] + commands)
            except EngineError as error:  # a journal that is busy for a moment; who writes to it hears of the rest
                logger.warning("the journal could not be read: %s", error)
                continue
            for handle, recorder in runs:
                if heads[recorder.stream] > recorder.committed and not handle.done:
                    await self._look(handle, recorder)
                if heads[control_stream(handle.id)] > recorder.heard and not handle.done:
                    await self._obey(log, handle, recorder)

    async def _obey(self, log: EventLog, handle: RunHandle, recorder: Recorder) -> None:
        try:
            recorder.heard, why = await cancelled_since(log, handle.id, recorder.heard)
        except EngineError as error:  # the next look will tell
            logger.warning("the commands to run %s could not be read: %s", handle.id, error)
            return
        if why is not None:
            handle.stop(why)

    async def _look(self, handle: RunHandle, recorder: Recorder) -> None:
        try:
            await recorder.look()
        except TakenOver as error:
            logger.warning("%s", error)
            handle.stop("taken over")
        except Exception as error:  # the run itself will hear of it at its next commit
            logger.warning("the journal of run %s could not be read: %s", handle.id, error)
