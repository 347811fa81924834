"""What a recorded run has come to, from its events and its definition: for APIs and pages; runs nothing.

The same rules as the result of a run that is alive: named outputs, or those of the last nodes.
"""

from __future__ import annotations

from typing import Any

from livets.engine.driver import STATES
from livets.flow.compiled import CompiledWorkflow
from livets.flow.journal import Recorded
from livets.flow.values import Values


def recorded_outputs(compiled: CompiledWorkflow, recorded: Recorded) -> dict[str, Any]:
    """Return the outputs of a run as far as they are recorded; bytes that lie in the store stay references."""
    targets = recorded.created.get("targets")
    values = Values(compiled, {}, None, compiled.numbers(targets) if targets is not None else None)
    for number, id in enumerate(compiled.ids):
        if id in recorded.outputs:
            values.put(number, recorded.outputs[id])
    return values.results()


def counted(states: dict[str, str]) -> dict[str, int]:
    """Return how many nodes are in each state, in the order in which nodes go through them."""
    names = list(states.values())
    return {state: names.count(state) for state in STATES if state in names}
