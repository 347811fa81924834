"""A join or a resume that lands on another worker goes on with the same view: nothing is mounted again."""

from __future__ import annotations

import pytest
from playwright.async_api import Route

from tests.e2e.faults.stage import Stage
from tests.e2e.faults.witness import Witness

pytestmark = pytest.mark.redis


async def test_a_join_on_the_other_worker_does_not_mount_again(stage: Stage, witness: Witness) -> None:
    one, other = stage.workers.ports
    stage.balancer.backends = [one]

    async def turn_round(route: Route) -> None:
        """The page has come from one worker; from now on every new connection goes to the other."""
        stage.balancer.backends = [other]
        await route.continue_()

    await witness.page.route("**/connector*.js", turn_round)
    await witness.open()
    await witness.click(3)
    testimony = await witness.settled()
    assert testimony["shown"] == 3
    assert not testimony["lies"]
    assert stage.balancer.served[other] >= 1
    assert await witness.worker() == stage.workers.pid(1), "the socket did not reach the other worker"
    assert stage.mounts() == 1


@pytest.mark.both_transports
async def test_a_dropped_socket_resumes_on_the_other_worker(stage: Stage, witness: Witness) -> None:
    one, other = stage.workers.ports
    stage.balancer.backends = [one]
    await witness.open()
    await witness.click(2)
    await witness.settled()
    assert await witness.worker() == stage.workers.pid(0)
    stage.workers.restart = False
    stage.balancer.backends = [other]
    stage.workers.kill(0)
    await witness.click(3)
    testimony = await witness.settled()
    assert testimony["shown"] == 5
    assert not testimony["lies"]
    assert await witness.worker() == stage.workers.pid(1)
    assert stage.mounts() == witness.views == 1


async def test_every_page_view_is_one_mount(stage: Stage, witness: Witness) -> None:
    for _ in range(6):
        await witness.open()
        await witness.click(1)
        assert (await witness.settled())["shown"] == 1
    assert stage.mounts() == witness.views == witness.asked == 6
