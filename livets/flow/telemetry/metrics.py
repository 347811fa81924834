"""Prometheus metrics of runs (extra `livets[metrics]`): times by type of node, failures, retries, runs, journal.

How many nodes are ready, running and waiting is counted when somebody asks, not while they run. Labels are bounded:
types of nodes, states, and the first 1,000 workflows.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any, Protocol

from livets.engine.errors import MissingExtra
from livets.flow.telemetry.observer import Attempt, Observer, RunFacts

try:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
except ModuleNotFoundError as error:
    raise MissingExtra("Metrics", "prometheus-client", "metrics") from error

MAX_WORKFLOWS = 1000
"""Workflows with a label of their own; the rest share "other"."""
_NODE_BUCKETS = (0.0001, 0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0)
_RUN_BUCKETS = (0.01, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0, 21_600.0)
_JOURNAL_BUCKETS = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0)


class Counted(Protocol):
    """Who has nodes to count: a FlowRuntime."""

    def node_counts(self) -> dict[str, int]:
        """How many nodes are in each state, now."""


class Metrics(Observer):
    """Keeps its own registry; `exposition()` is what GET /metrics answers, with `media_type`.

    >>> b"livets_flow_active_runs 0.0" in Metrics().exposition()
    True
    """

    media_type = CONTENT_TYPE_LATEST

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry if registry is not None else CollectorRegistry()
        one: dict[str, Any] = {"registry": self.registry}
        name = "livets_flow_"
        self._node = Histogram(f"{name}node_seconds", "Time of an attempt.", ["type"], buckets=_NODE_BUCKETS, **one)
        self._failures = Counter(f"{name}node_failures", "Nodes that failed for good.", ["type"], **one)
        self._retries = Counter(f"{name}node_retries", "Attempts that failed and were repeated.", ["type"], **one)
        self._runs = Counter(f"{name}runs", "Runs that ended.", ["workflow", "status"], **one)
        self._run = Histogram(f"{name}run_seconds", "Time of a run.", ["workflow"], buckets=_RUN_BUCKETS, **one)
        self._active = Gauge(f"{name}active_runs", "Runs under way in this process.", **one)
        self._journal = Histogram(f"{name}journal_seconds", "Time of a commit.", buckets=_JOURNAL_BUCKETS, **one)
        self._events = Counter(f"{name}journal_events", "Events written.", **one)
        self._seconds_of: dict[str, Any] = {}
        self._workflows: set[str] = set()

    def exposition(self) -> bytes:
        """Return all figures in Prometheus' text form."""
        text: bytes = generate_latest(self.registry)
        return text

    def watch(self, runtime: Counted) -> None:
        """Also tell how many nodes of `runtime` are ready, running and waiting."""
        self.registry.register(_Depth(runtime))

    def begin_run(self, facts: RunFacts) -> Any:
        self._active.inc()

    def end_run(self, begun: Any, facts: RunFacts, status: str, seconds: float) -> None:
        self._active.dec()
        workflow = facts.workflow
        if workflow not in self._workflows:
            if len(self._workflows) < MAX_WORKFLOWS:
                self._workflows.add(workflow)
            else:
                workflow = "other"
        self._runs.labels(workflow, status).inc()
        self._run.labels(workflow).observe(seconds)

    def end_attempt(
        self, begun: Any, attempt: Attempt, seconds: float, error: BaseException | None, waits: bool
    ) -> None:
        if not waits:
            found = self._seconds_of.get(attempt.type)
            if found is None:
                found = self._seconds_of[attempt.type] = self._node.labels(attempt.type)
            found.observe(seconds)

    def retrying(self, attempt: Attempt, error: BaseException, wait_seconds: float) -> None:
        self._retries.labels(attempt.type).inc()

    def failed(self, attempt: Attempt, error: BaseException) -> None:
        self._failures.labels(attempt.type).inc()

    def committed(self, seconds: float, events: int) -> None:
        self._journal.observe(seconds)
        self._events.inc(events)


class _Depth:
    """Counts the nodes of a runtime by state when it is asked."""

    def __init__(self, runtime: Counted) -> None:
        self._runtime = weakref.ref(runtime)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """What `collect` gives, without counting."""
        yield GaugeMetricFamily("livets_flow_nodes", "Nodes of runs under way, by state.", labels=["state"])

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The figures now."""
        family = next(self.describe())
        runtime = self._runtime()
        counts = runtime.node_counts() if runtime is not None else {}
        for state in ("ready", "running", "waiting"):
            family.add_metric([state], counts.get(state, 0))
        yield family
