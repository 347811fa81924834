"""Which nodes may run now: counts what each still waits for, and keeps those that are ready in the order of priorities.

Every edge is looked at once in a run, so all of it is O(nodes + edges). Owned by one Scheduler, which alone decides
what runs; starts nothing and never waits.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Collection, Mapping

from livets.engine.driver import DONE, NORMAL, PENDING, READY, SKIPPED, Driver, Live, Options
from livets.engine.graph import Plan

WIDE = 10_000
"""A node with more edges makes a crowd ready: kept as an array, as objects a million of them take 40 MB."""
_CALLED = 1_000
"""So many of a crowd are called up at a time."""


class Frontier:
    """The states of all nodes of a plan, and its ready ones. `done` are nodes that need no run any more."""

    __slots__ = (
        "_before", "_called", "_choosy", "_doomed", "_driver", "_optional_edges", "_pending", "_plan", "_priorities",
        "_queues", "_silent", "_starts", "_straight", "_targets", "crowd", "frozen", "left", "normal", "states",
    )  # fmt: skip

    def __init__(self, plan: Plan, driver: Driver, options: Options, done: Mapping[int, Live]) -> None:
        self.states = bytearray(plan.size)
        self.left = plan.size
        """How many nodes have not ended."""
        self.frozen = False
        """True when nothing may become ready any more."""
        self._plan, self._driver, self._before = plan, driver, done
        self._choosy, self._optional_edges, self._priorities = (
            options.choosy,
            options.optional_edges,
            options.priorities,
        )
        self._starts, self._targets = plan.out_start, plan.edge_target
        self._pending = plan.in_degrees()
        self._silent: dict[int, int] = {}
        """By how many of its edges nothing has come and nothing will, of nodes for which there is such an edge."""
        self._doomed: set[int] = set()
        """Nodes that cannot run any more: an edge that they need is silent."""
        self._queues: tuple[deque[int], ...] = tuple(deque() for _ in range(5))
        self.normal = self._queues[NORMAL - 1]
        """Ready nodes for which no priority is said."""
        self.crowd = array("i")
        """Nodes that are ready too, behind those in `normal`; empty when all of them have been called up."""
        self._called = 0
        self._straight = None if self._priorities or self._choosy else self.normal
        """Where nodes go that nothing need be asked about; None when there is something to ask."""

    def __bool__(self) -> bool:
        """True when a node is ready."""
        return bool(self.normal or self.crowd) or any(self._queues)

    def seed(self) -> None:
        """Make ready what waits for nothing, or only for what is done already."""
        starts = [node for node, count in enumerate(self._pending) if not count]
        for node in self._before:
            self.states[node] = DONE
        self.left -= len(self._before)
        for node, live in self._before.items():
            self.release(node, live)
        for node in starts:
            if self.states[node] == PENDING:
                self.make_ready(node)

    def make_ready(self, node: int) -> None:
        """Put `node` behind those of its priority that are ready."""
        self.states[node] = READY
        if not self._priorities:
            self.normal.append(node)
        else:
            self._queues[self._priorities.get(node, NORMAL) - 1].append(node)

    def pop(self) -> int | None:
        """Take the node that is to run next, None when none is ready."""
        if not self._priorities:
            return self.normal.popleft() if self.normal else self.call_up()
        for queue in self._queues:
            if queue:
                return queue.popleft()
        return None

    def call_up(self) -> int | None:
        """Let the next ones of the crowd be normal, and take the first; None when there is no crowd."""
        if not self.crowd:
            return None
        part = self.crowd[self._called : self._called + _CALLED]
        self._called += len(part)
        if self._called == len(self.crowd):
            self._dismiss()
        self.normal.extend(part)
        return self.normal.popleft()

    def _dismiss(self) -> None:
        self.crowd, self._called = array("i"), 0

    def freeze(self) -> None:
        """Nothing becomes ready any more, and what is ready is pending again."""
        self.frozen, self._straight = True, None
        for queue in self._queues:
            for node in queue:
                self.states[node] = PENDING
            queue.clear()
        for node in self.crowd[self._called :]:
            self.states[node] = PENDING
        self._dismiss()

    def end(self, node: int, state: int) -> None:
        """Note how `node` has ended."""
        self.states[node] = state
        self.left -= 1

    def release(self, node: int, live: Live) -> None:
        """Tell the targets of `node`'s edges; those that never run are skipped, and theirs, without recursion."""
        states, pending, starts, targets = self.states, self._pending, self._starts, self._targets
        straight = self._straight
        if starts[node + 1] - starts[node] > WIDE and straight is not None and live is None and not self._silent:
            self._release_crowd(node)
            return
        skipped: list[int] = []
        while True:
            for edge in range(starts[node], starts[node + 1]):
                target = targets[edge]
                left = pending[target] = pending[target] - 1
                if live is not None:
                    self._heard(edge, target, live)
                if left or states[target] != PENDING:
                    continue
                if straight is not None and not self._silent:  # `make_ready` written out: most nodes come this way
                    states[target] = READY
                    straight.append(target)
                elif not self._is_wanted(target):
                    self.end(target, SKIPPED)
                    self._driver.skipped(target)
                    skipped.append(target)
                elif not self.frozen:
                    self.make_ready(target)
            if not skipped:
                return
            node, live = skipped.pop(), ()

    def _release_crowd(self, node: int) -> None:
        """`release` for very many edges, all of which have brought something, where nothing need be asked."""
        states, pending, crowd = self.states, self._pending, self.crowd
        for target in self._targets[self._starts[node] : self._starts[node + 1]]:
            left = pending[target] = pending[target] - 1
            if not left and states[target] == PENDING:
                states[target] = READY
                crowd.append(target)

    def _heard(self, edge: int, target: int, live: Collection[int]) -> None:
        """Note it when `edge` is none of those that brought something."""
        if self._plan.edge_source_port[edge] not in live:
            self._silent[target] = self._silent.get(target, 0) + 1
            if edge not in self._optional_edges:
                self._doomed.add(target)

    def _is_wanted(self, node: int) -> bool:
        """Whether a node for which all edges are settled shall run: not without what it needs, nor without anything."""
        edges = self._plan.in_start[node + 1] - self._plan.in_start[node]
        if node in self._doomed or self._silent.get(node) == edges:
            return False
        return node not in self._choosy or self._driver.wanted(node)
