"""What the engines raise. Every message says what happened, where, and how to mend it.

Kinds of node failures are plain strings (`kind`), because retry policies and journals name them.
"""

from __future__ import annotations

from livets.errors import LivetsError


class EngineError(LivetsError):
    """Base of what `livets.engine` and the engines on it raise on purpose."""


class ValueFault(EngineError):
    """Something is no value of the engine, or cannot be coerced; `path` says where it sits inside the whole."""

    def __init__(self, message: str, path: str = "$") -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


class GraphFault(EngineError):
    """A graph that cannot be: unknown node, doubled edge, or a cycle (named with its path)."""


class RegistryError(EngineError):
    """A plug-in is unknown, doubled, or cannot be loaded."""


class MissingExtra(EngineError):
    """A part needs a package that is not installed; the message names the `pip install` that brings it."""

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(f"{what} needs {package}, which is not installed: pip install 'livets[{extra}]'")
        self.extra = extra


class NodeError(EngineError):
    """A node failed. `kind` is what retry policies match ("timeout", "http", an exception's class name, ...).

    `retry_after_s`: the other side asked not to be tried again sooner; policies wait at least so long, up to their
    `max_delay_ms`.
    """

    def __init__(
        self, message: str, kind: str = "error", *, retryable: bool = True, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retryable = retryable
        self.retry_after_s = retry_after_s


class Interrupted(EngineError):
    """What runs nodes is gone, and no node is to blame: the run stops as it would by a kill, and can be resumed."""


class LogError(EngineError):
    """The event log cannot do what was asked; what was appended before is untouched."""


class Conflict(LogError):
    """The stream is not where the writer believed it to be; `head` is where it is."""

    def __init__(self, stream: str, expected: int, head: int) -> None:
        super().__init__(f"stream {stream!r} is at {head}, not at {expected}: read what is new, then append again")
        self.stream, self.expected, self.head = stream, expected, head


class LogFull(LogError):
    """The disk (or the log's size limit) is full: nothing of this append was kept; free space and append again."""


class StoreError(EngineError):
    """The content store lacks an object, or what it holds does not match its hash."""
