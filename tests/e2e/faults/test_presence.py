"""Who is here, in Chromium over two workers: nobody flickers when a worker dies, and who died with it leaves."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.faults.stage import NewWitness, Stage

PRESENCE_TTL_S = 5.0
"""As tests.e2e.faults.app has it (which can't be imported here)."""

pytestmark = pytest.mark.redis


async def visit(new_witness: NewWitness, stage: Stage, name: str, worker: int) -> Page:
    """A page of somebody, on this worker."""
    stage.balancer.backends = [stage.workers.ports[worker]]
    page: Page = (await new_witness(f"/hall/{name}")).page
    await page.goto(f"{stage.balancer.url}/hall/{name}")
    await page.wait_for_selector("[data-livets].livets-connected", state="attached")
    return page


async def test_a_worker_dies_and_only_those_who_do_not_come_back_have_left(
    stage: Stage, new_witness: NewWitness
) -> None:
    watcher = await visit(new_witness, stage, "watcher", 0)
    ada = await visit(new_witness, stage, "ada", 1)
    bo = await visit(new_witness, stage, "bo", 1)
    await expect(watcher.locator("#people")).to_have_text("ada bo watcher")

    await bo.close()
    await expect(watcher.locator("#people")).to_have_text("ada watcher", timeout=10_000)

    cy = await visit(new_witness, stage, "cy", 1)
    await expect(watcher.locator("#people")).to_have_text("ada cy watcher")
    stage.balancer.backends = [stage.workers.ports[0]]
    stage.workers.kill(1)
    await cy.close()
    await expect(watcher.locator("#people")).to_have_text("ada watcher", timeout=(PRESENCE_TTL_S + 5) * 1000)
    await ada.wait_for_selector("[data-livets].livets-connected", state="attached")
    await expect(watcher.locator("#told")).to_have_text(re.compile(r"^(?!.*-ada).*-bo.*-cy"))
