"""A proxy that lets no WebSocket through: the page is live within three seconds, survives workers, and remembers."""

from __future__ import annotations

import time

import pytest

from tests.e2e.faults.stage import NewWitness, Stage
from tests.support.browser import PageLog
from tests.support.no_upgrade import NoUpgrade

pytestmark = pytest.mark.redis

LIVE_S = 3.0
SLOW_S = 8.0
"""What a busy machine may add."""


@pytest.mark.websocket_only(reason="it has a proxy of its own, and counts the handshakes that come there")
@pytest.mark.parametrize("is_silent", [False, True], ids=["refused", "unanswered"])
async def test_a_page_without_a_websocket(
    is_silent: bool, stage: Stage, witness_at: NewWitness, page_log: PageLog
) -> None:
    page_log.allow(r"Failed to load resource")
    page_log.allow(r"livets/(up|down)")
    with NoUpgrade(stage.balancer.port, is_silent=is_silent) as proxy:
        witness = await witness_at(proxy.url)
        began_s = time.monotonic()
        await witness.open()
        assert time.monotonic() - began_s < LIVE_S + SLOW_S
        await witness.click(5)
        testimony = await witness.settled()
        assert (testimony["shown"], testimony["lies"]) == (5, []), stage.workers.logs()
        refused = proxy.refused
        assert refused > 0

        home = 0 if await witness.worker() == stage.workers.pid(0) else 1
        stage.workers.kill(home)
        await witness.click(3)
        testimony = await witness.settled()
        assert (testimony["shown"], testimony["lies"]) == (8, []), stage.workers.logs()
        assert stage.mounts() == witness.views == 1
        stage.workers.wait_ready()

        began_s = time.monotonic()
        await witness.open()
        assert time.monotonic() - began_s < LIVE_S + SLOW_S
        await witness.click(2)
        assert (await witness.settled())["shown"] == 2
        assert proxy.refused == refused, "no WebSocket was tried again"
