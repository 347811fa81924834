"""What the fault tests play on, in one hand."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.faults.witness import Witness
from tests.support.fault_proxy import FaultProxy
from tests.support.redis_server import RedisServer
from tests.support.round_robin import RoundRobin
from tests.support.wait import TimedOut, until
from tests.support.workers import Workers

NewWitness = Callable[..., Awaitable[Witness]]
"""Opens a page at a path (not loaded yet)."""
Report = Callable[[str], None]
"""Prints a line of the proof."""


@dataclass
class Stage:
    """Everything that a fault test needs to pull at."""

    redis: RedisServer
    proxy: FaultProxy
    workers: Workers
    balancer: RoundRobin
    traps: Path

    def arm(self, milestone: str) -> Path:
        """Kill the next worker that reaches `milestone`; the returned file is gone once it did."""
        trap = self.traps / milestone
        trap.touch()
        return trap

    async def sprung(self, trap: Path, witness: Witness, what: str) -> None:
        """Until `trap` has killed; clicks again if need be.

        A page that reconnects just now gets the results of its clicks with JOINED, and some milestones are not passed.
        """
        for _ in range(20):
            try:
                await until(lambda: not trap.exists(), timeout_s=0.5)
                return
            except TimedOut:
                await witness.click()
        raise TimedOut(f"{trap.name} was never reached in {what}\n{self.workers.logs()}")

    def writes(self) -> int:
        """How many snapshot commands Redis has carried out."""
        statistics = self.redis.command("INFO", "commandstats").decode()
        found = re.search(r"cmdstat_evalsha:calls=(\d+)", statistics)
        return int(found[1]) if found else 0

    def mounts(self) -> int:
        """How often `mount` has run, on any worker."""
        answer = self.redis.command("GET", "faults:mounts")
        return 0 if answer.startswith(b"$-1") else int(answer.split(b"\r\n")[1])
