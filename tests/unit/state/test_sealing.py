from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livets.state import KeyRing
from livets.state.sealing import Seal, Unreadable

KEYS = KeyRing(["k" * 40])


@given(st.binary(max_size=200), st.text(max_size=8), st.text(max_size=8))
def test_what_is_sealed_opens_in_its_place_only(value: bytes, view: str, name: str) -> None:
    sealed = Seal(KEYS, view).seal(name, value)
    assert Seal(KEYS, view).unseal(name, sealed) == value
    for other, place in [(view + "x", name), (view, name + "x"), (view + name[:1], name[1:] + "y")]:
        with pytest.raises(Unreadable):
            Seal(KEYS, other).unseal(place, sealed)


@given(st.binary(min_size=1, max_size=50), st.data())
def test_nothing_can_be_read_or_changed(value: bytes, data: st.DataObject) -> None:
    sealed = Seal(KEYS, "v").seal("f:a", value)
    assert len(value) < 4 or value not in sealed
    at = data.draw(st.integers(0, len(sealed) - 1))
    with pytest.raises(Unreadable, match="LIVETS_SECRET_KEY"):
        Seal(KEYS, "v").unseal("f:a", sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])


def test_keys_rotate_and_without_keys_nothing_is_sealed() -> None:
    sealed = Seal(KEYS, "v").seal("m", b"meta")
    assert Seal(KeyRing(["n" * 40, "k" * 40]), "v").unseal("m", sealed) == b"meta"
    with pytest.raises(Unreadable):
        Seal(KeyRing(["n" * 40]), "v").unseal("m", sealed)
    assert Seal(None, "v").seal("m", b"x") == Seal(None, "v").unseal("m", b"x") == b"x"
