"""What needs no run any more when an execution begins: nodes that the journal knows, that fired, that nobody needs.

Pure: puts recorded outputs and failures where the execution looks for them, and runs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livets.engine.driver import Live
from livets.flow.compiled import CompiledNode, CompiledWorkflow
from livets.flow.journal import Recorded
from livets.flow.result import NodeFailure
from livets.flow.values import Values


def unneeded(compiled: CompiledWorkflow, targets: list[int] | None) -> dict[int, Live]:
    """Nodes that no target needs: they count as done and silent."""
    if targets is None:
        return {}
    needed = compiled.plan.ancestors(targets)
    return {n: () for n in range(compiled.plan.size) if n not in needed}


def fired(compiled: CompiledWorkflow, values: Values, trigger: Mapping[str, Any] | None) -> dict[int, Live]:
    """Trigger nodes of a run that a trigger began: done with what it fired, or silent."""
    done: dict[int, Live] = {}
    if trigger is None:
        return done
    for node in compiled.nodes:
        if node.id in trigger:
            values.of[node.number] = {"out": trigger[node.id]}
            done[node.number] = None
        elif node.node_type.streams and not node.feeds:
            done[node.number] = ()
    return done


def recorded_before(
    compiled: CompiledWorkflow,
    values: Values,
    recorded: Recorded | None,
    prefix: str,
    failures: dict[int, NodeFailure],
) -> dict[int, Live]:
    """What the journal knows: outputs and `failures` are put back, and only what is missing will run."""
    done: dict[int, Live] = {}
    if recorded is None:
        return done
    for node in compiled.nodes:
        path = prefix + node.id
        if path in recorded.outputs:
            values.of[node.number] = recorded.outputs[path]
            done[node.number] = values.live(node, recorded.outputs[path])
        elif path in recorded.failures and node.on_error != "stop":
            failure = recorded.failures[path]
            failures[node.number] = NodeFailure(path, failure["kind"], failure["message"], failure["attempt"])
            done[node.number] = after_failure(node, values, failures[node.number])
    return done


def after_failure(one: CompiledNode, values: Values, failure: NodeFailure) -> Live:
    """Which ports fire after a failure that does not stop the run."""
    if one.on_error != "port":
        return ()
    error = {"node": failure.node, "kind": failure.kind, "message": failure.message, "attempt": failure.attempt}
    return values.fail(one, error)
