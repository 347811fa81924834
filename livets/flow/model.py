"""What a workflow is, as plain data: the very thing that files hold, validation checks and runs are pinned to.

No behaviour beyond its content version: who reads a definition from outside never executes anything by that.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec

from livets.engine.graph import Connection
from livets.engine.retry import RetryPolicy
from livets.engine.values import Kind

SCHEMA_VERSION = 1
OnError = Literal["stop", "skip", "port"]
"""When a node has failed for good: stop the run, skip what needs it, or send the error to its port `error`."""
Reducer = Literal["replace", "add", "append", "merge", "max", "min"]


class ErrorHandling(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a failed node means for the run; RetryWorkflow goes on up to `max_attempts` times."""

    policy: Literal["StopWorkflow", "ContinueOnError", "RetryWorkflow"] = "StopWorkflow"
    max_attempts: int = 1


class Rate(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A named rate limit: `per_second` on average, `burst` at once."""

    per_second: float
    burst: int = 1


class StreamSettings(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A run in push mode: how many values may wait at a port, and seconds between checkpoints (0: none)."""

    capacity: int = 64
    checkpoint_s: float = 5.0


class InputSpec(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One input of the whole workflow; without a default it must be given."""

    kind: Kind | None = None
    required: bool = True
    default: Any = None
    description: str = ""


class Placement(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where a node runs when a Location takes nodes elsewhere; in one process it says nothing.

    `worker` is a worker's name. `labels` are what the worker must have: a text that is the same, or an amount of it
    that the node takes while it runs. `here`: in the process of the run, whatever the Location takes.
    """

    worker: str = ""
    labels: dict[str, int | float | str] = {}
    here: bool = False


class NodeSpec(msgspec.Struct, omit_defaults=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One node of a workflow. `inputs` are constants by port, or `{"$input": name}` for an input of the workflow.

    `limit_by` is a path into the inputs: `pool` and `rate` then hold for each value there, not for all together.
    """

    id: str
    type: str
    config: dict[str, Any] = {}
    inputs: dict[str, Any] = {}
    version: int | None = None
    retry: RetryPolicy | None = None
    timeout_s: float | None = None
    on_error: OnError | None = None
    priority: int = 3
    pool: str | None = None
    rate: str | None = None
    limit_by: str = ""
    memo: bool = False
    placement: Placement | None = None
    name: str = ""
    notes: str = ""
    position: tuple[float, float] | None = None

    def copied(self) -> NodeSpec:
        """Return a copy that no edit of this one reaches."""
        if self.config or self.inputs or self.retry is not None or self.placement is not None:
            return msgspec.convert(msgspec.to_builtins(self), NodeSpec)
        return msgspec.structs.replace(self, config={}, inputs={})  # nothing else of it can be edited


class Settings(msgspec.Struct, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for a whole run; times in seconds."""

    max_parallel: int = 10
    on_error: ErrorHandling = ErrorHandling()
    retry: RetryPolicy | None = None
    node_timeout_s: float | None = None
    run_timeout_s: float | None = None
    pools: dict[str, int] = {}
    rates: dict[str, Rate] = {}
    state: dict[str, Any] = {}
    reducers: dict[str, Reducer] = {}
    stream: StreamSettings | None = None


class Workflow(msgspec.Struct, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """A definition. `definitions` are sub-workflows that call, map and loop nodes name; `outputs` maps names to
    "node.port"."""

    schema_version: int = SCHEMA_VERSION
    id: str
    name: str = ""
    description: str = ""
    inputs: dict[str, InputSpec] = {}
    outputs: dict[str, str] = {}
    nodes: list[NodeSpec] = []
    connections: list[Connection] = []
    settings: Settings = msgspec.field(default_factory=Settings)
    definitions: dict[str, Workflow] = {}
    metadata: dict[str, Any] = {}

    def head(self) -> Workflow:
        """Return all but nodes, connections and sub-workflows."""
        return msgspec.structs.replace(self, nodes=[], connections=[], definitions={})

    def copied(self) -> Workflow:
        """Return a copy that no edit of this one reaches."""
        copy = msgspec.convert(msgspec.to_builtins(self.head()), Workflow)
        copy.nodes = [node.copied() for node in self.nodes]
        copy.connections = list(self.connections)
        copy.definitions = {name: inner.copied() for name, inner in self.definitions.items()}
        return copy

    def content_version(self) -> str:
        """Return the SHA-256 that names this very definition; where nodes are drawn does not matter."""
        return hashlib.sha256(msgspec.json.encode(content_of(self), order="sorted")).hexdigest()


def content_of(workflow: Workflow) -> dict[str, Any]:
    """Return all of a definition that a run can depend on: without metadata, and without what is drawn or noted."""
    content: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(workflow.head(), metadata={}))
    if workflow.connections:
        content["connections"] = workflow.connections
    content["nodes"] = content_of_nodes(workflow.nodes)
    content["definitions"] = {name: content_of(inner) for name, inner in workflow.definitions.items()}
    content["metadata"] = {}
    return content


def content_of_nodes(nodes: list[NodeSpec]) -> list[NodeSpec]:
    """Return `nodes` without what is drawn or noted."""
    return [node if _is_bare(node) else _bared(node) for node in nodes]


def _is_bare(node: NodeSpec) -> bool:
    return node.position is None and not node.notes


def _bared(node: NodeSpec) -> NodeSpec:
    return msgspec.structs.replace(node, position=None, notes="")
