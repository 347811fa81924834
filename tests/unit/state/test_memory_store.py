"""MemoryStore: bounds. What it shares with RedisStore is in tests/integration/transport/test_stores.py."""

from __future__ import annotations

import pytest

from livets.errors import Gone
from livets.state import Change, MemoryStore, Record


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_the_least_recently_used_go_when_there_is_too_much() -> None:
    store = MemoryStore(max_bytes=20_000)
    for number in range(10):
        await store.create(f"v{number}", Record(b"m", {"text": b"x" * 3000}))
        if number:
            await store.write("v0", 1, Change())
    assert store.bytes <= 20_000
    assert await store.claim("v0", None) is not None
    assert await store.claim("v1", None) is None
    assert await store.claim("v9", None) is not None


async def test_old_ones_go_and_a_write_keeps_them() -> None:
    clock = Clock()
    store = MemoryStore(ttl_s=10, clock=clock)
    await store.create("a", Record(b"m"))
    await store.create("b", Record(b"m"))
    clock.now = 8
    await store.write("b", 1, Change())
    clock.now = 12
    assert await store.claim("a", None) is None
    with pytest.raises(Gone):
        await store.write("a", 1, Change())
    await store.create("c", Record(b"m"))
    assert await store.claim("b", 1) is not None


async def test_bytes_return_to_zero() -> None:
    store = MemoryStore()
    await store.create("a", Record(b"m", {"x": b"1"}))
    await store.write("a", 1, Change(fields={"x": b"22"}, logs={"rows": [b"op"]}, effects={1: b"e"}))
    await store.write("a", 1, Change(fields={"rows": b""}, effects_sent={1}))
    await store.forget("a", 2)
    assert len(store) == 1
    await store.forget("a", 1)
    assert (len(store), store.bytes) == (0, 0)
