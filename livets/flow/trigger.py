"""What begins runs: the base of trigger nodes. In push mode they are sources, else a Listener starts runs.

A trigger's `stream` gives what happened, one value after the other; what it keeps in `ctx.memory` is saved when the run
is recorded, so that nothing is fired twice and little is missed. A run that a person starts takes `sample` for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.node import Node
from livets.flow.streaming.context import StreamContext


class Trigger(Node):
    """Base of nodes that begin runs: write `stream`, an asynchronous generator of what happened."""

    class Outputs(msgspec.Struct):
        out: Any

    @classmethod
    def key_of(cls, fired: Any) -> str | None:
        """Return what names this firing among all of its trigger, so that it begins one run only; or None."""
        return None

    async def execute(self, ctx: NodeContext) -> Any:
        """Of a run that no trigger began: the sample."""
        return getattr(self.config, "sample", None)

    async def stream(self, ctx: StreamContext) -> AsyncIterator[Any]:
        """Give what happened, as it happens."""
        raise NotImplementedError(f"{type(self).__name__} must define stream(ctx)")
        yield  # a generator, as those that override it
