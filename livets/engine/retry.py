"""When a failed node is tried again, and how long that waits: plain data, for files and journals."""

from __future__ import annotations

import random
from typing import Literal

import msgspec

from livets.engine.errors import NodeError


class RetryPolicy(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """How often and when a node is tried again.

    `max_attempts` in all (1: no retry). The first wait is `delay_ms`, each next `backoff_multiplier` times longer, at
    most `max_delay_ms`; full jitter takes a random part of it. `retry_on` and `never_on` name kinds of errors.

    >>> policy = RetryPolicy(max_attempts=4, delay_ms=100, jitter="none")
    >>> [policy.wait_seconds(attempt) for attempt in (1, 2, 3)]
    [0.1, 0.2, 0.4]
    """

    max_attempts: int = 1
    delay_ms: float = 1000.0
    backoff_multiplier: float = 2.0
    max_delay_ms: float = 60_000.0
    jitter: Literal["full", "none"] = "full"
    retry_on: tuple[str, ...] = ()
    never_on: tuple[str, ...] = ()
    retry_on_timeout: bool = True

    def __post_init__(self) -> None:
        if self.max_attempts < 1:
            raise ValueError("max_attempts counts the first attempt too: it is 1 or more")
        if min(self.delay_ms, self.max_delay_ms) < 0 or self.backoff_multiplier < 1:
            raise ValueError("delay_ms and max_delay_ms are 0 or more, backoff_multiplier 1 or more")

    def wait_seconds(self, attempt: int, chance: random.Random | None = None) -> float:
        """Return the wait after the failure of `attempt` (1 is the first)."""
        try:
            wait = min(self.delay_ms * self.backoff_multiplier ** (attempt - 1), self.max_delay_ms)
        except OverflowError:
            wait = self.max_delay_ms
        if self.jitter == "full":
            wait *= (chance or _chance).random()
        return wait / 1000

    def allows(self, attempt: int, error: BaseException) -> bool:
        """Return whether there is another attempt after this failure of `attempt`."""
        kind = kind_of_error(error)
        if attempt >= self.max_attempts or kind in self.never_on:
            return False
        if isinstance(error, NodeError) and not error.retryable:
            return False
        if kind == "timeout" and not self.retry_on_timeout:
            return False
        return not self.retry_on or kind in self.retry_on


NO_RETRY = RetryPolicy()
_chance = random.Random()  # noqa: S311 - jitter is no secret


def kind_of_error(error: BaseException) -> str:
    """Return what policies call this error: a NodeError's own kind, else the name of its class.

    >>> kind_of_error(NodeError("slow", "timeout")), kind_of_error(ValueError())
    ('timeout', 'ValueError')
    """
    return error.kind if isinstance(error, NodeError) else type(error).__name__
