"""What a scheduler asks of an engine and tells it: the Driver, its Options, and the states that a node goes through.

Engines (flow, reactive, pipelines) subclass Driver; only the scheduler calls it. Knows nothing of values, ports or
journals, and starts nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container
from typing import Any

from livets.engine.limits import Limiter
from livets.engine.node import Suspend

PENDING, READY, RUNNING, WAITING, DONE, FAILED, SKIPPED, CANCELLED = range(8)
STATES = ("pending", "ready", "running", "waiting", "completed", "failed", "skipped", "cancelled")
NORMAL = 3
"""The priority of a node for which nothing is said."""

Live = Collection[int] | None
"""The numbers of the output ports that fired; None means all."""


class Driver:
    """What a scheduler asks and tells; engines subclass it. None of these may raise, except `run`."""

    def run(self, node: int, attempt: int) -> Any:
        """Do the node's work (awaitable) and return the ports that fired, or Suspend."""
        raise NotImplementedError

    def retry_seconds(self, node: int, attempt: int, error: BaseException) -> float | None:
        """Return the wait before the next attempt, or None when there is none."""
        return None

    def failed(self, node: int, attempt: int, error: BaseException) -> Live | bool:
        """The node has failed for good: return True to stop everything, or the ports that fire all the same."""
        return True

    def skipped(self, node: int) -> None:
        """The node will not run: what it needs never came."""

    def cancelled(self, node: int) -> None:
        """The node was running and has been cancelled."""

    def suspended(self, node: int, how: Suspend) -> None:
        """The node waits durably; the driver later calls `Scheduler.resume`, or the time in `how` comes."""

    def wanted(self, node: int) -> bool:
        """Asked for nodes in `choosy` when all their edges are settled: shall it run?"""
        return True


class Options:
    """Sparse per-node settings of a scheduler; what is not set costs nothing."""

    __slots__ = ("choosy", "containers", "limiters", "optional_edges", "priorities", "timeouts")

    def __init__(self) -> None:
        self.timeouts: dict[int, float] = {}
        """Seconds per attempt."""
        self.limiters: dict[int, tuple[Limiter, ...] | Callable[[], tuple[Limiter, ...]]] = {}
        """What a node needs places in; a function is asked when the node is ready (limits by a value)."""
        self.priorities: dict[int, int] = {}
        """1 (first) to 5 (last); 3 where nothing is said."""
        self.containers: set[int] = set()
        """Nodes that run others and take no slot of their own."""
        self.choosy: set[int] = set()
        """Nodes for which the driver's `wanted` decides."""
        self.optional_edges: Container[int] = ()
        """Edges whose silence does not keep the target from running."""

    def special(self) -> set[int]:
        """Return the nodes that need more than to be run: a task of their own, places, a timeout."""
        return self.containers.union(self.limiters, self.timeouts)


def count_states(states: bytearray) -> dict[str, int]:
    """Return how many nodes are in each state, by name.

    >>> count_states(bytearray([DONE, DONE, FAILED]))
    {'completed': 2, 'failed': 1}
    """
    return {name: count for n, name in enumerate(STATES) if (count := states.count(n))}
