"""What the user of a page sees, written down by the page itself, and a hand that clicks.

The witness counts real clicks and watches the number with a MutationObserver from the first byte of the page on:
a number that goes back, vanishes or runs ahead of the clicks is written down as a lie.
"""

from __future__ import annotations

from typing import TypedDict

from playwright.async_api import Page

SCRIPT = """
(() => {
  const seen = (window.witness = { clicks: 0, counts: [], lies: [] });
  document.addEventListener("click", ({ target }) => { if (target.closest("#inc")) seen.clicks++; }, true);
  const look = () => {
    const node = document.querySelector("#count");
    const last = seen.counts.at(-1);
    if (!node) {
      if (last !== undefined) seen.lies.push(`after ${last} the number vanished`);
      return;
    }
    const count = /^\\d+$/.test(node.textContent) ? Number(node.textContent) : NaN;
    if (count === last) return;
    if (!(count > (last ?? -1))) seen.lies.push(`after ${last} came "${node.textContent}"`);
    if (count > seen.clicks) seen.lies.push(`${count} after ${seen.clicks} clicks`);
    seen.counts.push(count);
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
})();
"""

_SETTLED = """
(timeout) => new Promise((resolve) => {
  const started = performance.now();
  const look = () => {
    const { clicks, counts, lies } = window.witness;
    const waited = performance.now() - started;
    if (counts.at(-1) === clicks || lies.length || waited > timeout)
      resolve({ clicks, shown: counts.at(-1), changes: counts.length, lies });
    else setTimeout(look, 3);
  };
  look();
})
"""


class Testimony(TypedDict):
    """What a witness has written down so far."""

    clicks: int
    shown: int
    changes: int
    """How many different numbers the page has shown."""
    lies: list[str]


class Witness:
    """One page of the counter."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.views = 0
        """Documents loaded, whether asked for or not."""
        self.asked = 0
        self._url = url
        self._spot = (0.0, 0.0)
        page.on("domcontentloaded", lambda _: self._loaded())

    def _loaded(self) -> None:
        self.views += 1

    async def open(self) -> None:
        """Load the page anew and wait until it is live."""
        self.asked += 1
        await self.page.goto(self._url)
        await self.page.wait_for_selector("[data-livets].livets-connected", state="attached")
        box = await self.page.locator("#inc").bounding_box()
        assert box is not None
        self._spot = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    async def click(self, times: int = 1) -> None:
        """Click the button, really."""
        for _ in range(times):
            await self.page.mouse.click(*self._spot)

    async def settled(self, timeout_s: float = 15.0) -> Testimony:
        """Wait until the page shows as many clicks as there were, or the first lie, or the deadline."""
        testimony: Testimony = await self.page.evaluate(_SETTLED, timeout_s * 1000)
        return testimony

    async def worker(self) -> int:
        """Process id of the worker that counted the last click."""
        return int(await self.page.inner_text("#worker"))
