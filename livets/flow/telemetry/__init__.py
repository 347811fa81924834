"""Watching runs from outside: logs, metrics, traces. `FlowRuntime(observers=[Logs(), Metrics(), Tracing()])`.

Without observers nothing of this runs. Metrics and Tracing need the extras `livets[metrics]` and `livets[tracing]`, and
are imported when they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from livets.flow.telemetry.logs import JsonFormatter, Logs, WithRun
from livets.flow.telemetry.observer import Observer

if TYPE_CHECKING:
    from livets.flow.telemetry.metrics import Metrics as Metrics
    from livets.flow.telemetry.tracing import Tracing as Tracing

__all__ = ["JsonFormatter", "Logs", "Metrics", "Observer", "Tracing", "WithRun"]


def __getattr__(name: str) -> Any:
    """Import what needs an extra; raises MissingExtra when it is not installed."""
    if name == "Metrics":
        from livets.flow.telemetry.metrics import Metrics

        return Metrics
    if name == "Tracing":
        from livets.flow.telemetry.tracing import Tracing

        return Tracing
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
