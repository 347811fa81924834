"""Runs on real Dask workers: placement, what nodes can do there, how they are stopped, what survives kill -9."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from livets.engine.errors import EngineError
from livets.engine.events import Event
from livets.engine.retry import RetryPolicy
from livets.flow import Flow, FlowRuntime
from livets.flow.elsewhere import location_of
from livets.flow.journal import Recorded
from livets.flow.model import Placement
from livets.flow.telemetry import Tracing
from livets.flow.validate import InvalidWorkflow
from tests.integration.flow import far_nodes as far
from tests.integration.flow.dask_cluster import PATIENCE_S, ROOT, Certificates, Cluster
from tests.support.wait import until, wait_for
from tests.unit.flow.telemetry.test_tracing import Spans

A, B = Placement("a"), Placement("b")
GPU, EU = Placement(labels={"gpu": 1}), Placement(labels={"zone": "eu"})
pytestmark = [pytest.mark.xdist_group("dask"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster")) as running:
        running.start_workers()
        yield running


def runtime(cluster: Cluster, folder: Path | None = None, query: str = f"?patience={PATIENCE_S}") -> FlowRuntime:
    return FlowRuntime(folder, location=location_of(cluster.url + query))


def retries(attempts: int) -> RetryPolicy:
    return RetryPolicy(max_attempts=attempts, delay_ms=1)


def lines(file: Path) -> list[str]:
    """What nodes have noted, without who."""
    return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []


def pid_of(file: Path, what: str) -> int:
    return next(int(line.split()[1]) for line in file.read_text().splitlines() if line.split()[0] == what)


async def both(cluster: Cluster) -> dict[str, int]:
    """Wait until both workers are there, whatever the tests before have killed; returns their processes."""
    flow = Flow("both")
    for name, placement in {"a": A, "b": B}.items():
        flow.set(flow.add(far.where, id=name), placement=placement)
    async with runtime(cluster) as runs:
        return (await runs.run(flow)).raise_if_failed().outputs


async def noted(file: Path, what: str) -> None:
    await until(lambda: what in lines(file), what, timeout_s=PATIENCE_S)


def said_by_nodes(story: list[Event]) -> list[Event]:
    return [one for one in story if one.type == "flow.node.event"]


async def test_nodes_run_where_their_placement_says(cluster: Cluster) -> None:
    flow = Flow("placed")
    for name, placement in {"a1": A, "a2": EU, "b1": B, "b2": GPU, "here": Placement(here=True)}.items():
        flow.set(flow.add(far.where, id=name), placement=placement)
    async with runtime(cluster) as runs:
        pids = (await runs.run(flow)).raise_if_failed().outputs
    assert pids["a1"] == pids["a2"] != pids["b1"] == pids["b2"]
    assert pids["here"] == os.getpid()
    assert os.getpid() not in (pids["a1"], pids["b1"])


async def test_what_a_node_says_and_writes_there_arrives_here(
    cluster: Cluster, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flow = Flow("talks", state={"sum": 100}, reducers={"sum": "add"})
    first = flow.add(far.talking, id="first", n=1)
    flow.set(first, placement=A)
    merge = flow.add("flow.merge", id="both", config={"mode": "list"})
    first >> merge
    second = flow.add(far.talking, id="second", n=20)
    flow.set(second, placement=B)
    second >> merge
    seen = flow.add(lambda ctx, after: [ctx.state["sum"], ctx.state["last"]], id="seen", after=merge)
    flow.set(seen, placement=Placement(here=True))
    with caplog.at_level(logging.INFO, "livets.engine.node"):
        async with runtime(cluster, tmp_path) as runs:
            handle = await runs.start(flow)
            result = (await handle.result()).raise_if_failed()
            said = {one.data["node"]: one.data for one in said_by_nodes(await runs.events(handle.id))}
    assert result.outputs["seen"][0] == 121
    assert said["first"]["kind"] == "progress"
    assert said["second"]["data"] == {"done": 20}
    logged = {(record.getMessage(), record.node, record.worker) for record in caplog.records}  # type: ignore[attr-defined]
    assert logged == {("n is 1", "first", "a"), ("n is 20", "second", "b")}


async def test_values_travel_without_loss_and_large_bytes_once(cluster: Cluster) -> None:
    flow = Flow("values")
    large, other = os.urandom(300_000), os.urandom(70_000)
    value = {"x": 2**70, "data": large}
    for name, placement in {"one": A, "two": B}.items():
        flow.set(flow.add(far.moved, id=name, point=value, items=[other, b"\x00"]), placement=placement)
    async with runtime(cluster) as runs:
        result = (await runs.run(flow)).raise_if_failed()
    expected = {"x": 2**70 + 1, "data": large[::-1] + other + b"\x00"}
    assert result.outputs == {"one": expected, "two": expected}


async def test_failures_come_back_as_they_are_and_are_tried_again(cluster: Cluster, tmp_path: Path) -> None:
    flow = Flow("fails", on_error={"policy": "ContinueOnError"})
    flow.set(flow.add(far.failing, id="busy", how="busy"), placement=A, retry=retries(3))
    flow.set(flow.add(far.failing, id="value", how="value"), placement=B)
    flow.set(flow.add(far.locking, id="lock"), placement=B)
    async with runtime(cluster, tmp_path) as runs:
        result = await runs.run(flow)
    found = {one.node: one for one in result.failures}
    assert (found["busy"].kind, found["busy"].attempt, found["busy"].message) == ("busy", 3, "try later")
    assert (found["value"].kind, found["value"].message) == ("ValueError", "ValueError: no value of mine")
    assert found["lock"].kind == "state"
    assert "reducer" in found["lock"].message


async def test_cancelling_stops_the_node_over_there(cluster: Cluster, tmp_path: Path) -> None:
    flow, file = Flow("cancelled"), tmp_path / "noted"
    flow.set(flow.add(far.held, id="held", file=str(file), name="held"), placement=A)
    flow.set(flow.add(far.spinning, id="spinning", file=str(file)), placement=B)
    async with runtime(cluster) as runs:
        handle = await runs.start(flow)
        await noted(file, "held-begun")
        await noted(file, "spinning-begun")
        await handle.cancel()
        assert {"held-cancelled", "spinning-stopped"} <= set(lines(file))  # when cancel() returns it has happened
        assert (await handle.result()).status == "cancelled"


async def test_a_timeout_stops_the_node_over_there_and_is_tried_again(cluster: Cluster, tmp_path: Path) -> None:
    flow, file = Flow("slow"), tmp_path / "noted"
    flow.set(flow.add(far.held, id="held", file=str(file), name="held"), placement=A, timeout_s=0.5, retry=retries(2))
    async with runtime(cluster) as runs:
        result = await runs.run(flow)
    assert [(one.kind, one.attempt) for one in result.failures] == [("timeout", 2)]
    assert lines(file) == ["held-begun", "held-cancelled"] * 2


async def test_a_node_that_hears_nothing_is_stopped_with_its_process(cluster: Cluster, tmp_path: Path) -> None:
    flow, file = Flow("deaf", on_error={"policy": "ContinueOnError"}), tmp_path / "noted"
    flow.set(flow.add(far.deaf, id="deaf", file=str(file)), placement=B, timeout_s=0.5)
    flow.set(flow.add(far.held, id="held", file=str(file), name="held"), placement=B)
    async with runtime(cluster, tmp_path / "runs") as runs:
        handle = await runs.start(flow)
        await noted(file, "deaf-begun")
        await noted(file, "held-begun")
        await until(lambda: lines(file).count("held-begun") == 2, timeout_s=PATIENCE_S)  # its neighbour begins again
        Path(f"{file}.go").touch()
        result = await handle.result()
        said = [one.data["data"]["message"] for one in said_by_nodes(await runs.events(handle.id))]
    assert [(one.node, one.kind) for one in result.failures] == [("deaf", "timeout")]
    assert result.outputs == {"held": "held"}
    assert said == ["the worker b was lost while it ran this: it runs again, on b"]
    assert lines(file).count("deaf-begun") == 1


async def test_the_death_of_a_worker_loses_and_repeats_nothing_recorded(cluster: Cluster, tmp_path: Path) -> None:
    flow, file = Flow("killed", max_parallel=8), tmp_path / "noted"
    for chain in range(6):
        ref = None
        for number in range(6):
            after = {} if ref is None else {"after": ref}
            ref = flow.add(far.step, id=f"n{chain}-{number}", file=str(file), name=f"n{chain}-{number}", **after)
    held = flow.add(far.held, id="held", file=str(file), name="held")
    flow.set(held, placement=B)
    async with runtime(cluster, tmp_path / "runs") as runs:
        handle = await runs.start(flow)
        await noted(file, "held-begun")
        await until(lambda: len(lines(file)) > 10, timeout_s=PATIENCE_S)
        before = Recorded(await runs.events(handle.id)).outputs
        os.kill(pid_of(file, "held-begun"), signal.SIGKILL)
        Path(f"{file}.go").touch()
        result = (await handle.result()).raise_if_failed()
        story = await runs.events(handle.id)
    completed = Counter(one.data["node"] for one in story if one.type == "flow.node.completed")
    assert set(completed.values()) == {1}
    assert len(completed) == 37
    assert set(Recorded(story).outputs) == set(completed)
    assert all(one.data["attempt"] == 1 for one in story if one.type == "flow.node.completed")  # no attempt is counted
    again = Counter(lines(file))
    assert all(again[name] == 1 for name in before)
    assert result.counts == {"completed": 37}
    assert any("was lost" in one.data["data"]["message"] for one in said_by_nodes(story))


async def test_instances_are_initialized_once_a_worker_and_always_shut_down(cluster: Cluster, tmp_path: Path) -> None:
    flow, file = Flow("lives"), tmp_path / "noted"
    flow.set(flow.add(far.Living, id="one", config={"file": str(file)}, n=1), placement=A)
    async with runtime(cluster) as runs:
        await asyncio.gather(runs.run(flow, run="r1"), runs.run(flow, run="r2"))
        await runs.run(flow, run="r3")
        found = lines(file)
        assert found[0] == "initialize"
        assert found.count("initialize") == 1
        assert found.count("execute") == 3
        assert {f"{what}:r{n}" for what in ("start", "stop") for n in (1, 2, 3)} <= set(found)
        assert "shutdown" not in found
    assert lines(file)[-1] == "shutdown"
    assert lines(file).count("shutdown") == 1


async def test_a_worker_that_is_stopped_shuts_its_nodes_down_and_its_name_is_waited_for(
    cluster: Cluster, tmp_path: Path
) -> None:
    flow, file = Flow("stopped", on_error={"policy": "ContinueOnError"}), tmp_path / "noted"
    flow.set(flow.add(far.Living, id="one", config={"file": str(file)}, n=1), placement=A)
    flow.set(flow.add(far.held, id="pinned", file=str(file), name="pinned"), placement=A)
    flow.set(flow.add(far.held, id="free", file=str(file), name="free"), placement=EU)
    await both(cluster)
    async with runtime(cluster, query="?patience=1.5") as runs:
        handle = await runs.start(flow)
        for what in ("execute", "pinned-begun", "free-begun"):
            await noted(file, what)
        await asyncio.to_thread(cluster.stop_worker, "a")
        assert {"pinned-cancelled", "free-cancelled", f"stop:{handle.id}", "shutdown"} <= set(lines(file))
        Path(f"{file}.go").touch()
        cluster.start_worker("c", "--label", "zone=eu")  # has the label, not the name
        result = await handle.result()
    cluster.start_worker("a", "--label", "zone=eu")
    await both(cluster)
    cluster.stop_worker("c")
    failures = {one.node: one for one in result.failures}
    assert failures["pinned"].kind == "no-worker"
    assert "wants the worker a" in failures["pinned"].message


async def test_a_node_that_kills_its_workers_fails(cluster: Cluster, tmp_path: Path) -> None:
    flow, file = Flow("poison"), tmp_path / "noted"
    flow.set(flow.add(far.poisonous, id="x", file=str(file)), placement=B)
    async with runtime(cluster) as runs:
        result = await runs.run(flow)
    assert [(one.node, one.kind) for one in result.failures] == [("x", "lost-worker")]
    assert lines(file) == ["poisonous"] * 2


async def test_spans_over_there_lie_beneath_those_of_the_run(cluster: Cluster) -> None:
    spans, flow = Spans(), Flow("traced")
    flow.set(flow.add(far.traced, id="x"), placement=A)
    async with FlowRuntime(
        location=location_of(f"{cluster.url}?patience={PATIENCE_S}"), observers=[Tracing(spans.provider)]
    ) as runs:
        (await runs.run(flow)).raise_if_failed()
    here = spans.all()["x"].context
    assert here is not None
    told = [line.split() for line in cluster.spans.read_text().splitlines()]
    remote = next(one for one in told if one[:3] == ["flow.remote", "traced", str(here.trace_id)])
    mine = next(one for one in told if one[:2] == ["mine", str(here.trace_id)])
    assert (remote[4], remote[5]) == (str(here.span_id), "a")
    assert mine[3] == remote[3]


async def test_untrusted_code_runs_in_the_sandbox_of_the_worker(cluster: Cluster) -> None:
    flow = Flow("untrusted")
    source = "import os\ndef main(n):\n    return [n + 1, os.path.exists('/etc/passwd')]"
    flow.set(flow.add("python.code", id="code", config={"source": source}, arguments={"n": 1}), placement=A)
    async with runtime(cluster) as runs:
        result = await runs.run(flow)
    if result.status == "failed":  # a machine without the layers refuses, there as here
        assert result.failures[0].kind == "sandbox"
    else:
        assert result.outputs == {"code": [2, False]}


async def test_what_cannot_run_there_is_refused_at_the_start(cluster: Cluster) -> None:
    await both(cluster)
    async with runtime(cluster, query="?patience=0.2") as runs:
        flow = Flow("nowhere")
        flow.set(flow.add(far.where, id="x"), placement=Placement(labels={"gpu": 7}))
        with pytest.raises(EngineError, match=r"node 'x' wants gpu=7, and none came .* a \(zone=eu\)"):
            await runs.run(flow)
    async with runtime(cluster) as runs:
        flow = Flow("unknown")
        flow.add(lambda: 1, id="x")
        with pytest.raises(EngineError, match="does not know it: start it with --nodes"):
            await runs.run(flow)
        flow = Flow("steers")
        flow.set(flow.add("flow.approval", id="x", value=1), placement=A)
        with pytest.raises(InvalidWorkflow, match="always runs in the process of the run"):
            await runs.run(flow)
    nobody = FlowRuntime(location=location_of("dask://127.0.0.1:1?patience=0"))
    async with nobody:
        flow = Flow("nobody")
        flow.add(far.where, id="x")
        with pytest.raises(EngineError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"):
            await nobody.run(flow)


def command(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-m", "livets", "flow", *arguments], cwd=folder, env=env, stdout=pipe, stderr=pipe, text=True
    )


def test_the_same_file_runs_here_and_there(cluster: Cluster, tmp_path: Path) -> None:
    page = (ROOT / "docs/flow/elsewhere.md").read_text().replace("loader", "a")
    example = re.search(r"^```yaml\n(.*?)^```", page, re.S | re.M)
    assert example is not None
    (tmp_path / "training.yaml").write_text(example[1])
    here = command(tmp_path, "run", "training.yaml", "--memory", "-q")
    there = command(tmp_path, "run", "training.yaml", "--run", "r", "-q", "--location", cluster.url)
    (out, err), (far_out, far_err) = here.communicate(timeout=PATIENCE_S), there.communicate(timeout=PATIENCE_S)
    assert (here.returncode, there.returncode) == (0, 0), err + far_err
    assert out == far_out
    assert len(json.loads(out)["size"]) == 64


def test_the_death_of_the_run_stops_its_nodes_and_it_goes_on(cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "noted"
    (tmp_path / "mine.py").write_text(module_of(file))
    run = command(tmp_path, "run", "mine:flow", "--run", "r", "--location", cluster.url)
    wait_for(lambda: "held-begun" in lines(file), timeout_s=PATIENCE_S)
    run.kill()
    run.communicate()
    wait_for(lambda: "held-cancelled" in lines(file), timeout_s=PATIENCE_S)  # nobody wants it any more
    Path(f"{file}.go").touch()
    again = command(tmp_path, "resume", "r", "--workflow", "mine:flow", "--location", cluster.url)
    out, err = again.communicate(timeout=PATIENCE_S)
    assert (again.returncode, json.loads(out)) == (0, {"held": "held"}), err
    assert lines(file) == ["first", "held-begun", "held-cancelled", "held-begun", "held"]


def module_of(file: Path) -> str:
    return f"""
