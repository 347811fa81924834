"""Where a node runs: in this process, unless a Location takes it. The seam for other processes and machines.

A Location gets the node's type, config and inputs as values, and gives what the node gave; the rest of the run (order,
retries, limits, journal) stays here and knows nothing of it. FlowRuntime puts an `Away` in place of each such node.
`livets.flow.elsewhere` has the one for Dask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.node import Node, NodeType
from livets.flow.model import NodeSpec, Reducer


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt of one node, all of it values: what a Location needs to run it elsewhere.

    `node` is its path within the run, `instance` names the node of this version of the workflow, for all runs; `config`
    as in the file, `wake` what ended a durable wait, `state` the run's state as it is now (None: the node cannot see
    it), `carrier` what makes spans over there part of the trace here (`livets.flow.telemetry.tracing.continued`).
    """

    run: str
    node: str
    instance: str = ""
    type: str
    version: int
    config: dict[str, Any]
    inputs: dict[str, Any]
    attempt: int
    wake: Any = None
    state: dict[str, Any] | None = None
    reducers: dict[str, Reducer] = {}
    carrier: dict[str, str] = {}


class Given(msgspec.Struct, frozen=True):
    """What a node gave elsewhere, with its writes to the run's state: [key, value], in their order."""

    result: Any
    writes: list[list[Any]] = []


Report = Callable[[str, Mapping[str, Any]], None]
"""Called with kind and data of each event that the node emits over there."""


class Location:
    """Runs nodes somewhere else; subclass it. Only `takes` and `submit` must be written."""

    def takes(self, spec: NodeSpec, node_type: NodeType) -> bool:
        """Whether this node is to run there; asked once for each node of a workflow."""
        raise NotImplementedError

    async def prepare(self, spec: NodeSpec, node_type: NodeType) -> None:
        """A run is about to begin with this node: raise EngineError when it could not run there."""

    async def submit(self, work: Work, spec: NodeSpec, report: Report) -> Any:
        """Run it and return what it gave (Outputs, a dict, a value, Suspend, or Given); raise NodeError when it failed.

        Raise Interrupted when nothing can run there any more. When this call is cancelled the work over there is to
        stop at once.
        """
        raise NotImplementedError

    async def end_run(self, run: str) -> None:
        """A run has ended, however."""

    async def close(self) -> None:
        """The runtime is closed: nothing more will be submitted."""


class Away(Node):
    """Stands for a node that runs elsewhere."""

    type = "flow.away"

    def __init__(
        self,
        spec: NodeSpec,
        node_type: NodeType,
        location: Location,
        instance: str,
        reducers: Mapping[str, Reducer],
        carrier: Callable[[], dict[str, str]],
    ) -> None:
        super().__init__(None)
        self._spec, self._node_type, self._location, self._carrier = spec, node_type, location, carrier
        self._instance = instance
        self._reducers = dict(reducers)
        self._sees_state = node_type.function is None or node_type.takes_ctx

    async def initialize(self) -> None:
        """Fail now rather than in the middle of a run."""
        await self._location.prepare(self._spec, self._node_type)

    async def execute(self, ctx: NodeContext) -> Any:
        """Hand the work over and wait for what it gives."""
        state = ctx.state
        work = Work(
            run=ctx.run,
            node=ctx.node,
            instance=self._instance,
            type=self._node_type.name,
            version=self._node_type.version,
            config=self._spec.config,
            inputs=dict(ctx.inputs),
            attempt=ctx.attempt,
            wake=ctx.wake,
            state={key: state[key] for key in state} if self._sees_state and state is not None else None,
            reducers=self._reducers,
            carrier=self._carrier(),
        )
        given = await self._location.submit(work, self._spec, ctx.emit)
        if type(given) is not Given:
            return given
        for key, value in given.writes:
            state[key] = value
        return given.result

    async def stop(self, run: str) -> None:
        """Tell those over there, too."""
        await self._location.end_run(run)
