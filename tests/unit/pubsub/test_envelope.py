"""Nothing but what a holder of the key sealed is ever opened."""

from __future__ import annotations

import hmac

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livets.errors import ConfigError
from livets.pubsub.envelope import MAX_BYTES, Envelope, Envelopes

KEY, OTHER = b"k" * 32, b"o" * 32
ENVELOPE = Envelope("todos", "epoch", 1, "v.1.0", b"data")


@given(topic=st.text(), epoch=st.text(), seq=st.integers(1, 2**53), effect_id=st.text(), data=st.binary())
def test_sealed_envelopes_open_again(topic: str, epoch: str, seq: int, effect_id: str, data: bytes) -> None:
    envelope = Envelope(topic, epoch, seq, effect_id, data)
    assert Envelopes([KEY]).open(Envelopes([KEY]).seal(envelope)) == envelope


@given(st.binary(max_size=200))
def test_random_bytes_never_open(data: bytes) -> None:
    assert Envelopes([KEY]).open(data) in ("garbage", "forged")


@given(st.data())
def test_one_changed_bit_is_a_forgery(data: st.DataObject) -> None:
    sealed = bytearray(Envelopes([KEY]).seal(ENVELOPE))
    place = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[place // 8] ^= 1 << place % 8
    assert Envelopes([KEY]).open(bytes(sealed)) == "forged"


def test_keys_rotate() -> None:
    old, new = Envelopes([KEY]), Envelopes([OTHER, KEY])
    assert new.open(old.seal(ENVELOPE)) == ENVELOPE
    assert old.open(new.seal(ENVELOPE)) == "forged"


@pytest.mark.parametrize(
    "body",
    [
        b"\xc1",
        b"\x91" * 100_000,
        msgspec.msgpack.encode(["t", "e", 0, "x", b""]),
        msgspec.msgpack.encode(["t", "e", 1, "x", b"", "more"]),
        msgspec.msgpack.encode(["t", "e", 1, "x"]),
        msgspec.msgpack.encode(["t", "e", "1", "x", b""]),
        msgspec.msgpack.encode({"topic": "t"}),
        b"\x95\xa1\xff\xa1e\x01\xa1x\xc4\x00",
    ],
)
def test_even_with_the_right_key_only_envelopes_open(body: bytes) -> None:
    mac = hmac.digest(KEY, b"livets.pubsub.1\0" + body, "sha256")
    assert Envelopes([KEY]).open(mac + body) == "garbage"


def test_huge_messages_are_not_even_hashed() -> None:
    assert Envelopes([KEY]).open(bytes(MAX_BYTES + 1)) == "garbage"


@pytest.mark.parametrize("keys", [[], [b"short"], [KEY, b""]])
def test_a_missing_or_short_key_is_refused(keys: list[bytes]) -> None:
    with pytest.raises(ConfigError, match="LIVETS_SECRET_KEY"):
        Envelopes(keys)
