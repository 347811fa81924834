"""transform.sort: puts an array in order."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.node import Node
from livets.flow.records import get, order_key


class Sort(Node):
    """Sorts `items` by the paths in `by` (a leading `-`: largest first), or by themselves when there are none.

    Stable. Kinds are kept apart: null, Bool, Int and Number, String, Bytes, then the rest; what is missing is null.
    """

    type = "transform.sort"

    class Config(msgspec.Struct):
        by: list[str] = []
        reverse: bool = False

    class Inputs(msgspec.Struct):
        items: list[Any]

    class Outputs(msgspec.Struct):
        out: list[Any]

    async def execute(self, ctx: NodeContext) -> Any:
        items = list(ctx.inputs["items"])
        if not self.config.by:
            items.sort(key=order_key)
        for path in reversed(self.config.by):  # the last key first: each sort keeps the order of the one before
            name = path.removeprefix("-")
            items.sort(key=lambda item, name=name: order_key(get(item, name)), reverse=path.startswith("-"))  # type: ignore[misc]
        return items[::-1] if self.config.reverse else items
