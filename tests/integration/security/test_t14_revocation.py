"""Whoever was disconnected stays so, also when the note of an earlier revocation has long been forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from livets.pubsub.memory import MemoryBus
from livets.state import RedisStore
from livets.transport import revocation
from livets.transport.revocation import EpochsHere, Revocation
from livets.transport.session import Session
from tests.support.redis_server import RedisServer


def guard(epochs: Any) -> Revocation:
    return Revocation(epochs, MemoryBus(), 100, lambda _is_meant: None)


async def signed_in(guard: Revocation, user: str = "ada") -> Session:
    return Session("id", 0, 2**40, {}, user, await guard.epoch_of(user))


async def test_a_session_outlives_the_memory_of_an_earlier_revocation() -> None:
    now = 1_000_000.0
    epochs = EpochsHere(lambda: now)
    users = guard(epochs)
    for _ in range(3):
        await users.user("ada")
    session = await signed_in(users)
    assert not await users.is_revoked(session)
    now += 1000
    await users.user("bob")
    assert await users.epoch_of("ada") == 0, "forgotten: nothing has revoked her for long"
    assert not await users.is_revoked(session)
    await users.user("ada")
    assert await users.is_revoked(session)


@pytest.mark.redis
async def test_a_session_outlives_what_redis_remembers(redis_server: RedisServer) -> None:
    store = RedisStore(redis_server.url)
    users = guard(store)
    await users.user("ada")
    noted = await users.epoch_of("ada")
    session = Session("id", 0, 2**40, {}, "ada", noted - 40 * 24 * 3600)  # who signed in then and has stayed since
    await store._redis.delete(f"{store._prefix}revoked:user:ada")  # as its time to live does after a month
    assert not await users.is_revoked(session)
    await users.user("ada")
    assert await users.is_revoked(session)
    again = await signed_in(users)
    assert not await users.is_revoked(again), "who signs in again is good again"
    await store.close()


async def test_signing_out_without_end_makes_no_banned_user_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocation, "_MAX_REMEMBERED", 10)
    users = guard(EpochsHere())
    banned = await signed_in(users, "mallory")
    await users.user("mallory")
    for number in range(20):
        await users.session(Session(str(number), 0, 2**40, {}, "other", 0))
    assert await users.is_revoked(banned)
