"""A worker that froze and comes back has lost its views: what it still believes to know harms nobody."""

from __future__ import annotations

import signal

import pytest

from tests.e2e.faults.stage import Stage
from tests.e2e.faults.witness import Witness
from tests.support.wait import TimedOut, until

pytestmark = pytest.mark.redis

ROUNDS = 3


async def test_a_worker_that_slept_through_a_move_writes_nothing(stage: Stage, witness: Witness) -> None:
    """Frozen with clicks in its socket, it wakes when the view is elsewhere, handles them, and must be fenced out."""
    await witness.open()
    tried = 0
    for _ in range(4 * ROUNDS):
        tried += await one_round(stage, witness)
        if tried == ROUNDS:
            break
    assert tried == ROUNDS, "the sleeper hardly ever tried to write"
    assert stage.mounts() == witness.views == 1


async def one_round(stage: Stage, witness: Witness) -> bool:
    """True if the sleeper tried to write: it may as well see first that its socket has ended, and drop the clicks."""
    await witness.click(2)
    await all_clicks_show(witness)
    sleeper = 0 if stage.workers.pid(0) == await witness.worker() else 1
    other = 1 - sleeper
    ports = stage.workers.ports

    stage.workers.kill(sleeper, signal.SIGSTOP)
    passed_bytes = stage.balancer.passed_bytes[ports[sleeper]]
    await witness.click(3)
    await until(lambda: stage.balancer.passed_bytes[ports[sleeper]] >= passed_bytes + 60, "clicks in its socket")
    stage.balancer.backends = [ports[other]]
    stage.balancer.cut(ports[sleeper])
    await witness.click(2)
    await all_clicks_show(witness)
    assert await witness.worker() == stage.workers.pid(other)

    writing = stage.traps / f"snapshot.writing.{stage.workers.pid(sleeper)}"
    writing.touch()
    writes = stage.writes()
    stage.workers.kill(sleeper, signal.SIGCONT)
    try:
        await until(lambda: not writing.exists(), "the sleeper to try and write what it did", timeout_s=2.0)
        await until(lambda: stage.writes() > writes, "Redis to answer it")
        has_tried = True
    except TimedOut:
        has_tried = False
        writing.unlink(missing_ok=True)

    stage.balancer.backends = list(ports)
    stage.workers.kill(other)  # the snapshot is left, and the sleeper's memory, which must not be believed
    await witness.click()
    await all_clicks_show(witness)
    stage.workers.wait_ready()
    return has_tried


async def all_clicks_show(witness: Witness) -> None:
    testimony = await witness.settled()
    assert testimony["shown"] == testimony["clicks"], testimony
    assert not testimony["lies"], testimony
