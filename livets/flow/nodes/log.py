"""debug.log: says what passes by."""

from __future__ import annotations

import logging
from typing import Any, Literal

import msgspec

from livets.engine.context import NodeContext
from livets.engine.node import Node


class Log(Node):
    """Logs `value` (the first 1,000 characters) and gives it on; who watches the run sees it as an event too."""

    type = "debug.log"

    class Config(msgspec.Struct):
        level: Literal["debug", "info", "warning", "error"] = "info"
        message: str = ""

    class Inputs(msgspec.Struct):
        value: Any

    class Outputs(msgspec.Struct):
        out: Any

    async def execute(self, ctx: NodeContext) -> Any:
        value = ctx.inputs["value"]
        text = f"{self.config.message} {value!r}".strip()[:1000]
        ctx.log.log(logging.getLevelNamesMapping()[self.config.level.upper()], "%s", text)
        ctx.emit(self.config.level, message=text)
        return value
