"""Windows over streams: by time, by count, by silence, by the clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from livets.flow import Flow
from livets.flow.windows import sliding
from tests.unit.flow.tap import STREAM, collector, run


async def windowed(type: str, config: dict[str, Any], values: list[Any]) -> tuple[list[Any], list[Any]]:
    async def source() -> AsyncIterator[Any]:
        for value in values:
            yield value

    out: list[Any] = []
    late: list[Any] = []
    flow = Flow("windows", **STREAM)
    window = flow.add(source, id="s") >> flow.add(type, id="w", config=config)
    window["out"] >> flow.add(collector(out), id="out")
    window["late"] >> flow.add(collector(late), id="late")
    (await run(flow)).raise_if_failed()
    return out, late


def at(*times: float, **more: Any) -> list[Any]:
    return [{"t": t, **more} for t in times]


async def test_tumbling_windows_by_time_and_by_count() -> None:
    config = {"size_s": 10, "time": "t", "lateness_s": 2}
    out, late = await windowed("window.tumbling", config, at(1, 11, 9, 12.5, 3, 25))
    assert [(w["start"], w["end"], [i["t"] for i in w["items"]]) for w in out] == [
        (0, 10, [1, 9]), (10, 20, [11, 12.5]), (20, 30, [25]),
    ]  # fmt: skip
    assert [one["t"] for one in late] == [3]
    out, _ = await windowed("window.tumbling", {"count": 2}, [1, 2, 3])
    assert out == [{"items": [1, 2]}, {"items": [3]}]


async def test_sliding_windows_overlap() -> None:
    out, _ = await windowed("window.sliding", {"size_s": 10, "every_s": 5, "time": "t"}, at(7, 12))
    assert [(w["start"], [i["t"] for i in w["items"]]) for w in out] == [(0, [7]), (5, [7, 12]), (10, [12])]


async def test_sessions_end_with_silence_by_key() -> None:
    values = [*at(1, 3, who="a"), *at(4, who="b"), *at(5, 20, who="a"), *at(13, who="b")]
    out, late = await windowed("window.session", {"gap_s": 5, "time": "t", "key": "who", "lateness_s": 30}, values)
    found = sorted((w["key"], w["start"], w["end"], len(w["items"])) for w in out)
    assert found == [("a", 1, 10, 3), ("a", 20, 25, 1), ("b", 4, 9, 1), ("b", 13, 18, 1)]
    assert late == []


async def test_by_the_clock_a_window_ends_though_nothing_comes() -> None:
    done = asyncio.Event()

    async def source() -> AsyncIterator[int]:
        yield 1
        await done.wait()

    def seen(value: Any) -> None:
        done.set()

    flow = Flow("clock", **STREAM)
    flow.add(source, id="s") >> flow.add("window.tumbling", id="w", config={"size_s": 0.05})["value"]
    from livets.flow.builder import NodeRef

    NodeRef(flow, "w")["out"] >> flow.add(seen, id="end")
    assert (await run(flow)).status == "completed"


async def test_times_are_read_from_text_too() -> None:
    values = [{"t": "1970-01-01T00:00:01Z"}, {"t": "1970-01-01T00:00:02"}]
    out, _ = await windowed("window.tumbling", {"size_s": 10, "time": "t"}, values)
    assert (out[0]["start"], len(out[0]["items"])) == (0, 2)


@given(st.floats(0, 1e6), st.floats(0.5, 100), st.integers(1, 7))
def test_a_moment_lies_in_all_of_its_windows(moment: float, size: float, overlap: int) -> None:
    spans = sliding(moment, size, size / overlap)
    assert all(start <= moment < end for start, end in spans)
    assert overlap - 1 <= len(spans) <= overlap + 1
