"""What of a node's context is different on a worker: the run's state, and where log lines go."""

from __future__ import annotations

import contextlib
import contextvars
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from livets.engine.errors import NodeError
from livets.flow.model import Reducer
from livets.flow.state import NodeState, StateView


class FarState(StateView):
    """The run's state as it was when the node was sent here.

    The node's own writes are seen at once, and reach the run, through the reducers there, when it completes.

    >>> state = FarState({"n": 1}, {"n": "add"})
    >>> state["n"] = 5
    >>> state["n"], state.writes
    (6, [['n', 5]])
    """

    __slots__ = ()

    def __init__(self, data: Mapping[str, Any], reducers: Mapping[str, Reducer]) -> None:
        super().__init__(NodeState(data, reducers))

    @property
    def lock(self) -> Any:
        """There is none: raises NodeError."""
        message = "ctx.state.lock does not reach from a worker to the run: give the key a reducer (settings.reducers)"
        raise NodeError(f'{message}, or keep the node there: placement: {{"here": true}}', "state", retryable=False)


_task: contextvars.ContextVar[tuple[str, str] | None] = contextvars.ContextVar("livets_flow_task", default=None)


class TellingLog(logging.Handler):
    """Sends what nodes write to `ctx.log` to their run, too: key and session of the work, level, logger and message."""

    def __init__(self, tell: Callable[[str, str, dict[str, Any]], None]) -> None:
        super().__init__()
        self._told = tell
        self._logger = logging.getLogger("livets.engine.node")
        self._before = self._logger.level
        self._logger.addHandler(self)
        self._logger.setLevel(logging.DEBUG)  # whether it is shown is for the run to say

    def close(self) -> None:
        """Listen no more."""
        self._logger.removeHandler(self)
        self._logger.setLevel(self._before)
        super().close()

    @contextlib.contextmanager
    def of(self, key: str, session: str) -> Iterator[None]:
        """Whatever is logged inside belongs to this work."""
        token = _task.set((key, session))
        try:
            yield
        finally:
            _task.reset(token)

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        task = _task.get()
        if task is None:
            return
        try:
            message = record.getMessage()
            if record.exc_info:
                message += "\n" + logging.Formatter().formatException(record.exc_info)
            text = message[:20_000].encode("utf-8", "replace").decode()
            self._told(*task, {"level": record.levelno, "message": text})
        except Exception:
            self.handleError(record)
