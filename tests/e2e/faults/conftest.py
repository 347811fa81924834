"""The stage: real Redis behind 5 ms each way, two workers behind a round-robin balancer, one Chromium."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext

from tests.e2e.faults.stage import NewWitness, Report, Stage
from tests.e2e.faults.witness import SCRIPT, Witness
from tests.support.browser import PageLog
from tests.support.fault_proxy import FaultProxy
from tests.support.ports import HOST
from tests.support.redis_server import RedisServer
from tests.support.round_robin import RoundRobin
from tests.support.workers import Workers

ADDED_LATENCY_S = 0.005
"""Between worker and Redis: half of it each way, so a command takes 5 ms longer."""


@pytest.fixture
def stage(redis_server: RedisServer, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Two workers, one key, one Redis; a parameter is more of their environment."""
    with FaultProxy(redis_server.port, latency_s=ADDED_LATENCY_S / 2) as proxy:
        environment = {
            "LIVETS_SECRET_KEY": secrets.token_hex(32),
            "LIVETS_REDIS_URL": f"redis://{HOST}:{proxy.port}/0",
            "LIVETS_FAULT_DIR": str(tmp_path),
            **getattr(request, "param", {}),
        }
        os.environ.pop("LIVETS_DEV", None)
        workers = Workers("tests.e2e.faults.app:app", 2, env=environment)
        with workers, RoundRobin(workers.ports) as balancer:
            yield Stage(redis_server, proxy, workers, balancer, tmp_path)


@pytest_asyncio.fixture(loop_scope="session")
async def witness_at(context: BrowserContext, page_log: PageLog) -> NewWitness:
    """Opens pages that write down what they show; lost connections may be complained about on their consoles."""
    page_log.allow(r"WebSocket connection to .* failed")
    page_log.allow(r"net::ERR_(CONNECTION|EMPTY)")
    await context.add_init_script(SCRIPT)

    async def new(url: str) -> Witness:
        return Witness(await context.new_page(), url)

    return new


@pytest_asyncio.fixture(loop_scope="session")
async def new_witness(witness_at: NewWitness, stage: Stage) -> NewWitness:
    """Opens pages of the stage."""

    async def new(path: str = "/") -> Witness:
        return await witness_at(stage.balancer.url + path)

    return new


@pytest_asyncio.fixture(loop_scope="session")
async def witness(new_witness: NewWitness) -> Witness:
    """A page of the counter."""
    return await new_witness()


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Report:
    """Print a line of the proof even when output is captured, if the full proof was asked for."""

    def tell(line: str) -> None:
        if "LIVETS_FAULT_ROUNDS" in os.environ:
            with capsys.disabled():
                print(f"\n{line}", end="")

    return tell
