"""The promise of the whole package: after any changes the page equals a fresh render."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from livets.render import CompiledTemplate, Templates
from livets.render.environment import MappingScope
from livets.render.strings import kept, slots
from livets.render.strings.census import take
from livets.render.strings.edits import edit
from livets.render.strings.tokens import Doubt
from tests.support import edit_model
from tests.support.corpus import CASES, Case
from tests.support.opaque_share import counted
from tests.unit.render.conftest import Bench, _templates

CHANGES = 20
EXAMPLES = 4
NIGHTLY_EXAMPLES = 75
SHARE_STATES = 6
SPLIT = 0.9
"""Of the dynamic nodes that the corpus meets at run time, so many are slots (issue 4)."""


@pytest.fixture(autouse=True)
def short_html_is_edited_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most regions of the corpus are too short for edits to be worth it; here they are edited all the same."""
    for module in (kept, slots):
        monkeypatch.setattr(module, "SHORTEST_CHARS", 1)


def check_changes(case: Case, examples: int) -> None:
    """First HTML, its hydration and a fill, then changes: always what plain Jinja2 renders."""

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(case.states, min_size=CHANGES + 1, max_size=CHANGES + 1))
    def check(states: list[dict[str, Any]]) -> None:
        bench = Bench(case.source, states[0], case.files)
        bench.check_first()
        for state in states[1:]:
            note(state)
            bench.change(state)

    check()


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_the_page_equals_a_fresh_render_after_any_changes(case: Case) -> None:
    check_changes(case, EXAMPLES)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_the_page_equals_a_fresh_render_after_very_many_changes(case: Case) -> None:
    check_changes(case, NIGHTLY_EXAMPLES)


def templates_of(case: Case) -> Templates:
    return _templates(tuple(case.files.items()))


@cache
def states_of(case: Case, number: int) -> list[dict[str, Any]]:
    """States of a case, the same in every run; drawing them costs more than rendering them."""
    states: list[dict[str, Any]] = []

    @seed(1)
    @settings(max_examples=number, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case.states)
    def collect(state: dict[str, Any]) -> None:
        states.append(state)

    collect()
    return states


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_only_what_is_known_to_be_hard_is_opaque(case: Case) -> None:
    found = templates_of(case).from_string(case.source).opaque
    assert len(found) == case.opaque, found


def test_most_dynamic_nodes_are_slots() -> None:
    slots = inside = 0
    for case in CASES:
        for state in states_of(case, SHARE_STATES):
            more_slots, more_inside = counted(*shown(case, state))
            slots, inside = slots + more_slots, inside + more_inside
    share = slots / (slots + inside)
    print(f"{slots} slots, {inside} nodes inside of HTML: {share:.1%} of the dynamic nodes are slots")
    assert share >= SPLIT


def shown(case: Case, state: dict[str, Any]) -> tuple[CompiledTemplate, MappingScope]:
    """The template as this state has it (an output that turns out to be markup changes it), and the scope."""
    rendering, scope = templates_of(case).from_string(case.source).start(), MappingScope(state)
    rendering.html(scope)
    return rendering.template, scope


def changes_as_strings(number: int) -> float:
    """Every page of the corpus as one string: edits from state to state; the share of changes that came as edits."""
    edited = total = 0
    for case in CASES:
        bench = Bench(case.source, states_of(case, number)[0], case.files)
        pages = [bench.plain.render(state) for state in states_of(case, number)]
        for old, new in pairwise(pages):
            if old != new:
                total += 1
                edited += applies(old, new)
    print(f"{total} changes of pages, {edited / total:.1%} as edits")
    return edited / total


def applies(old: str, new: str) -> bool:
    """Do edits come of it? If so, an independent model of the browser gets the new page by them."""
    try:
        ops, after = edit(old, new, take(old, "div", ""), "div", "")
    except Doubt:
        return False
    nodes, fresh = edit_model.parse(old), edit_model.parse(new)
    edit_model.apply(nodes, ops)
    assert nodes == fresh, (old, new, ops)
    assert after.count == edit_model.count(fresh)
    return True


def test_pages_that_are_strings_change_by_edits() -> None:
    assert changes_as_strings(SHARE_STATES) > 0.5


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_very_many_pages_that_are_strings() -> None:
    assert changes_as_strings(300) > 0.5


def test_the_corpus_is_large_enough() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)
    assert len(CASES) * EXAMPLES * CHANGES >= 5000
    assert len(CASES) * NIGHTLY_EXAMPLES * CHANGES >= 100_000
