"""Random state changes over the corpus, in Chromium with the real connector: the DOM equals a fresh render.

The oracle is the browser itself: it parses what plain Jinja2 renders for the same state, and compares trees (D16:
without marker comments, adjacent text joined, classes as sets).
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from playwright.async_api import Page

from livets import LiveTS, LiveView, field
from tests.support.browser import PageLog
from tests.support.corpus import CASES, EXTENSIONS, Case
from tests.support.server import serving
from tests.unit.render.conftest import Bench

CHANGES = int(os.environ.get("LIVETS_CHROMIUM_CHANGES", "20"))
"""A template; 60 templates and more make 1,200 and more, a nightly run with 40 more than 2,000."""

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


def states_of(case: Case) -> list[dict[str, Any]]:
    """States that Hypothesis makes of the case's strategy; the same at every run of one seed."""
    states: list[dict[str, Any]] = []

    @seed(int(os.environ.get("LIVETS_SEED", "20261120")))
    @settings(max_examples=CHANGES + 1, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case.states)
    def collect(state: dict[str, Any]) -> None:
        states.append(state)

    collect()
    while len(states) <= CHANGES:  # a small space of states: go through it again
        states += states[: CHANGES + 1 - len(states)]
    return states


def view_of(case: Case, states: list[dict[str, Any]]) -> type[LiveView]:
    """A view that shows the first state, and the next one at each message on the topic `next`."""
    names = sorted({name for state in states for name in state})
    upcoming = iter(states)

    def show(self: LiveView) -> None:
        self.set_state(**next(upcoming))

    def mount(self: LiveView) -> None:
        self.subscribe("next", "advance")
        show(self)

    async def advance(self: LiveView, _message: None) -> None:
        show(self)

    fields = {name: field(None, persist=False) for name in names}
    annotations = dict.fromkeys(names, Any)
    body = {"__annotations__": annotations, **fields, "mount": mount, "advance": advance, "template": case.source}
    return type(f"Case_{case.name}", (LiveView,), body)


@pytest.mark.parametrize("case", CASES, ids=repr)
async def test_the_dom_equals_a_fresh_render(page: Page, page_log: PageLog, case: Case) -> None:
    page_log.allow("^(error|warning): ")  # the corpus has inline styles and odd SVG; exceptions still count
    states = states_of(case)
    bench = Bench(case.source, states[0], case.files)
    app = LiveTS(secret_key="a secret for this test, 32 characters")
    for extension in EXTENSIONS:
        app.worker.templates.environment.add_extension(extension)
    app.worker.templates.environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    app.worker.templates.environment.loader = bench.templates.environment.loader
    app.live("/", view_of(case, states))
    sent: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    async with serving(app) as url:
        await page.goto(url)
        await page.wait_for_selector("#livets.livets-connected", state="attached")
        for number, state in enumerate(states):
            if number:
                await app.worker.bus.publish("next", b"\xc0", f"test:{number}")
            fresh = bench.plain.render(state)
            try:
                await page.wait_for_function(EQUAL, arg=fresh, timeout=3000)
            except Exception:
                pytest.fail(f"change {number} to {state}:\n{await page.evaluate(DIFFERENCE, fresh)}", pytrace=False)
        await page.goto("about:blank")
    assert [message for message in sent if str(message).startswith("[4,")] == [], "nothing had to be healed"


def test_the_sample_is_large_enough() -> None:
    assert len(CASES) * CHANGES >= 500
