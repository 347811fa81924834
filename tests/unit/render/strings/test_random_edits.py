"""Random pages, random changes: edits applied by an independent model give what a parser makes of the new page."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livets.render.strings.census import take
from livets.render.strings.edits import edit
from livets.render.strings.tokens import Doubt
from tests.support import edit_model
from tests.support.random_markup import edits_of, table_edits_of

SEEDS = st.integers(0, 2**63)
QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much]


def check(old: str, new: str) -> bool:
    """Old to new by edits; False when there was doubt. Raises AssertionError for a wrong page."""
    try:
        census = take(old, "div", "")
        ops, after = edit(old, new, census, "div", "")
    except Doubt:
        return False
    if not ops:
        assert old == new
        return True
    nodes, fresh = edit_model.parse(old), edit_model.parse(new)
    edit_model.apply(nodes, ops)
    assert nodes == fresh
    assert after.count == edit_model.count(fresh)
    return True


def tally(number: int, source) -> float:
    """The share of changes that came as edits, over so many random ones."""
    seen: set[int] = set()
    edited = 0

    @settings(max_examples=number, database=None, deadline=None, suppress_health_check=QUIET)
    @given(SEEDS)
    def run(seed: int) -> None:
        nonlocal edited
        seen.add(seed)
        edited += check(*source(seed))

    run()
    assert len(seen) > number * 0.9  # distinct
    return edited / number


def test_pages_that_a_parser_takes_as_they_are() -> None:
    assert tally(500, edits_of) > 0.7


def test_pages_with_markup_that_a_parser_mends() -> None:
    assert tally(300, lambda seed: edits_of(seed, odd=True)) > 0.2


def test_long_tables_whose_rows_come_go_move_and_change() -> None:
    assert tally(300, table_edits_of) > 0.9


@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.parametrize("odd", [False, True])
def test_ten_thousand_of_each(odd: bool) -> None:
    assert tally(10_000, lambda seed: edits_of(seed, odd=odd)) > 0.2


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_ten_thousand_tables() -> None:
    assert tally(10_000, table_edits_of) > 0.95
