"""Where a node runs: in this process, unless a Location takes it. The seam for other processes and machines.

A Location gets the node's type, config and inputs as values, and gives what the node gave; the rest of the run (order,
retries, limits, journal) stays here and knows nothing of it. FlowRuntime puts an `Away` in place of each such node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from livets.engine.context import NodeContext
from livets.engine.node import Node, NodeType
from livets.flow.model import NodeSpec


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt of one node, all of it values: what a Location needs to run it elsewhere.

    `node` is its path within the run, `config` as in the file, `wake` what ended a durable wait, `carrier` what makes
    spans over there part of the trace here (`livets.flow.telemetry.tracing.continued`).
    """

    run: str
    node: str
    type: str
    version: int
    config: dict[str, Any]
    inputs: dict[str, Any]
    attempt: int
    wake: Any = None
    carrier: dict[str, str] = {}


Report = Callable[[str, Mapping[str, Any]], None]
"""Called with kind and data of each event that the node emits over there."""


class Location(Protocol):
    """Runs nodes somewhere else."""

    def takes(self, spec: NodeSpec, node_type: NodeType) -> bool:
        """Whether this node is to run there; asked once for each node of a workflow."""

    async def submit(self, work: Work, report: Report) -> Any:
        """Run it and return what it gave (Outputs, a dict, a value, or Suspend); raise NodeError when it failed.

        When this call is cancelled the work over there is to stop at once.
        """


class Away(Node):
    """Stands for a node that runs elsewhere."""

    type = "flow.away"

    def __init__(
        self, spec: NodeSpec, node_type: NodeType, location: Location, carrier: Callable[[], dict[str, str]]
    ) -> None:
        super().__init__(None)
        self._spec, self._node_type, self._location, self._carrier = spec, node_type, location, carrier

    async def execute(self, ctx: NodeContext) -> Any:
        """Hand the work over and wait for what it gives."""
        work = Work(
            run=ctx.run,
            node=ctx.node,
            type=self._node_type.name,
            version=self._node_type.version,
            config=self._spec.config,
            inputs=dict(ctx.inputs),
            attempt=ctx.attempt,
            wake=ctx.wake,
            carrier=self._carrier(),
        )
        return await self._location.submit(work, ctx.emit)
