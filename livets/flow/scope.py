"""What all parts of one run share, sub-workflows included: recorder, state, slots, limits, journal, cancellation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from livets.engine.context import Cancellation, NodeContext
from livets.engine.limits import Limiter, Slots
from livets.engine.node import Node
from livets.engine.store import ContentStore
from livets.flow.compiled import CompiledWorkflow
from livets.flow.journal import Recorded
from livets.flow.memo import Memo
from livets.flow.recording import Recorder
from livets.flow.state import NodeState
from livets.flow.telemetry.observer import Observer


class Sleeper(Protocol):
    """Who has nodes that wait durably: an execution."""

    def wake_by_signal(self, node: int, value: Any) -> bool:
        """End the wait of that node with `value`."""


class Scope:
    """One for each run; `recorded` is what its journal knew when it was started again."""

    __slots__ = (
        "cancellation", "instances", "limiter", "memo", "observer", "recorded", "recorder", "run", "slots", "state",
        "store", "waiting",
    )  # fmt: skip

    def __init__(
        self,
        run: str,
        recorder: Recorder,
        slots: Slots,
        state: NodeState,
        instances: Callable[[CompiledWorkflow], dict[int, Node]],
        limiter: Callable[[CompiledWorkflow, str, str, str], Limiter],
        memo: Memo,
        store: ContentStore | None,
        recorded: Recorded | None,
        observer: Observer | None = None,
    ) -> None:
        self.run, self.recorder, self.slots, self.state = run, recorder, slots, state
        self.instances, self.limiter, self.memo, self.store = instances, limiter, memo, store
        self.recorded, self.observer = recorded, observer
        self.cancellation = Cancellation()
        self.waiting: dict[str, tuple[Sleeper, int]] = {}


class FlowContext(NodeContext):
    """The context of a node that runs other nodes: `await ctx.subflow(name, inputs, label)` runs a sub-workflow."""

    __slots__ = ("subflow",)

    subflow: Callable[..., Any]
