"""transform.join against a join written down naively, and in the ways that people know."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livets.flow.nodes.join import Join
from tests.unit.flow.nodes.running import failure, give

LEFT = [{"id": 1, "a": "x"}, {"id": 2, "a": "y"}, {"a": "z"}]
RIGHT = [{"id": 2, "b": 1}, {"id": 2, "b": 2, "a": "!"}, {"id": 3, "b": 3}]
BOTH = [{"id": 2, "a": "y", "b": 1}, {"id": 2, "a": "!", "b": 2}]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, BOTH),
        ({"prefer": "left"}, [BOTH[0], {"id": 2, "a": "y", "b": 2}]),
        ({"keep": "left"}, [LEFT[0], *BOTH, LEFT[2]]),
        ({"keep": "left", "alone_last": True}, [*BOTH, LEFT[0], LEFT[2]]),
        ({"keep": "right"}, [*BOTH, RIGHT[2]]),
        ({"keep": "everything"}, [LEFT[0], *BOTH, LEFT[2], RIGHT[2]]),
        ({"keep": "left_alone"}, [LEFT[0], LEFT[2]]),
        ({"keep": "right_alone"}, [RIGHT[2]]),
        ({"give": "left"}, [LEFT[1]]),
        ({"give": "right"}, RIGHT[:2]),
        ({"each": "first"}, BOTH[:1]),
        ({"each": "last"}, BOTH[1:]),
        ({"suffixes": True, "each": "first"}, [{"id_1": 2, "a_1": "y", "id_2": 2, "b_2": 1}]),
    ],
)
async def test_by_fields(config: dict[str, Any], expected: Any) -> None:
    assert await give("transform.join", {"on": {"id": "id"}, **config}, left=LEFT, right=RIGHT) == expected


async def test_by_place_and_all_with_all() -> None:
    left, right = [{"a": 1}, {"a": 2}], [{"b": 1}, {"b": 2}, {"b": 3}]
    assert await give("transform.join", {"by": "place"}, left=left, right=right) == [{"a": 1, "b": 1}, {"a": 2, "b": 2}]
    assert (await give("transform.join", {"by": "place", "keep": "everything"}, left=left, right=right))[2] == {"b": 3}
    assert await give("transform.join", {"by": "place", "keep": "left"}, left=right, right=left[:1]) == [
        {"a": 1, "b": 1},
        {"b": 2},
        {"b": 3},
    ]
    assert len(await give("transform.join", {"by": "all"}, left=left, right=right)) == 6
    assert await give("transform.join", {"by": "all"}, left=left) == []


async def test_what_is_nested_is_joined_where_it_is_asked_for() -> None:
    left, right = [{"o": {"a": 1, "l": [1, 2]}}], [{"o": {"b": 2, "l": [3]}}]
    assert await give("transform.join", {"by": "place"}, left=left, right=right) == right
    nested = await give("transform.join", {"by": "place", "nested": True}, left=left, right=right)
    assert nested == [{"o": {"a": 1, "b": 2, "l": [3, 2]}}]
    assert (left, right) == ([{"o": {"a": 1, "l": [1, 2]}}], [{"o": {"b": 2, "l": [3]}}]), "others hold them, too"


async def test_kinds_count_and_numbers_are_numbers() -> None:
    on = {"on": {"k": "k"}}
    for same in ([1, 1.0], [None, None], [{"a": [1]}, {"a": [1]}]):
        assert len(await give("transform.join", on, left=[{"k": same[0]}], right=[{"k": same[1]}])) == 1
    for other in ([1, "1"], [1, True], [None, ""]):
        assert await give("transform.join", on, left=[{"k": other[0]}], right=[{"k": other[1]}]) == []
    assert len(await give("transform.join", {**on, "as_text": True}, left=[{"k": 1}], right=[{"k": "1"}])) == 1


async def test_what_cannot_be_joined_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "left: item 1 is 5, and no object" in await failure("transform.join", {"by": "all"}, left=[{}, 5])
    monkeypatch.setattr("livets.flow.nodes.join.MAX_ITEMS", 3)
    assert "more than 3 items" in await failure("transform.join", {"by": "all"}, left=[{}] * 2, right=[{}] * 2)
    for wrong in ({}, {"by": "place", "on": {"a": "a"}}):
        with pytest.raises(Exception, match="name the fields"):
            await give("transform.join", wrong)


KEYS = st.lists(st.fixed_dictionaries({}, optional={"k": st.sampled_from([0, 1, 2, None, "1"])}), max_size=6)


@settings(max_examples=150)
@given(KEYS, KEYS, st.sampled_from(["matches", "left", "right", "everything", "left_alone", "right_alone"]))
def test_it_gives_what_two_loops_would(left: list[Any], right: list[Any], keep: str) -> None:
    left = [{**one, "l": place} for place, one in enumerate(left)]
    right = [{**one, "r": place} for place, one in enumerate(right)]
    join = Join(Join.Config(on={"k": "k"}, keep=keep, alone_last=True))  # type: ignore[arg-type]

    def same(one: Any, other: Any) -> bool:
        return "k" in one and "k" in other and one["k"] == other["k"]

    matches = [one | other for one in left for other in right if same(one, other)]
    lonely = [one for one in left if not any(same(one, other) for other in right)]
    others = [other for other in right if not any(same(one, other) for one in left)]
    wanted = [] if keep.endswith("alone") else matches
    wanted += lonely if keep in ("left", "everything", "left_alone") else []
    wanted += others if keep in ("right", "everything", "right_alone") else []
    assert join.joined(left, right) == wanted
