"""Random state changes over the corpus, in Chromium with the real connector: the DOM equals a fresh render.

The oracle is the browser itself: it parses what plain Jinja2 renders for the same state, and compares trees (D16:
without marker comments, adjacent text joined, classes as sets).
"""

from __future__ import annotations

import os

import pytest
from playwright.async_api import Page

from tests.support.browser import PageLog
from tests.support.corpus import CASES, Case
from tests.support.corpus_app import CorpusApp
from tests.support.overheard import Overheard
from tests.support.server import serving

CHANGES = int(os.environ.get("LIVETS_CHROMIUM_CHANGES", "8"))
"""A template; a nightly run with 30 makes more than 2,000."""

DIFFERENCE = """(fresh) => {
  const inert = document.implementation.createHTMLDocument('');
  const tidy = (root) => {
    const walker = inert.createTreeWalker(root, NodeFilter.SHOW_COMMENT | NodeFilter.SHOW_ELEMENT);
    const markers = [];
    for (let node; (node = walker.nextNode()); )
      if (node.nodeType === 8) { if (/^(\\[(-?\\d+)?|\\])$/.test(node.data)) markers.push(node); }
      else if (node.hasAttribute('class')) node.setAttribute('class', [...node.classList].sort().join(' '));
    markers.forEach((node) => node.remove());
    root.normalize();
    return root;
  };
  const holder = inert.createElement('div'), live = inert.createElement('div');
  holder.innerHTML = fresh;
  for (const node of document.getElementById('livets').childNodes) live.append(inert.importNode(node, true));
  tidy(holder); tidy(live);
  return holder.isEqualNode(live) ? '' : 'fresh: ' + holder.innerHTML + '\\n live: ' + live.innerHTML;
}"""
EQUAL = f"(fresh) => !({DIFFERENCE})(fresh)"


@pytest.mark.parametrize("case", CASES, ids=repr)
async def test_the_dom_equals_a_fresh_render(page: Page, page_log: PageLog, case: Case) -> None:
    page_log.allow("^(error|warning): ")  # the corpus has inline styles and odd SVG; exceptions still count
    corpus = CorpusApp(case, CHANGES + 1)
    overheard = Overheard(corpus.app)
    async with serving(overheard) as url:
        await page.goto(url)
        await page.wait_for_selector("#livets.livets-connected", state="attached")
        for number, fresh in enumerate(corpus.pages):
            if number:
                await corpus.advance()
            try:
                await page.wait_for_function(EQUAL, arg=fresh, timeout=3000)
            except Exception:
                pytest.fail(f"change {number}:\n{await page.evaluate(DIFFERENCE, fresh)}", pytrace=False)
        await page.goto("about:blank")
    assert overheard.heals == [], "nothing had to be healed"


def test_the_sample_is_large_enough() -> None:
    assert len(CASES) * CHANGES >= 500
