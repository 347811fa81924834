"""The promise of the whole package: after any changes the page equals a fresh render."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.support.corpus import CASES, Case
from tests.unit.render.conftest import Bench

CHANGES = 8
EXAMPLES = 25


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_the_page_equals_a_fresh_render_after_any_changes(case: Case) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(case.states, min_size=CHANGES + 1, max_size=CHANGES + 1))
    def check(states: list[dict[str, Any]]) -> None:
        bench = Bench(case.source, states[0], case.files)
        bench.check_first()
        for state in states[1:]:
            note(state)
            bench.change(state)

    check()


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_only_what_is_known_to_be_hard_is_opaque(case: Case) -> None:
    @settings(max_examples=1, deadline=None, database=None)
    @given(case.states)
    def check(state: dict[str, Any]) -> None:
        assert len(Bench(case.source, state, case.files).template.opaque) == case.opaque, Bench(
            case.source, state, case.files
        ).template.opaque

    check()


def test_the_corpus_is_large_enough() -> None:
    assert len(CASES) >= 20
    assert len(CASES) * EXAMPLES * CHANGES >= 5000
