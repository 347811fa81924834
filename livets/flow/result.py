"""What a run came to: status, outputs, counts, and every failure with its node."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from livets.engine.errors import EngineError

Status = Literal["completed", "failed", "cancelled"]


class NodeFailure(msgspec.Struct, frozen=True):
    """One node that failed for good; `node` is its path within the run."""

    node: str
    kind: str
    message: str
    attempt: int


class RunExists(EngineError):
    """A run of that name is there already."""


class RunFailed(EngineError):
    """A run did not complete; `result` has all that is known."""

    def __init__(self, result: RunResult) -> None:
        reasons = "; ".join(f"{one.node}: {one.message}" for one in result.failures[:5]) or result.reason
        super().__init__(f"run {result.run} {result.status}: {reasons}")
        self.result = result


class RunResult(msgspec.Struct, kw_only=True):
    """The end of a run. `outputs` holds the workflow's named outputs, or those of its last nodes by node id."""

    run: str
    status: Status
    reason: str = ""
    outputs: dict[str, Any] = {}
    counts: dict[str, int] = {}
    failures: list[NodeFailure] = []
    seconds: float = 0.0

    @property
    def completed_nodes(self) -> int:
        """How many nodes completed."""
        return self.counts.get("completed", 0)

    def __getitem__(self, name: str) -> Any:
        return self.outputs[name]

    def raise_if_failed(self) -> RunResult:
        """Return self when the run completed; raise RunFailed otherwise."""
        if self.status != "completed":
            raise RunFailed(self)
        return self
