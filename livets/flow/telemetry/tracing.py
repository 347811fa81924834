"""OpenTelemetry traces (extra `livets[tracing]`): a span for each run, for each node in it, an event for each attempt.

While a node runs its span is the current one, so that what it calls (HTTP clients, databases) is seen beneath it; a
sub-workflow's nodes lie beneath the node that runs it. Exporters are set up by the program, as OpenTelemetry has it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from livets.engine.errors import MissingExtra
from livets.engine.retry import kind_of_error
from livets.flow.telemetry.observer import Attempt, Observer, RunFacts

try:
    from opentelemetry import context, propagate, trace
    from opentelemetry.trace import Span, Status, StatusCode, Tracer, TracerProvider
except ModuleNotFoundError as error:
    raise MissingExtra("Tracing", "opentelemetry-api", "tracing") from error


class _Site:
    """The spans of one execution: beneath what they are, and those of nodes that have not ended."""

    __slots__ = ("open", "parent")

    def __init__(self) -> None:
        self.parent = context.get_current()
        self.open: dict[int, Span] = {}


class Tracing(Observer):
    """Spans by the `provider`'s tracer; without one, by the provider of the program (`trace.get_tracer_provider()`)."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._tracer: Tracer = trace.get_tracer("livets.flow", tracer_provider=provider)

    def begin_run(self, facts: RunFacts) -> Any:
        attributes: dict[str, Any] = {
            "livets.run": facts.run,
            "livets.workflow": facts.workflow,
            "livets.version": facts.version,
            "livets.resumed": facts.resumed,
        }
        span = self._tracer.start_span("flow.run", attributes=attributes)
        return span, context.attach(trace.set_span_in_context(span))

    def end_run(self, begun: Any, facts: RunFacts, status: str, seconds: float) -> None:
        span, token = begun
        span.set_attribute("livets.status", status)
        if status == "failed":
            span.set_status(Status(StatusCode.ERROR, "the run failed"))
        span.end()
        context.detach(token)

    def begin_site(self) -> _Site:
        return _Site()

    def end_site(self, site: _Site) -> None:
        for span in site.open.values():  # the run stopped while they waited for their next attempt
            span.end()
        site.open.clear()

    def begin_attempt(self, attempt: Attempt) -> Any:
        site: Any = attempt.site
        span = site.open.get(attempt.number)
        if span is None:
            attributes = {"livets.run": attempt.facts.run, "livets.node": attempt.node, "livets.type": attempt.type}
            span = self._tracer.start_span(f"flow.node {attempt.type}", context=site.parent, attributes=attributes)
            site.open[attempt.number] = span
        span.set_attribute("livets.attempts", attempt.attempt)
        span.add_event("attempt", {"livets.attempt": attempt.attempt})
        return context.attach(trace.set_span_in_context(span, site.parent))

    def end_attempt(
        self, begun: Any, attempt: Attempt, seconds: float, error: BaseException | None, waits: bool
    ) -> None:
        context.detach(begun)
        if error is None:  # else it is tried again, has failed, or is cancelled: what follows says so
            site: Any = attempt.site
            span = site.open.pop(attempt.number)
            if waits:
                span.add_event("waits")
            span.end()

    def retrying(self, attempt: Attempt, error: BaseException, wait_seconds: float) -> None:
        site: Any = attempt.site
        span = site.open.get(attempt.number)
        if span is not None:
            said = {"livets.attempt": attempt.attempt, "livets.wait_s": wait_seconds}
            what = {"livets.kind": kind_of_error(error), "livets.message": str(error)[:2000]}
            span.add_event("attempt failed", {**said, **what})

    def failed(self, attempt: Attempt, error: BaseException) -> None:
        site: Any = attempt.site
        span = site.open.get(attempt.number)
        if span is not None:
            span.record_exception(error)
            span.set_status(Status(StatusCode.ERROR, str(error)[:2000]))
            del site.open[attempt.number]
            span.end()

    def cancelled(self, site: _Site, number: int) -> None:
        span = site.open.pop(number, None)
        if span is not None:
            span.set_attribute("livets.cancelled", True)
            span.end()

    def carrier(self) -> dict[str, str]:
        found: dict[str, str] = {}
        propagate.inject(found)
        return found


def continued(carrier: dict[str, str]) -> Any:
    """Use it in another process: `with continued(work.carrier):` puts spans made there beneath the node's span."""
    return _Continued(carrier)


class _Continued:
    def __init__(self, carrier: dict[str, str]) -> None:
        self._carrier = carrier

    def __enter__(self) -> None:
        self._token = context.attach(propagate.extract(self._carrier))

    def __exit__(self, *_: object) -> None:
        context.detach(self._token)


@contextlib.contextmanager
def continued_span(carrier: dict[str, str], name: str, attributes: dict[str, Any]) -> Iterator[None]:
    """`continued`, with a span of its own: by the tracer of this process, which exports where this process says."""
    tracer = trace.get_tracer("livets.flow.worker")
    with continued(carrier), tracer.start_as_current_span(name, kind=trace.SpanKind.CONSUMER, attributes=attributes):
        yield
