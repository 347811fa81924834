"""Sealing: what comes back is what went out, or nothing."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livets.errors import ConfigError
from livets.state import KeyRing

OLD, NEW, OTHER = "old " * 10, "new " * 10, "other " * 10


@given(st.binary(max_size=300), st.text(max_size=20))
def test_unseal_inverts_seal(data: bytes, purpose: str) -> None:
    ring = KeyRing([NEW])
    assert ring.unseal(purpose, ring.seal(purpose, data)) == data


def test_every_changed_byte_and_every_shorter_box_is_refused() -> None:
    ring = KeyRing([NEW])
    box = ring.seal("page", b"view 1")
    raw = base64.urlsafe_b64decode(box + "=" * (-len(box) % 4))
    for index in range(len(raw)):
        changed = bytes([*raw[:index], raw[index] ^ 1, *raw[index + 1 :]])
        assert ring.unseal("page", base64.urlsafe_b64encode(changed).rstrip(b"=").decode()) is None
    for length in range(len(box)):
        assert ring.unseal("page", box[:length]) is None


@pytest.mark.parametrize("box", ["", "=", "é", "a", "\ud800", "A" * 100_000, "AAAA", "AQ==", "*" * 80, "-_" * 60])
def test_nonsense_is_refused(box: str) -> None:
    assert KeyRing([NEW]).unseal("page", box) is None


def test_a_box_has_one_spelling() -> None:
    ring = KeyRing([NEW])
    box = ring.seal("page", b"12")
    padded = box + "=" * (-len(box) % 4)
    assert ring.unseal("page", box) == b"12"
    for other in (padded + "=", box + "\n", " " + box, box.replace("-", "+").replace("_", "/") + "===="):
        assert ring.unseal("page", other) is None
    assert all(
        ring.unseal("page", box[:-1] + last) is None for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345-_" if last != box[-1]
    )


def test_a_box_opens_for_its_purpose_only() -> None:
    ring = KeyRing([NEW])
    assert ring.unseal("cookie", ring.seal("page", b"x")) is None


def test_rotation() -> None:
    before, during, after = KeyRing([OLD]), KeyRing([NEW, OLD]), KeyRing([NEW])
    assert during.unseal("p", before.seal("p", b"x")) == b"x"
    assert after.unseal("p", during.seal("p", b"x")) == b"x"
    assert after.unseal("p", before.seal("p", b"x")) is None
    assert KeyRing([OTHER]).unseal("p", during.seal("p", b"x")) is None


def test_boxes_differ_and_show_nothing() -> None:
    ring = KeyRing([NEW])
    first, second = ring.seal("p", b"secret words" * 4), ring.seal("p", b"secret words" * 4)
    assert first != second
    assert b"secret" not in base64.urlsafe_b64decode(first + "==")


def test_a_guessable_or_missing_secret_is_an_error_that_teaches() -> None:
    with pytest.raises(ConfigError, match="token_urlsafe"):
        KeyRing(["short"])
    with pytest.raises(ConfigError, match="LIVETS_SECRET_KEY"):
        KeyRing([])


def test_repr_keeps_the_secret() -> None:
    assert "old" not in repr(KeyRing([OLD]))
