"""window.sliding: windows that overlap."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from livets.engine.node import Node
from livets.flow.streaming.context import StreamContext
from livets.flow.windows import Windows, sliding

MAX_OVERLAP = 1_000


class SlidingWindow(Node):
    """Gathers values into windows of `size_s` seconds that begin every `every_s`; each holds its values.

    Gives `{"key", "start", "end", "items"}` when a window is over. `time`, `key`, `lateness_s` and `late` are those of
    window.tumbling.
    """

    type = "window.sliding"

    class Config(msgspec.Struct):
        size_s: float
        every_s: float
        time: str = ""
        key: str = ""
        lateness_s: float = 0.0

        def __post_init__(self) -> None:
            if not 0 < self.every_s <= self.size_s or self.size_s / self.every_s > MAX_OVERLAP:
                raise ValueError(f"every_s is more than 0, at most size_s, and {MAX_OVERLAP} windows may overlap")

    class Inputs(msgspec.Struct):
        value: Any

    class Outputs(msgspec.Struct):
        out: dict[str, Any]
        late: Any

    async def stream(self, ctx: StreamContext) -> AsyncIterator[Any]:
        config = self.config
        windows = Windows(
            ctx,
            lambda at: sliding(at, config.size_s, config.every_s),
            time_path=config.time,
            key_path=config.key,
            lateness=config.lateness_s,
        )
        async for outputs in windows.run(ctx.inputs["value"]):
            yield outputs
