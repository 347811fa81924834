"""Views that sleep on real workers: killed at that very moment, killed later, clicked by the page, called by others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.faults.stage import NewWitness, Stage
from tests.e2e.faults.witness import Witness
from tests.support.wait import until

pytestmark = [
    pytest.mark.redis,
    pytest.mark.parametrize("stage", [{"LIVETS_FAULT_IDLE_S": "1.5"}], indirect=True),
]


def sign_of(stage: Stage, pid: int) -> Path:
    """A file that is gone when a view of that worker falls asleep from now on."""
    sign = stage.traps / f"view.asleep.{pid}"
    sign.touch()
    return sign


async def asleep(stage: Stage, pid: int) -> None:
    """Until a view of that worker has fallen asleep; to be asked within the quiet time."""
    sign = sign_of(stage, pid)
    await until(lambda: not sign.exists(), f"a view of worker {pid} to sleep", timeout_s=15)


async def test_a_worker_killed_while_its_view_sleeps(stage: Stage, witness: Witness) -> None:
    await witness.open()
    await witness.click(7)
    assert (await witness.settled())["shown"] == 7
    pid = await witness.worker()
    await asleep(stage, pid)
    stage.workers.kill([stage.workers.pid(0), stage.workers.pid(1)].index(pid))
    await witness.click(2)
    testimony = await witness.settled()
    assert (testimony["shown"], testimony["lies"]) == (9, []), stage.workers.logs()
    assert stage.mounts() == witness.views == 1


async def test_a_worker_killed_in_the_moment_its_view_falls_asleep(stage: Stage, witness: Witness) -> None:
    await witness.open()
    for shown in (1, 2, 3):
        await witness.click()
        assert (await witness.settled())["shown"] == shown
        trap = stage.arm("view.asleep")
        await until(lambda trap=trap: not trap.exists(), "a view to sleep", timeout_s=15)  # type: ignore[misc]
    testimony = await witness.settled()
    assert (testimony["shown"], testimony["lies"]) == (3, []), stage.workers.logs()
    assert stage.mounts() == witness.views == 1


async def test_a_worker_killed_when_its_view_wakes(stage: Stage, witness: Witness) -> None:
    await witness.open()
    await witness.click()
    await witness.settled()
    await asleep(stage, await witness.worker())
    trap = stage.arm("view.awake")
    await witness.click(3)
    await until(lambda: not trap.exists(), "the view to wake", timeout_s=15)
    testimony = await witness.settled()
    assert (testimony["shown"], testimony["lies"]) == (4, []), stage.workers.logs()
    assert stage.mounts() == witness.views == 1


async def test_shouts_wake_views_on_both_workers_in_order(stage: Stage, new_witness: NewWitness) -> None:
    one, other = stage.workers.ports
    stage.balancer.backends = [one]
    listener = await new_witness("/shouts/a")
    sign = sign_of(stage, stage.workers.pid(0))
    await listener.open()
    await until(lambda: not sign.exists(), "the listener to sleep", timeout_s=15)
    stage.balancer.backends = [other]
    speaker = await new_witness("/shouts/b")
    await speaker.open()
    await speaker.click(5)
    await speaker.settled()
    expected = " ".join(f"b{number}" for number in range(1, 6))
    for page in (listener.page, speaker.page):
        await page.wait_for_function("(words) => document.querySelector('#heard').textContent === words", arg=expected)