from livets.flow import Flow
from tests.integration.flow import far_nodes as far

flow = Flow("orphans")
first = flow.add(far.step, id="first", file={str(file)!r}, name="first")
flow.add(far.held, id="held", file={str(file)!r}, name="held", after=first)
"""


def test_the_death_of_the_scheduler_interrupts_the_run_and_it_goes_on(cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "noted"
    (tmp_path / "mine.py").write_text(module_of(file))
    run = command(tmp_path, "run", "mine:flow", "--run", "r", "--location", cluster.url)
    wait_for(lambda: "held-begun" in lines(file), timeout_s=PATIENCE_S)
    cluster.kill_scheduler()
    try:
        out, err = run.communicate(timeout=PATIENCE_S)
        assert run.returncode == 1, out + err
        assert "is gone: resume the run" in err
        assert "livets flow resume r" in err
        wait_for(lambda: "held-cancelled" in lines(file), timeout_s=PATIENCE_S)  # its worker ends it
    finally:
        cluster.start_scheduler()
    Path(f"{file}.go").touch()
    again = command(tmp_path, "resume", "r", "--workflow", "mine:flow", "--location", cluster.url)
    out, err = again.communicate(timeout=PATIENCE_S)
    assert (again.returncode, json.loads(out)) == (0, {"held": "held"}), err
    assert Counter(lines(file)) == {"first": 1, "held-begun": 2, "held-cancelled": 1, "held": 1}


async def test_a_cluster_with_tls_answers_only_those_who_have_a_certificate(tmp_path: Path) -> None:
    flow = Flow("private")
    flow.add(far.where, id="x")
    with Cluster(tmp_path, Certificates(tmp_path)) as cluster:
        cluster.start_worker("a")
        async with runtime(cluster, query=f"&patience={PATIENCE_S}") as runs:
            assert (await runs.run(flow)).raise_if_failed()["x"] != os.getpid()
        plain = cluster.url.replace("dask+tls", "dask").partition("?")[0]
        async with FlowRuntime(location=location_of(f"{plain}?patience=0")) as runs:
            with pytest.raises(EngineError, match="no Dask scheduler answers"):
                await runs.run(flow)
