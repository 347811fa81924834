"""What a watcher of runs is told: Observer, whose methods do nothing; logs, metrics and traces override some.

Called in place, by Running, ObservedExecution and Recorder: methods must be fast and must not raise. A runtime without
observers never comes here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec


class RunFacts(msgspec.Struct, frozen=True):
    """Which run it is; `resumed` when it was begun before."""

    run: str
    workflow: str
    version: str
    resumed: bool = False


class Attempt(msgspec.Struct):
    """One attempt at one node. `site` is the same object for all nodes of one execution of one workflow."""

    facts: RunFacts
    site: object
    number: int
    node: str
    type: str
    attempt: int


class Observer:
    """Override what you want to know. What `begin_...` returns is handed to `end_...`, which always follows."""

    def watch(self, runtime: Any) -> None:
        """`runtime` has begun to tell this observer."""

    def begin_run(self, facts: RunFacts) -> Any:
        """A run begins, or goes on, in this process and task."""

    def end_run(self, begun: Any, facts: RunFacts, status: str, seconds: float) -> None:
        """It has ended: completed, failed, cancelled; "interrupted" when the process stops and it will go on."""

    def begin_site(self) -> Any:
        """A workflow, or a sub-workflow in it, begins to run nodes; what this returns is `Attempt.site`."""

    def end_site(self, site: Any) -> None:
        """It has no more nodes to run."""

    def begin_attempt(self, attempt: Attempt) -> Any:
        """A node is called."""

    def end_attempt(
        self, begun: Any, attempt: Attempt, seconds: float, error: BaseException | None, waits: bool
    ) -> None:
        """It has returned, raised `error`, or `waits` durably now. In the same task as `begin_attempt`."""

    def retrying(self, attempt: Attempt, error: BaseException, wait_seconds: float) -> None:
        """It has failed and is called again after a wait."""

    def failed(self, attempt: Attempt, error: BaseException) -> None:
        """It has failed for good."""

    def cancelled(self, site: Any, number: int) -> None:
        """Node `number` was running and has been cancelled with its run."""

    def committed(self, seconds: float, events: int) -> None:
        """The journal took `events` events in `seconds`."""

    def carrier(self) -> dict[str, str]:
        """What goes with work to another process, so that it is seen as part of this one."""
        return {}


class Observers(Observer):
    """Several observers as one, in order; ended in the reverse order."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self.all = tuple(observers)

    def watch(self, runtime: Any) -> None:
        for one in self.all:
            one.watch(runtime)

    def begin_run(self, facts: RunFacts) -> list[Any]:
        return [one.begin_run(facts) for one in self.all]

    def end_run(self, begun: list[Any], facts: RunFacts, status: str, seconds: float) -> None:
        for one, token in zip(reversed(self.all), reversed(begun), strict=True):
            one.end_run(token, facts, status, seconds)

    def begin_site(self) -> list[Any]:
        return [one.begin_site() for one in self.all]

    def end_site(self, site: list[Any]) -> None:
        for one, its in zip(self.all, site, strict=True):
            one.end_site(its)

    def begin_attempt(self, attempt: Attempt) -> list[Any]:
        return [one.begin_attempt(its) for one, its in self._split(attempt)]

    def end_attempt(
        self, begun: list[Any], attempt: Attempt, seconds: float, error: BaseException | None, waits: bool
    ) -> None:
        for (one, its), token in zip(reversed(self._split(attempt)), reversed(begun), strict=True):
            one.end_attempt(token, its, seconds, error, waits)

    def retrying(self, attempt: Attempt, error: BaseException, wait_seconds: float) -> None:
        for one, its in self._split(attempt):
            one.retrying(its, error, wait_seconds)

    def failed(self, attempt: Attempt, error: BaseException) -> None:
        for one, its in self._split(attempt):
            one.failed(its, error)

    def cancelled(self, site: list[Any], number: int) -> None:
        for one, its in zip(self.all, site, strict=True):
            one.cancelled(its, number)

    def committed(self, seconds: float, events: int) -> None:
        for one in self.all:
            one.committed(seconds, events)

    def carrier(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for one in self.all:
            found |= one.carrier()
        return found

    def _split(self, attempt: Attempt) -> list[tuple[Observer, Attempt]]:
        """Each observer with the attempt as it knows it: with its own site."""
        sites: Any = attempt.site
        return [
            (one, Attempt(attempt.facts, site, attempt.number, attempt.node, attempt.type, attempt.attempt))
            for one, site in zip(self.all, sites, strict=True)
        ]
