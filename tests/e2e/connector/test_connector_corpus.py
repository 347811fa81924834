"""The renderer's corpus in a real browser: after any changes the page equals a fresh render, and nothing was healed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from livets.wire.messages import Heal
from tests.support.corpus import CASES, Case
from tests.unit.render.conftest import Bench

CHANGES = 6

DIFFERENCE = """fresh => {
    const live = document.querySelector('#livets').cloneNode(true), other = document.createElement('div');
    other.innerHTML = fresh;
    for (const root of [live, other]) {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_COMMENT), markers = [];
        while (walker.nextNode())
            if (/^(\\[(-?\\d+)?|\\])$/.test(walker.currentNode.data)) markers.push(walker.currentNode);
        markers.forEach(marker => marker.remove());
        root.normalize();
    }
    const same = live.childNodes.length === other.childNodes.length &&
        [...live.childNodes].every((node, index) => node.isEqualNode(other.childNodes[index]));
    return same ? null : [live.innerHTML, other.innerHTML];
}"""


def states_of(case: Case) -> list[dict[str, Any]]:
    """Some states, none of them the simplest one."""
    found: list[list[dict[str, Any]]] = []

    @settings(max_examples=6, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.lists(case.states, min_size=CHANGES + 1, max_size=CHANGES + 1))
    def collect(states: list[dict[str, Any]]) -> None:
        found.append(states)

    collect()
    return found[-1]


@pytest.mark.parametrize("case", CASES, ids=repr)
async def test_the_page_equals_a_fresh_render(script, case):
    script.is_strict = False  # some of the templates break the policy on purpose
    first, *states = states_of(case)
    bench = Bench(case.source, first, case.files)
    page = await script.open(bench.html, bench.rendering.template.shape)
    for state in states:
        diff = bench.change(state)
        if diff:
            await script.patch(*diff)
        assert await page.evaluate(DIFFERENCE, bench.fresh()) is None, diff
    await script.settled()
    assert script.of(Heal) == []
    await script.patch(*bench.rendering.fill(bench.scope).diff)
    assert await page.evaluate(DIFFERENCE, bench.fresh()) is None
