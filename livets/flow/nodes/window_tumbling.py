"""window.tumbling: cuts what flows by into windows that follow each other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from livets.engine.node import Node, Outputs
from livets.flow.streaming.context import StreamContext
from livets.flow.streaming.inlet import END
from livets.flow.windows import Windows, sliding


class TumblingWindow(Node):
    """Gathers values into windows of `size_s` seconds, or of `count` values; each value is in exactly one.

    Gives `{"key", "start", "end", "items"}` when a window is over (by count `{"items"}`). `time` is the path of the
    values' own time, without it the clock counts; `key` keeps a window for each value at that path. What is more than
    `lateness_s` late goes to `late`.
    """

    type = "window.tumbling"

    class Config(msgspec.Struct):
        size_s: float = 0.0
        count: int = 0
        time: str = ""
        key: str = ""
        lateness_s: float = 0.0

        def __post_init__(self) -> None:
            if (self.size_s > 0) == (self.count > 0):
                raise ValueError("give size_s or count, one of the two, and more than 0")

    class Inputs(msgspec.Struct):
        value: Any

    class Outputs(msgspec.Struct):
        out: dict[str, Any]
        late: Any

    async def stream(self, ctx: StreamContext) -> AsyncIterator[Any]:
        config, incoming = self.config, ctx.inputs["value"]
        if config.size_s:
            windows = Windows(
                ctx,
                lambda at: sliding(at, config.size_s, config.size_s),
                time_path=config.time,
                key_path=config.key,
                lateness=config.lateness_s,
            )
            async for outputs in windows.run(incoming):
                yield outputs
            return
        items = ctx.memory.setdefault("items", [])
        while (value := await incoming.get()) is not END:
            items.append(value)
            if len(items) == config.count:
                full = list(items)
                items.clear()
                yield Outputs(out={"items": full})
        if items:
            yield Outputs(out={"items": list(items)})
