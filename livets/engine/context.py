"""What a node is handed while it runs: its inputs and config, the run's state, and ways to report.

Built once per attempt by the driver (flow, reactive, pipelines); a node must not keep it after it has returned.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

logger = logging.getLogger("livets.engine.node")


class Cancellation:
    """Says whether the run wants this node to stop; asyncio nodes are also cancelled, threads must look here.

    >>> Cancellation().requested
    False
    """

    __slots__ = ("_event", "reason", "requested")

    def __init__(self) -> None:
        self.requested = False
        self.reason = ""
        self._event: asyncio.Event | None = None

    def request(self, reason: str) -> None:
        """Ask every node that holds this to stop."""
        self.requested, self.reason = True, reason
        if self._event is not None:
            self._event.set()

    async def wait(self) -> str:
        """Wait for the request; returns its reason."""
        if self._event is None:
            self._event = asyncio.Event()
            if self.requested:
                self._event.set()
        await self._event.wait()
        return self.reason


class NodeContext:
    """Inputs, config, state and reporting of one attempt of one node in one run.

    `inputs` maps port names to values, `config` is the node's Config, `state` is shared by all nodes of the run,
    `attempt` counts from 1, `wake` holds what ended a durable wait (None before).
    """

    __slots__ = ("_emit", "_log", "attempt", "cancel", "config", "inputs", "node", "run", "state", "wake")

    def __init__(
        self,
        run: str,
        node: str,
        inputs: Mapping[str, Any],
        config: Any = None,
        state: Any = None,
        attempt: int = 1,
        emit: Callable[[str, str, Mapping[str, Any]], None] | None = None,
        cancel: Cancellation | None = None,
        wake: Any = None,
    ) -> None:
        self.run = run
        self.node = node
        self.inputs = inputs
        self.config = config
        self.state = state
        self.attempt = attempt
        self._emit = emit
        self.cancel = cancel if cancel is not None else Cancellation()
        self.wake = wake
        self._log: logging.LoggerAdapter[logging.Logger] | None = None

    def emit(self, kind: str, data: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Report something of the node's own (info, warning, progress, data, ...) to whoever watches the run."""
        if self._emit is not None:
            self._emit(self.node, kind, {**(data or {}), **more})

    @property
    def log(self) -> logging.LoggerAdapter[logging.Logger]:
        """A logger whose records carry run, node and attempt."""
        if self._log is None:
            extra = {"run": self.run, "node": self.node, "attempt": self.attempt}
            self._log = logging.LoggerAdapter(logger, extra)
        return self._log
