"""flow.partition: sends each item of an array its own way."""

from __future__ import annotations

from typing import Any

from livets.engine.context import NodeContext
from livets.engine.node import Outputs
from livets.flow.conditions import holds
from livets.flow.nodes.switch import Switch


class Partition(Switch):
    """Sends each item of an array to the port of the first case that it fulfils (`all`: of every one), or to `default`.

    A port that no item goes to is skipped. What is no array goes its way as a whole.
    """

    type = "flow.partition"
    stays = True

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
