"""Proof of the spine, (a) and (b): a worker dies at any point of an event; no click is lost, doubled or taken back.

LIVETS_FAULT_ROUNDS rounds for each kill point (5, or 50 for `make proof`). In every round the user clicks, a worker is
killed at exactly that milestone, the user goes on clicking, and the page must come to show every click.
"""

from __future__ import annotations

import os
import random
import time

import pytest

from tests.e2e.faults.stage import Report, Stage
from tests.e2e.faults.witness import Witness
from tests.support.wait import wait_for

ROUNDS = int(os.environ.get("LIVETS_FAULT_ROUNDS", "5"))
ROUNDS_A_PAGE = 10
KILL_POINTS = ["event.handled", "patch.sent", "snapshot.writing", "snapshot.written", "ack.sending"]

pytestmark = [pytest.mark.redis, pytest.mark.timeout(60 + ROUNDS * 20)]


@pytest.mark.parametrize("milestone", KILL_POINTS)
async def test_no_click_is_lost_doubled_or_taken_back(
    milestone: str, stage: Stage, witness: Witness, report: Report
) -> None:
    seed = int(os.environ.get("LIVETS_FAULT_SEED", "0")) or random.randrange(1, 2**32)
    chooser = random.Random(seed)
    clicks, times_s = 0, []
    for number in range(ROUNDS):
        if number % ROUNDS_A_PAGE == 0:
            await witness.open()
        times_s.append(await one_round(milestone, stage, witness, chooser, f"round {number}, seed {seed}"))
        if number % ROUNDS_A_PAGE == ROUNDS_A_PAGE - 1 or number == ROUNDS - 1:
            clicks += await survives_all(stage, witness)
    assert witness.views == witness.asked, "a page reloaded itself"
    assert stage.mounts() == witness.asked, "mounts and page views differ"
    times_s.sort()
    report(
        f"{milestone:17} {ROUNDS} kills, {clicks} clicks, {witness.asked} page views, {stage.mounts()} mounts; "
        f"round: median {times_s[len(times_s) // 2]:.2f} s, slowest {times_s[-1]:.2f} s; seed {seed}"
    )


async def one_round(milestone: str, stage: Stage, witness: Witness, chooser: random.Random, name: str) -> float:
    """Click, die, click, come back; returns how long it took, in seconds."""
    started, deaths = time.monotonic(), len(stage.workers.deaths)
    await witness.click(chooser.randint(0, 4))
    trap = stage.arm(milestone)
    await witness.click(chooser.randint(1, 4))
    await stage.sprung(trap, witness, name)
    await witness.click(chooser.randint(0, 3))
    testimony = await witness.settled()
    elapsed_s = time.monotonic() - started
    problem = f"{milestone}, {name}: {testimony}\n{stage.workers.logs()}"
    assert not testimony["lies"], problem
    assert testimony["shown"] == testimony["clicks"], problem
    wait_for(lambda: len(stage.workers.deaths) > deaths, "the death to be noticed")
    assert [status for _, status in stage.workers.deaths[deaths:]] == [-9], problem
    return elapsed_s


async def survives_all(stage: Stage, witness: Witness) -> int:
    """Both workers die between clicks; returns the clicks of this page."""
    stage.workers.wait_ready()
    deaths = len(stage.workers.deaths)
    for index in range(2):
        stage.workers.kill(index)
    wait_for(lambda: len(stage.workers.deaths) == deaths + 2, "both workers to die")
    await witness.click()
    testimony = await witness.settled()
    assert testimony["shown"] == testimony["clicks"], f"{testimony}\n{stage.workers.logs()}"
    assert not testimony["lies"], testimony
    return testimony["clicks"]
