"""Values on a page: cut, without secrets, never an error, whatever they are."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from livets.engine.values import Blob, Json
from livets.studio.showing import HIDDEN, MAX_CHARACTERS, shown

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=40)
@given(VALUES)
def test_any_value_is_shown(value: Any) -> None:
    assert len(shown(value)) <= MAX_CHARACTERS + 100


def test_secrets_are_hidden_by_name_and_by_value() -> None:
    value = {
        "headers": {"Authorization": "Bearer abcdef"},
        "url": "https://x/?key=s3cret-value",
        "api_key": "k",
        "user": "ann",
    }
    text = shown(value, ["s3cret-value"])
    assert "abcdef" not in text
    assert "s3cret-value" not in text
    assert text.count(HIDDEN) == 3
    assert "ann" in text


def test_long_and_deep_things_are_cut() -> None:
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    assert "items" in shown(deep)
    assert "(100,000 characters)" in shown("x" * 100_000)
    assert "(5,000 items)" in shown(list(range(5_000)))
    assert "(1,000 fields)" in shown({f"k{n}": n for n in range(1_000)})
    assert len(shown([["y" * 1_900] * 50] * 50)) < MAX_CHARACTERS + 100


def test_bytes_references_and_odd_numbers() -> None:
    assert shown(b"\x00\x01" * 100).startswith("<200 bytes: 00 01")
    assert "kept in the store" in shown(Blob("ab" * 32, 70_000))
    assert shown(Json({"a": float("nan")})) == '{\n  "a": "nan"\n}'
