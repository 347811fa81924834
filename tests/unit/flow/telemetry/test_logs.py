"""Structured logs: every line says which run, node and attempt it belongs to, whoever writes it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livets.flow import Flow, FlowRuntime
from livets.flow.telemetry import JsonFormatter, Logs, WithRun


class Lines(logging.Handler):
    """Keeps what a handler with filter and formatter would write."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []
        self.addFilter(WithRun())
        self.setFormatter(JsonFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    handler = Lines()
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.lines
    root.removeHandler(handler)
    root.setLevel(before)


async def test_lines_of_a_library_say_the_node_they_were_written_in(lines: list[dict[str, Any]]) -> None:
    library = logging.getLogger("some.library")

    async def speaking(n: int) -> int:
        await asyncio.sleep(0)
        library.info("hello %d", n)
        await asyncio.to_thread(library.info, "from a thread %d", n)
        return n

    flow = Flow("speaks", max_parallel=4)
    for n in range(4):
        flow.add(speaking, id=f"n{n}", n=n)
    async with FlowRuntime(observers=[Logs()]) as runtime:
        await runtime.run(flow, run="r1")
    library.info("outside")
    said = [line for line in lines if line["logger"] == "some.library"]
    assert "run" not in said.pop()
    assert len(said) == 8
    for line in said:
        assert (line["run"], line["node"], line["attempt"]) == ("r1", f"n{line['message'][-1]}", 1)


async def test_a_run_its_retries_and_failures_are_told(lines: list[dict[str, Any]]) -> None:
    def broken() -> int:
        raise ValueError("no luck")

    flow = Flow("fails", retry={"max_attempts": 2, "delay_ms": 1})
    flow.add(broken, id="b")
    async with FlowRuntime(observers=[Logs()]) as runtime:
        await runtime.run(flow, run="r2")
    told = [line for line in lines if line["logger"] == "livets.flow.run"]
    assert [line["level"] for line in told] == ["INFO", "INFO", "WARNING", "WARNING"]
    assert told[1]["message"].startswith("node b again in")
    assert (told[2]["message"], told[2]["attempt"], told[2]["type"]) == (
        "node b failed: ValueError: no luck",
        2,
        "broken",
    )
    assert (told[3]["status"], told[3]["run"], told[3]["workflow"]) == ("failed", "r2", "fails")


@given(st.text(), st.one_of(st.text(), st.binary(), st.floats(), st.integers(), st.lists(st.integers())))
def test_any_record_is_one_line_of_json(message: str, value: object) -> None:
    record = logging.makeLogRecord({"msg": message, "levelname": "INFO", "name": "x", "extra_value": value})
    text = JsonFormatter().format(record)
    assert "\n" not in text
    assert json.loads(text)["level"] in ("INFO", "'INFO'")
