"""Edits in a real browser, with other scripts at work: our nodes are those of a fresh page, theirs are untouched.

The module under test is connector/src/extras/edits.js as it is, without the connector around it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from livets.render.strings.census import take
from livets.render.strings.edits import edit
from livets.render.strings.tokens import Doubt
from tests.support.random_markup import edits_of, table_edits_of

SOURCES = Path(__file__).parents[3] / "connector" / "src"
UNTOUCHED, MEDDLED, ROUGH = 0, 1, 2


def browser_side() -> str:
    """The two modules and the playground as one script."""
    modules = [SOURCES / "held.js", SOURCES / "extras" / "edits.js", Path(__file__).parent / "playground.js"]
    text = "\n".join(module.read_text() for module in modules)
    return re.sub(r"^import .*$|^export (default )?", "", text, flags=re.MULTILINE)


def cases(first: int, number: int, mode: int) -> list[list[Any]]:
    """[seed, old, new, ops, mode] of so many changes that come as edits."""
    found: list[list[Any]] = []
    seed = first
    while len(found) < number:
        seed += 1
        old, new = table_edits_of(seed) if seed % 5 == 0 else edits_of(seed)
        try:
            ops, _ = edit(old, new, take(old, "div", ""), "div", "")
        except Doubt:
            continue
        if ops:
            found.append([seed, old, new, ops, mode])
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def playground(page: Page) -> Page:
    await page.set_content("<!doctype html><body></body>")
    await page.evaluate(f"() => {{ {browser_side()}\n window.play = play; }}")
    return page


@pytest.mark.parametrize(("mode", "number", "least"), [(UNTOUCHED, 500, 1.0), (MEDDLED, 700, 0.85), (ROUGH, 400, 0.3)])
async def test_random_edits(playground: Page, mode: int, number: int, least: float) -> None:
    all_cases = cases(1000 * mode, number, mode)
    results: Counter[str] = Counter()
    for at in range(0, number, 100):
        batch = all_cases[at : at + 100]
        answers = await playground.evaluate("(batch) => JSON.parse(batch).map(play)", json.dumps(batch))
        for case, answer in zip(batch, answers, strict=True):
            results[answer] += 1
            assert answer in ("edited", "healed"), (answer, case)
    assert results["edited"] >= number * least, results
