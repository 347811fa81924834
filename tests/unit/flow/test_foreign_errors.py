"""What nodes raise that is no Exception fails the node, never the run, the program or who waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from livets.engine.context import NodeContext
from livets.engine.errors import EngineError
from livets.flow import Flow, FlowRuntime, Node, node
from livets.flow.result import RunResult
from tests.unit.flow.plain_nodes import inc

FOREIGN = [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError(), BaseException("odd")]
foreign = pytest.mark.parametrize("error", FOREIGN, ids=lambda error: type(error).__name__)


async def finished(flow: Flow, folder: Path | None = None, **more: Any) -> RunResult:
    async with FlowRuntime(folder) as runtime, asyncio.timeout(5):
        return await runtime.run(flow, **more)


def raising(error: BaseException, how: str) -> Any:
    def plain() -> int:
        raise error

    async def later() -> int:
        await asyncio.sleep(0)
        raise error

    return {"plain": plain, "later": later, "thread": node(blocking=True)(plain)}[how]


@foreign
@pytest.mark.parametrize("how", ["plain", "later", "thread"])
@pytest.mark.parametrize("recorded", [False, True])
async def test_it_fails_the_node_and_the_others_go_on(
    error: BaseException, how: str, recorded: bool, tmp_path: Path
) -> None:
    flow = Flow("foreign")
    bad = flow.set(flow.add(raising(error, how), id="bad"), on_error="skip")
    bad >> flow.add(inc, id="after")
    flow.add(inc, id="other", n=1) >> flow.add(inc, id="fine")
    result = await finished(flow, tmp_path if recorded else None)
    assert (result.status, result.outputs) == ("completed", {"fine": 3})
    wanted = "cancelled" if isinstance(error, asyncio.CancelledError) else type(error).__name__
    assert [(one.node, one.kind) for one in result.failures] == [("bad", wanted)]


async def test_it_fails_a_node_of_a_sub_workflow_or_one_with_a_timeout() -> None:
    inner = Flow("inner")
    inner.set(inner.add(raising(KeyboardInterrupt(), "later"), id="bad"), timeout_s=5)
    flow = Flow("outer")
    flow.add("flow.call", id="call", config={"workflow": flow.define(inner)})
    result = await finished(flow)
    assert [one.message for one in result.failures if one.node == "call"] == [
        "the sub-workflow 'inner' failed: call/bad: KeyboardInterrupt"
    ]


async def test_stop_iteration_in_a_thread_fails_the_node() -> None:
    # No future can carry it: the node hung for ever.
    flow = Flow("thread")
    flow.add(raising(StopIteration(1), "thread"), id="bad")
    assert "raised StopIteration" in (await finished(flow)).failures[0].message


async def test_a_run_that_is_dropped_with_its_loop_runs_nothing_more() -> None:
    ran: list[str] = []

    async def waits() -> None:
        await asyncio.Event().wait()

    flow = Flow("dropped")
    flow.add(waits, id="waits")
    flow.add(lambda: ran.append("second"), id="second")
    loop = asyncio.new_event_loop()
    runtime = FlowRuntime(max_parallel=1)

    def begin() -> None:
        handle = loop.run_until_complete(runtime.start(flow))
        loop.call_soon(loop.stop)
        loop.run_forever()
        for task in asyncio.all_tasks(loop):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            coroutine: Any = task.get_coro()
            coroutine.close()  # as the interpreter does in the end
        assert not handle.done

    await asyncio.to_thread(begin)
    loop.close()
    assert ran == []


class Alive(Node):
    """Raises `error` in one moment of its life."""

    type = "t.alive"
    moment = ""
    error: BaseException = BaseException()

    class Outputs(msgspec.Struct):
        out: int

    async def _at(self, moment: str) -> None:
        if moment == self.moment:
            raise self.error

    async def initialize(self) -> None:
        await self._at("initialize")

    async def start(self, run: str) -> None:
        await self._at("start")

    async def execute(self, ctx: NodeContext) -> int:
        return 1

    async def stop(self, run: str) -> None:
        await self._at("stop")

    async def shutdown(self) -> None:
        await self._at("shutdown")


@pytest.mark.parametrize("error", [*FOREIGN, ValueError("no")], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("moment", ["initialize", "start", "stop", "shutdown"])
async def test_at_any_moment_of_a_life_it_is_said_and_the_journal_knows_the_end(
    error: BaseException, moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Alive, "moment", moment)
    monkeypatch.setattr(Alive, "error", error)
    flow = Flow("alive")
    flow.add(Alive, id="it")
    async with FlowRuntime(tmp_path) as runtime, asyncio.timeout(5):
        if moment == "initialize":
            with pytest.raises(EngineError, match="node 'it' could not be initialized"):
                await runtime.run(flow, run="r")
        else:
            result = await runtime.run(flow, run="r")
            assert result.reason.startswith("node 'it' could not start:" if moment == "start" else "")
        wanted = "completed" if moment in ("stop", "shutdown") else "failed"
        assert [one.status for one in await runtime.runs()] == [wanted]
        if wanted == "failed":  # a run that could not begin can go on: it stood as running, for ever
            monkeypatch.setattr(Alive, "moment", "")
            assert (await (await runtime.resume("r", flow)).result()).outputs == {"it": 1}


@foreign
async def test_it_fails_a_node_in_push_mode(error: BaseException) -> None:
    # A cancellation from inside hung the run, GeneratorExit completed it, SystemExit ended the program.
    async def source() -> AsyncIterator[int]:
        yield 1
        raise error

    flow = Flow("push", stream={})
    flow.add(source, id="source") >> flow.add(inc, id="end")
    result = await finished(flow)
    assert (result.status, [one.node for one in result.failures]) == ("failed", ["source"])


@foreign
async def test_a_value_on_which_it_is_raised_goes_to_the_error_port(error: BaseException) -> None:
    async def source() -> AsyncIterator[int]:
        for n in range(3):
            yield n

    def picky(n: int) -> int:
        if n == 1:
            raise error
        return n

    errors: list[dict[str, Any]] = []

    def note(error: dict[str, Any]) -> None:
        errors.append(error)

    flow = Flow("picky", stream={})
    bad = flow.set(flow.add(picky, id="bad"), on_error="port")
    flow.add(source, id="source") >> bad
    flow.connect(bad["error"], flow.add(note, id="errors"))
    assert (await finished(flow)).status == "completed"
    assert len(errors) == 1


async def test_a_timeout_that_a_node_in_push_mode_raises_is_not_called_ours() -> None:
    def slow() -> None:
        raise TimeoutError("the other side")

    flow = Flow("slow", stream={})
    flow.add(slow, id="slow")
    assert [one.message for one in (await finished(flow)).failures] == ["the other side"]
