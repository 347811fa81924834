"""A run told from its events agrees with the engine's own replay, and holds no values."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from livets.engine.events import Event
from livets.engine.retry import RetryPolicy
from livets.flow import Flow, FlowRuntime
from livets.flow.replay import replayed
from livets.studio.history import MAX_ATTEMPTS, History, history_of


def event(seq: int, type: str, **data: Any) -> Event:
    return Event(seq, "flow/r", f"flow.{type}", 100.0 + seq, data)


async def test_a_real_run_with_retries_and_failures(tmp_path: Any) -> None:
    tried = []

    def flaky(n: int) -> int:
        tried.append(n)
        if len(tried) < 3:
            raise ValueError("not yet")
        return n

    def broken(n: int) -> int:
        raise KeyError("nothing")

    inner = Flow("inner")
    item = inner.input("item", int)
    inner.output("out", inner.add(lambda n: n + 1, id="more", n=item))
    flow = Flow("whole", on_error={"policy": "ContinueOnError"})
    start = flow.add(lambda: 1, id="start")
    start >> flow.set(flow.add(flaky, id="flaky"), retry=RetryPolicy(max_attempts=5, delay_ms=1))
    start >> flow.add(broken, id="broken") >> flow.add(lambda n: n, id="after")
    flow.add("flow.map", id="each", config={"workflow": flow.define(inner)}, items=[1, 2, 3])
    async with FlowRuntime(tmp_path) as runtime:
        await runtime.run(flow, run="r")
        events = await runtime.events("r")
    history, replay = history_of(events), replayed(events)
    assert history.status == replay.status
    assert {path: node.state for path, node in history.nodes.items()} == {p: n.state for p, n in replay.nodes.items()}
    assert [one.state for one in history.nodes["flaky"].attempts] == ["failed", "failed", "completed"]
    assert history.nodes["flaky"].attempts[0].message == "ValueError: not yet"
    assert history.nodes["broken"].error == "KeyError: 'nothing'"
    assert {state: count for state, count in history.inner["each"].items() if count} == {"completed": 3}
    assert "failed" in {line.level for line in history.lines}


STATES = ("started", "completed", "failed", "skipped", "cancelled", "waiting", "retrying", "signalled")


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "m[0]/x", "m[1]/x"]), st.sampled_from(STATES)), max_size=30))
def test_counts_of_inner_nodes_are_those_of_the_nodes(steps: list[tuple[str, str]]) -> None:
    history = History()
    for seq, (path, what) in enumerate(steps, 1):
        more = {"attempt": 1, "ms": 1.0, "kind": "k", "message": "m", "wait_s": 0.1, "signal": "input", "outputs": {}}
        history.step(event(seq, f"node.{what}", node=path, **more))
    for counts, inside in ((history.inner.get("m", {}), True), (history.counts, False)):
        states = [node.state for path, node in history.nodes.items() if path.startswith("m[") is inside]
        assert {state: count for state, count in counts.items() if count} == {one: states.count(one) for one in states}
    assert history.failed == {path for path, node in history.nodes.items() if node.state == "failed"}
    assert history.waiting == {path for path, node in history.nodes.items() if node.state == "waiting"}


def test_a_wait_outlives_a_cancellation() -> None:
    """The engine does not say it again when the run goes on: the journal knows."""
    history = history_of(
        [
            event(1, "node.started", node="ask", attempt=1),
            event(2, "node.waiting", node="ask", signal="approval", until=None, data={"prompt": "Well?"}),
            event(3, "node.cancelled", node="ask"),
            event(4, "run.cancelled", reason="cancelled by ann"),
        ]
    )
    assert (history.nodes["ask"].state, history.waiting, history.reason) == ("cancelled", set(), "cancelled by ann")
    history.step(event(5, "run.resumed", reset=[], deep=False))
    assert (history.nodes["ask"].state, history.waiting) == ("waiting", {"ask"})
    assert history.nodes["ask"].asked == {"prompt": "Well?"}
    history.step(event(6, "run.resumed", reset=["ask"], deep=True))
    assert (history.nodes["ask"].state, history.waiting) == ("pending", set())


def test_a_killed_run_that_goes_on_begins_its_running_nodes_again() -> None:
    history = history_of([event(1, "node.started", node="a", attempt=1), event(2, "run.resumed", reset=[], deep=False)])
    assert (history.nodes["a"].state, history.nodes["a"].attempts[0].state) == ("pending", "interrupted")


def test_many_attempts_are_bounded() -> None:
    history = History()
    for number in range(1, 3 * MAX_ATTEMPTS):
        history.step(event(2 * number, "node.started", node="a", attempt=number))
        history.step(event(2 * number + 1, "node.retrying", node="a", kind="k", message="m", wait_s=1.0))
    kept = [one.number for one in history.nodes["a"].attempts]
    assert len(kept) == MAX_ATTEMPTS
    assert kept[0] == 1
    assert kept[-1] == 3 * MAX_ATTEMPTS - 1
