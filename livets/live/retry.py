"""How long to wait before trying a store or a bus again: exponential, with full jitter."""

from __future__ import annotations

import random

BASE_S = 0.1
LONGEST_S = 5.0


def pause_s(attempt: int) -> float:
    """Seconds to wait after the `attempt`-th failure (1, 2, ...)."""
    return random.uniform(0, min(LONGEST_S, BASE_S * 2**attempt))  # noqa: S311 (jitter, not a secret)
