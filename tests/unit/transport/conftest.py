"""What tests of transport share: a clock that stands still until it is told otherwise."""

from __future__ import annotations

import pytest


class Clock:
    """Seconds since the epoch, as the test says."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock of this test's own."""
    return Clock()
