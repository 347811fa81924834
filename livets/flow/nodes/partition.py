"""flow.partition: sends each item of an array its own way."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.node import Node, Outputs
from livets.engine.ports import Port, Ports
from livets.flow.conditions import holds
from livets.flow.nodes.switch import Case


class Partition(Node):
    """Sends each item of an array to the port of the first case that it fulfils (`all`: of every one), or to `default`.

    A port that no item goes to is skipped. What is no array goes its way as a whole.
    """

    type = "flow.partition"

    class Config(msgspec.Struct):
        cases: list[Case]
        default: str = "default"
        all: bool = False

    @classmethod
    def ports(cls, config: Any) -> Ports:
        names = dict.fromkeys([*(case.port for case in config.cases), config.default])
        return Ports((Port(name="value"),), tuple(Port(name=name) for name in names))

    async def execute(self, ctx: NodeContext) -> Any:
        value = ctx.inputs["value"]
        if not isinstance(value, list):
            return Outputs(dict.fromkeys(self._ways(value), value))
        parts: dict[str, list[Any]] = {}
        for item in value:
            for port in self._ways(item):
                parts.setdefault(port, []).append(item)
        return Outputs(parts)

    def _ways(self, item: Any) -> list[str]:
        config = self.config
        hits = list(dict.fromkeys(case.port for case in config.cases if holds(case.when, item)))
        return (hits if config.all else hits[:1]) or [config.default]
