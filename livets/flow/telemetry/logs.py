"""Structured logs: which run, node and attempt a line belongs to, also for libraries that know nothing of flows.

`Logs` notes beginnings, ends, retries and failures, and marks the task of each node; `WithRun` puts these marks on
each record that a handler gets; `JsonFormatter` writes a record as one line of JSON. Standard library only.
"""

from __future__ import annotations

import contextlib
import contextvars
import logging
import time
from collections.abc import Iterator
from typing import Any

import msgspec

from livets.flow.telemetry.observer import Attempt, Observer, RunFacts

logger = logging.getLogger("livets.flow.run")
_where: contextvars.ContextVar[tuple[str, str, int] | None] = contextvars.ContextVar("livets_flow_node", default=None)
_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Logs(Observer):
    """Writes to the logger `livets.flow.run`: INFO for runs and retries, WARNING for failures, DEBUG for each node."""

    def begin_run(self, facts: RunFacts) -> Any:
        said = "goes on" if facts.resumed else "begins"
        logger.info("run %s of %s %s", facts.run, facts.workflow, said, extra=_run_extra(facts))
        return _where.set((facts.run, "", 0))

    def end_run(self, begun: Any, facts: RunFacts, status: str, seconds: float) -> None:
        level = logging.WARNING if status == "failed" else logging.INFO
        extra = {**_run_extra(facts), "status": status, "seconds": round(seconds, 6)}
        logger.log(level, "run %s of %s %s in %.3f s", facts.run, facts.workflow, status, seconds, extra=extra)
        _where.reset(begun)

    def begin_attempt(self, attempt: Attempt) -> Any:
        return _where.set((attempt.facts.run, attempt.node, attempt.attempt))

    def end_attempt(
        self, begun: Any, attempt: Attempt, seconds: float, error: BaseException | None, waits: bool
    ) -> None:
        if error is None and logger.isEnabledFor(logging.DEBUG):
            said = "waits" if waits else "completed"
            extra = {**_extra(attempt), "ms": round(seconds * 1000, 3)}
            logger.debug("node %s %s after %.3f ms", attempt.node, said, seconds * 1000, extra=extra)
        _where.reset(begun)

    def retrying(self, attempt: Attempt, error: BaseException, wait_seconds: float) -> None:
        extra = {**_extra(attempt), "wait_s": wait_seconds}
        logger.info("node %s again in %.3f s: %s", attempt.node, wait_seconds, _said(error), extra=extra)

    def failed(self, attempt: Attempt, error: BaseException) -> None:
        logger.warning("node %s failed: %s", attempt.node, _said(error), extra=_extra(attempt))


@contextlib.contextmanager
def marked(run: str, node: str, attempt: int) -> Iterator[None]:
    """What is logged inside belongs to this attempt, for `WithRun`; for those who run nodes without a runtime."""
    token = _where.set((run, node, attempt))
    try:
        yield
    finally:
        _where.reset(token)


class WithRun(logging.Filter):
    """Give it to a handler: records written while a node runs get `run`, `node` and `attempt`, whoever writes them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mark the record; let it through."""
        where = _where.get()
        if where is not None and not hasattr(record, "run"):
            record.run = where[0]
            if where[1]:
                record.node, record.attempt = where[1], where[2]
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ts (Unix seconds), time, level, logger, message, then whatever the record carries.

    >>> record = logging.makeLogRecord({"msg": "hi %s", "args": ("Ann",), "run": "r1"})
    >>> msgspec.json.decode(JsonFormatter().format(record))["run"]
    'r1'
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; what JSON cannot say is said as text."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "ts": record.created,
            "time": f"{moment}.{int(record.msecs):03}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _KNOWN and name not in line}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        try:
            return msgspec.json.encode(line, enc_hook=repr).decode()
        except (UnicodeEncodeError, TypeError, ValueError, RecursionError):
            plain = {name: repr(value) if isinstance(value, str) else str(value) for name, value in line.items()}
            return msgspec.json.encode(plain).decode()


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:2000]


def _run_extra(facts: RunFacts) -> dict[str, Any]:
    return {"run": facts.run, "workflow": facts.workflow, "version": facts.version}


def _extra(attempt: Attempt) -> dict[str, Any]:
    return {"run": attempt.facts.run, "node": attempt.node, "attempt": attempt.attempt, "type": attempt.type}
