"""flow.merge: brings several ways together again."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node
from livets.engine.ports import Many, Port, Ports


class Merge(Node):
    """Waits until every connection has brought a value or been skipped, then gives what came.

    `mode`: the `first` or `last` in the order of the file, a `list`, an `object` by source node, `combine` (one
    object out of several) or `concat` (one array out of several; what is no array is an item).
    """

    type = "flow.merge"
    stays = True
    joins = True

    class Config(msgspec.Struct):
        mode: Literal["first", "last", "list", "object", "combine", "concat"] = "first"

    @classmethod
    def ports(cls, config: Any) -> Ports:
        many: Many = "list" if config.mode in ("combine", "concat") else config.mode
        return Ports((Port(name="in", many=many),), (Port(name="out"),))

    async def execute(self, ctx: NodeContext) -> Any:
        arrived = ctx.inputs["in"]
        if self.config.mode == "concat":
            return [item for one in arrived for item in (one if isinstance(one, list) else [one])]
        if self.config.mode != "combine":
            return arrived
        whole: dict[str, Any] = {}
        for one in arrived:
            if not isinstance(one, dict):
                raise NodeError(f"combine takes objects, not {type(one).__name__}", "input")
            whole |= one
        return whole
