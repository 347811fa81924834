"""flow.switch: sends its value to the port of the first case that fits."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.node import Node, Outputs
from livets.engine.ports import Port, Ports
from livets.flow.conditions import checked_condition, holds


class Case(msgspec.Struct):
    """One way: the port, and when it is taken."""

    port: str
    when: dict[str, Any]

    def __post_init__(self) -> None:
        checked_condition(self.when)


class Switch(Node):
    """Sends `value` to the port of the first case whose condition holds (`all`: of every one), or to `default`."""

    type = "flow.switch"
    stays = True

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
        hits = [case.port for case in self.config.cases if holds(case.when, value)]
        ports = hits if self.config.all else hits[:1]
        return Outputs(dict.fromkeys(ports or [self.config.default], value))
