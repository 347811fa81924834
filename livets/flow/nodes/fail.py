"""flow.fail: ends a way with an error; also what stands for a node that an import could not map."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node
from livets.engine.ports import Port, Ports


class Fail(Node):
    """Fails with `message` and `kind`, never to be retried, as soon as it is reached.

    Imports put one where a foreign node has no equivalent (kind "not_imported"): `outputs` then are that node's, and
    `original` is what its file said, for whoever replaces it.
    """

    type = "flow.fail"
    stays = True

    class Config(msgspec.Struct):
        message: str
        kind: str = "failed"
        outputs: list[str] = []
        original: Any = None

    @classmethod
    def ports(cls, config: Any) -> Ports:
        outputs = tuple(Port(name=name) for name in dict.fromkeys(config.outputs))
        return Ports((Port(name="value", required=False),), outputs)

    async def execute(self, ctx: NodeContext) -> Any:
        raise NodeError(self.config.message, self.config.kind, retryable=False)
