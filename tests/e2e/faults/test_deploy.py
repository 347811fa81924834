"""A deploy between two clicks: two real workers of different code; the page goes on, whichever it meets."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.faults.stage import NewWitness
from tests.support.redis_server import RedisServer
from tests.support.round_robin import RoundRobin
from tests.support.wait import wait_for
from tests.support.workers import Workers

pytestmark = pytest.mark.redis


@dataclass
class Releases:
    """The old and the new release, one worker each, behind one balancer."""

    old: Workers
    new: Workers
    balancer: RoundRobin


@pytest.fixture
def releases(redis_server: RedisServer) -> Iterator[Releases]:
    """Both run; the balancer knows the old one."""
    common = {"LIVETS_SECRET_KEY": secrets.token_hex(32), "LIVETS_REDIS_URL": redis_server.url}

    def workers(release: str) -> Workers:
        env = {**common, "LIVETS_TEST_RELEASE": release}
        return Workers("tests.e2e.faults.release:app", 1, env=env, restart=False)

    with workers("1") as old, workers("2") as new, RoundRobin(old.ports) as balancer:
        yield Releases(old, new, balancer)


async def test_a_renamed_field_keeps_its_value_over_a_deploy(releases: Releases, witness_at: NewWitness) -> None:
    witness = await witness_at(releases.balancer.url)
    await witness.open()
    await witness.click(3)
    assert (await witness.settled())["shown"] == 3
    await witness.page.evaluate("document.querySelector('#inc').focus()")
    releases.balancer.backends = list(releases.new.ports)
    releases.old.kill(0, signal.SIGTERM)
    await witness.click()  # wherever it is handled
    wait_for(lambda: releases.old.deaths, "the old release to end")
    await witness.click()
    testimony = await witness.settled()
    assert (testimony["shown"], testimony["lies"]) == (5, []), f"{releases.old.logs()}{releases.new.logs()}"
    assert await witness.worker() == releases.new.pid(0)
    assert "Clicks: 5" in await witness.page.inner_text("main")
    assert await witness.page.evaluate("document.activeElement.id") == "inc"
    assert witness.views == 1, "no page load"


async def test_the_old_release_takes_nothing_that_the_new_one_has_written(
    releases: Releases, witness_at: NewWitness
) -> None:
    """In the middle of a rolling deploy the page comes back to an old worker: it is sent on, and nothing is lost."""
    old, new = releases.old.ports[0], releases.new.ports[0]
    releases.balancer.backends = [new]
    witness = await witness_at(releases.balancer.url)
    await witness.open()
    await witness.click(3)
    assert (await witness.settled())["shown"] == 3
    releases.balancer.backends = [old]
    releases.balancer.cut(new)
    await witness.click(2)
    await asyncio.to_thread(
        wait_for, lambda: "a newer release is on its way" in releases.old.log(0), "the page to meet the old worker"
    )
    releases.balancer.backends = [old, new]
    testimony = await witness.settled()
    assert (testimony["shown"], testimony["lies"]) == (5, []), releases.old.logs()
    assert witness.views == 1
