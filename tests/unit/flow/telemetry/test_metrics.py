"""Prometheus metrics, as the real client library exposes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from livets.engine.errors import NodeError
from livets.flow import Flow, FlowRuntime
from livets.flow.telemetry import Metrics
from livets.flow.telemetry import metrics as metrics_module
from livets.flow.telemetry.observer import RunFacts
from tests.support.wait import until


def figures(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every sample by name and values of labels, these by the name of the label."""
    found = {}
    for family in text_string_to_metric_families(metrics.exposition().decode()):
        for sample in family.samples:
            if not sample.name.endswith(("_created", "_bucket")):
                found[(sample.name, *(value for _, value in sorted(sample.labels.items())))] = sample.value
    return found


async def test_times_failures_and_retries_by_type(tmp_path: Path) -> None:
    left = [2]

    def shaky() -> int:
        if left[0]:
            left[0] -= 1
            raise NodeError("not yet")
        return 1

    def broken(n: int) -> int:
        raise ValueError(n)

    flow = Flow("mixed", retry={"max_attempts": 3, "delay_ms": 1}, on_error={"policy": "ContinueOnError"})
    flow.add(shaky, id="shaky") >> flow.set(flow.add(broken, id="broken"), retry={"max_attempts": 1})
    metrics = Metrics()
    async with FlowRuntime(tmp_path, observers=[metrics]) as runtime:
        await runtime.run(flow)
        told = figures(metrics)
    assert told["livets_flow_node_seconds_count", "shaky"] == 3
    assert told["livets_flow_node_retries_total", "shaky"] == 2
    assert told["livets_flow_node_failures_total", "broken"] == 1
    assert told["livets_flow_runs_total", "completed", "mixed"] == 1
    assert told["livets_flow_active_runs",] == 0
    assert told["livets_flow_journal_events_total",] == 10
    assert 0 < told["livets_flow_journal_seconds_count",] <= 10


async def test_what_runs_waits_and_is_ready_is_counted_when_asked() -> None:
    flow = Flow("waits", max_parallel=2)
    flow.add("flow.wait", id="ask")
    held = [flow.add(_held, id=f"h{n}") for n in range(5)]
    assert held
    metrics = Metrics()
    async with FlowRuntime(observers=[metrics]) as runtime:
        handle = await runtime.start(flow)
        await until(lambda: handle.states()["h1"] == "running", "two nodes to run")
        told = figures(metrics)
        assert told["livets_flow_active_runs",] == 1
        states = {state: told["livets_flow_nodes", state] for state in ("ready", "running", "waiting")}
        assert states == {"ready": 3, "running": 2, "waiting": 1}
        await handle.cancel()
        told = figures(metrics)
        assert told["livets_flow_runs_total", "cancelled", "waits"] == 1
        assert told["livets_flow_nodes", "running"] == 0


async def _held() -> int:
    import asyncio

    await asyncio.sleep(60)
    return 1


def test_labels_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_module, "MAX_WORKFLOWS", 10)
    metrics = Metrics()
    for n in range(15):
        facts = RunFacts(f"r{n}", f"w{n}", "v")
        metrics.end_run(metrics.begin_run(facts), facts, "completed", 0.1)
    told = figures(metrics)
    assert told["livets_flow_runs_total", "completed", "other"] == 5
    assert len([key for key in told if key[0] == "livets_flow_runs_total"]) == 11


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    import livets.flow.telemetry as telemetry
    from livets.engine.errors import MissingExtra

    for package, module, extra in (
        ("prometheus_client", "metrics", "metrics"),
        ("opentelemetry", "tracing", "tracing"),
    ):
        for name in [one for one in sys.modules if one == package or one.startswith(f"{package}.")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, package, None)
        monkeypatch.delitem(sys.modules, f"livets.flow.telemetry.{module}", raising=False)
        with pytest.raises(MissingExtra, match=rf"pip install 'livets\[{extra}\]'"):
            getattr(telemetry, module.capitalize())
