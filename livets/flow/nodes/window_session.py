"""window.session: windows that last as long as values keep coming."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from livets.engine.node import Node
from livets.flow.streaming.context import StreamContext
from livets.flow.windows import Windows


class SessionWindow(Node):
    """Gathers values that follow each other within `gap_s` seconds into one window; a longer silence ends it.

    Gives `{"key", "start", "end", "items"}`; `end` is the last value's time and the gap. A value out of order may join
    two sessions to one. `time`, `key`, `lateness_s` and `late` are those of window.tumbling.
    """

    type = "window.session"

    class Config(msgspec.Struct):
        gap_s: float
        time: str = ""
        key: str = ""
        lateness_s: float = 0.0

        def __post_init__(self) -> None:
            if not self.gap_s > 0:
                raise ValueError("gap_s is more than 0")

    class Inputs(msgspec.Struct):
        value: Any

    class Outputs(msgspec.Struct):
        out: dict[str, Any]
        late: Any

    async def stream(self, ctx: StreamContext) -> AsyncIterator[Any]:
        config = self.config
        windows = Windows(
            ctx,
            lambda at: [(at, at + config.gap_s)],
            time_path=config.time,
            key_path=config.key,
            lateness=config.lateness_s,
            joins=True,
        )
        async for outputs in windows.run(ctx.inputs["value"]):
            yield outputs
