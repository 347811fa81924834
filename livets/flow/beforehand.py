"""What needs no run any more when an execution begins: nodes that the journal knows, that fired, that nobody needs.

Pure: puts recorded outputs and failures where the execution looks for them, and runs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livets.engine.driver import Live
from livets.flow.compiled import CompiledWorkflow
from livets.flow.forms import Model
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
    starts = compiled.start
    for number, id in enumerate(compiled.ids):
        if id in trigger:
            values.put(number, {"out": trigger[id]})
            done[number] = None
        elif compiled.model(number).node_type.streams and starts[number] == starts[number + 1]:
            done[number] = ()
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
    for number, id in enumerate(compiled.ids):
        path, one = prefix + id, compiled.model(number)
        if path in recorded.outputs:
            values.put(number, recorded.outputs[path])
            done[number] = values.live(one, recorded.outputs[path])
        elif path in recorded.failures and one.on_error != "stop":
            failure = recorded.failures[path]
            failures[number] = NodeFailure(path, failure["kind"], failure["message"], failure["attempt"])
            done[number] = after_failure(number, one, values, failures[number])
    return done


def after_failure(number: int, one: Model, values: Values, failure: NodeFailure) -> Live:
    """Which ports fire after a failure that does not stop the run."""
    if one.on_error != "port":
        return ()
    error = {"node": failure.node, "kind": failure.kind, "message": failure.message, "attempt": failure.attempt}
    return values.fail(number, error)
