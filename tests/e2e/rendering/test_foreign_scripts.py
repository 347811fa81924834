"""The corpus in Chromium with other scripts at work: they insert, wrap, sort, split and translate before each change.

The page, less what they did, is a fresh render: because the patch fitted, or because the connector saw that it did
not and asked for the block again. What they put in stays wherever nothing had to be built anew.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.support.browser import PageLog
from tests.support.corpus import CASES, Case
from tests.support.corpus_app import CorpusApp
from tests.support.overheard import Overheard
from tests.support.server import serving

CHANGES = int(os.environ.get("LIVETS_FOREIGN_CHANGES", "3"))
"""A page; with LIVETS_FOREIGN_CHANGES=15 each case is drawn both ways, a sample of more than 2,000 changes."""
PAGES = [
    (case, as_string)
    for number, case in enumerate(CASES)
    for as_string in (False, True)
    if CHANGES > 3 or as_string == bool(number % 2)
]
FOREIGN = (Path(__file__).parents[2] / "support" / "foreign.js").read_text()
TALLY: Counter[str] = Counter()


@pytest.mark.parametrize(
    ("case", "as_string"), PAGES, ids=[f"{case}-{'string' * way or 'template'}" for case, way in PAGES]
)
async def test_the_page_is_a_fresh_render_or_heals(page: Page, page_log: PageLog, case: Case, as_string: bool) -> None:
    page_log.allow("^(error|warning): ")  # the corpus has inline styles and odd SVG; exceptions still count
    corpus = CorpusApp(case, CHANGES + 1, as_string=as_string)
    overheard = Overheard(corpus.app)
    await page.add_init_script(FOREIGN)
    async with serving(overheard) as url:
        await page.goto(url)
        await page.wait_for_selector("#livets.livets-connected", state="attached")
        for number, fresh in enumerate(corpus.pages[1:], 1):
            is_rough, before = number % 2 == 0, len(overheard.heals)
            await page.evaluate(f"foreign.meddle({number * 7919 + len(case.source)}, {str(is_rough).lower()})")
            await corpus.advance()
            try:
                await page.wait_for_function("(html) => !foreign.difference(html)", arg=fresh, timeout=5000)
            except Exception:
                found = await page.evaluate("(html) => foreign.difference(html)", fresh)
                shown = await page.inner_html("#livets")
                pytest.fail(f"change {number}: {found}\nfresh: {fresh}\n live: {shown}", pytrace=False)
            if len(overheard.heals) == before:
                assert await page.evaluate("foreign.harmed()") == 0, f"change {number}: nodes of others are gone"
            TALLY.update(changes=1, rough=is_rough, heals=len(overheard.heals) - before)
        await page.goto("about:blank")


def test_the_tally() -> None:
    """How often patches fitted in spite of it all."""
    print(dict(TALLY))
    if TALLY["changes"]:
        assert TALLY["heals"] < TALLY["changes"] / 2
