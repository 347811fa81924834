"""Long-lived runs in which values flow on as they come: push mode. Entered through FlowRuntime, as every run is."""

from livets.flow.streaming.context import StreamContext
from livets.flow.streaming.execution import StreamExecution

__all__ = ["StreamContext", "StreamExecution"]
