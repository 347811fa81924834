"""What every snapshot store promises; run against both, Redis being a real server."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest

from livets.errors import Fenced, Gone
from livets.state import Change, KeyRing, MemoryStore, Record, RedisStore, SnapshotStore, StoreUnavailable
from tests.support.redis_server import RedisServer


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[SnapshotStore]:
    if request.param == "memory":
        yield MemoryStore()
    else:
        server: RedisServer = request.getfixturevalue("redis_server")
        redis = RedisStore(server.url, ttl_s=100)
        yield redis
        await redis.close()


async def stored(store: SnapshotStore, view_id: str) -> Record:
    claim = await store.claim(view_id, None)
    assert claim is not None
    assert claim.record is not None
    return claim.record


async def test_what_is_created_comes_back(store: SnapshotStore) -> None:
    record = Record(
        b"meta\0", {"a": b"1", "rows": b"\xff"}, {"rows": [b"x", b""]}, 7, b"sys", {1: b"e1", 12: b"e2"}, b"hash"
    )
    assert await store.create("v", record) == 1
    assert await stored(store, "v") == record
    with pytest.raises(Fenced):
        await store.create("v", record)


async def test_writes_add_up(store: SnapshotStore) -> None:
    await store.create("v", Record(b"m", {"a": b"1"}))
    await store.write(
        "v", 1, Change(fields={"b": b"2"}, logs={"rows": [b"1", b"2"]}, ref=3, effects={1: b"e", 2: b"f"})
    )
    for entry in range(3, 12):
        await store.write("v", 1, Change(logs={"rows": [b"%d" % entry]}))
    await store.write("v", 1, Change(effects_sent={1}, system=b"s", secret=b"k"))
    record = await stored(store, "v")
    assert record == Record(
        b"m", {"a": b"1", "b": b"2"}, {"rows": [b"%d" % n for n in range(1, 12)]}, 3, b"s", {2: b"f"}, b"k"
    )


async def test_a_base_empties_its_log_and_only_that(store: SnapshotStore) -> None:
    await store.create("v", Record(b"m"))
    await store.write("v", 1, Change(logs={"rows": [b"1"], "others": [b"x"]}))
    await store.write("v", 1, Change(logs={"rows": [b"2"]}))
    await store.write("v", 1, Change(fields={"rows": b"base"}, logs={"rows": [b"3"]}))
    record = await stored(store, "v")
    assert record.fields == {"rows": b"base"}
    assert record.logs == {"rows": [b"3"], "others": [b"x"]}


async def test_a_claim_fences_older_writers(store: SnapshotStore) -> None:
    await store.create("v", Record(b"m", {"a": b"1"}))
    claim = await store.claim("v", None)
    assert claim is not None
    assert claim.generation == 2
    with pytest.raises(Fenced):
        await store.write("v", 1, Change(fields={"a": b"old"}))
    await store.forget("v", 1)
    await store.write("v", 2, Change(fields={"a": b"new"}))
    assert (await stored(store, "v")).fields == {"a": b"new"}


async def test_a_claim_with_the_current_copy_brings_no_record(store: SnapshotStore) -> None:
    await store.create("v", Record(b"m"))
    claim = await store.claim("v", 1)
    assert claim is not None
    assert (claim.generation, claim.record) == (2, None)
    stale = await store.claim("v", 1)
    assert stale is not None
    assert stale.generation == 3
    assert stale.record is not None


async def test_unknown_and_forgotten_views(store: SnapshotStore) -> None:
    assert await store.claim("nobody", None) is None
    with pytest.raises(Gone):
        await store.write("nobody", 1, Change(ref=1))
    await store.create("v", Record(b"m"))
    await store.forget("v", 1)
    assert await store.claim("v", 1) is None


async def test_a_lost_view_is_put_back_whole_and_never_over_a_newer_owner(store: SnapshotStore) -> None:
    record = Record(b"m", {"a": b"1"}, {"rows": [b"x"]}, 7, b"sys", {5: b"e"}, b"hash")
    await store.recreate("v", 3, record)
    await store.write("v", 3, Change(fields={"a": b"2"}))
    with pytest.raises(Gone):  # an older owner was first: ours is newer
        await store.write("v", 4, Change(ref=8))
    await store.recreate("v", 4, record)
    with pytest.raises(Fenced):
        await store.recreate("v", 3, Record(b"old"))
    with pytest.raises(Fenced):
        await store.write("v", 3, Change(ref=9))
    assert await stored(store, "v") == record
    with pytest.raises(Fenced):
        await store.write("v", 4, Change(ref=9))


@pytest.mark.redis
async def test_redis_keys_expire_and_hold_the_view_id_as_hash_tag(redis_server: RedisServer) -> None:
    store = RedisStore(redis_server.url, ttl_s=100)
    await store.create("v", Record(b"m"))
    assert redis_server.command("TTL", "livets:view:{v}") in (b":100\r\n", b":99\r\n")
    assert await store.use_once("nonce", 50)
    assert not await store.use_once("nonce", 50)
    await store.close()


@pytest.mark.redis
async def test_what_redis_holds_can_not_be_read_and_opens_with_the_key_only(redis_server: RedisServer) -> None:
    def store(*secrets: str) -> RedisStore:
        return RedisStore(redis_server.url, keys=KeyRing(secrets))

    first = store("a" * 40)
    record = Record(
        b"meta-plain", {"f": b"field-plain"}, {"l": [b"log-plain"]}, 3, b"system-plain", {1: b"effect-plain"}
    )
    await first.create("v", record)
    await first.write("v", 1, Change(fields={"g": b"more-plain"}, logs={"l": [b"x-plain"]}, secret=b"secret-plain"))
    assert b"plain" not in redis_server.command("HGETALL", "livets:view:{v}")
    rotated, other = store("b" * 40, "a" * 40), store("c" * 40)
    found = await stored(rotated, "v")
    assert (found.meta, found.fields) == (b"meta-plain", {"f": b"field-plain", "g": b"more-plain"})
    assert (found.logs, found.effects, found.secret) == (
        {"l": [b"log-plain", b"x-plain"]}, {1: b"effect-plain"}, b"secret-plain",
    )  # fmt: skip
    assert await other.claim("v", None) is None, "lost, as if it had never been"
    for each in (first, rotated, other):
        await each.close()


@pytest.mark.redis
async def test_a_write_whose_answer_was_lost_is_not_doubled(redis_server: RedisServer) -> None:
    store = RedisStore(redis_server.url, ttl_s=100)
    await store.create("v", Record(b"m"))
    await store.write("v", 1, Change(logs={"rows": [b"1"]}))
    real, losses = store._write, [ConnectionResetError(), ConnectionResetError(), TimeoutError()]

    async def answer_lost(**arguments: object) -> object:
        answer = await real(**arguments)  # type: ignore[arg-type]
        if losses:
            raise losses.pop(0)
        return answer

    store._write = answer_lost  # type: ignore[assignment]
    change = Change(logs={"rows": [b"2"]}, ref=1)
    with pytest.raises(StoreUnavailable):
        await store.write("v", 1, change)
    await store.write("v", 1, Change())
    change.merge(Change(logs={"rows": [b"3"]}, ref=2))
    await store.write("v", 1, change)
    losses.append(ConnectionResetError())  # a lost connection is tried again at once
    await store.write("v", 1, Change(logs={"rows": [b"4"]}))
    assert (await stored(store, "v")).logs == {"rows": [b"1", b"2", b"3", b"4"]}
    await store.close()


@pytest.mark.redis
async def test_without_redis_the_error_says_so_and_it_recovers(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    store = RedisStore(redis_server.url, timeout_s=0.5)
    await store.create("v", Record(b"m"))
    redis_server.kill()
    for _ in range(3):
        with pytest.raises(StoreUnavailable, match="Redis"):
            await store.claim("v", 1)
    redis_server.start()
    for _ in range(3):
        assert await store.claim("v", 1) is None
    said = [record.getMessage() for record in caplog.records if record.name == "livets.state"]
    assert ["does not carry out" in said[0], "again" in said[1], len(said)] == [True, True, 2], "each change once"
    await store.close()


@pytest.mark.redis
async def test_a_redis_that_has_an_old_view_has_lost_it(redis_server: RedisServer) -> None:
    """Restored from a file, or a replica that had not heard the last writes: the running view puts itself back."""
    store, key = RedisStore(redis_server.url, ttl_s=100), "livets:view:{v}"
    await store.create("v", Record(b"m", {"a": b"1", "b": b"1"}))
    await store.write("v", 1, Change(fields={"a": b"2"}))
    old = redis_server.command("DUMP", key).partition(b"\r\n")[2][:-2]
    await store.write("v", 1, Change(fields={"a": b"3"}))
    assert redis_server.command("RESTORE", key, "0", old, "REPLACE") == b"+OK\r\n"
    for change in (Change(), Change(fields={"b": b"2"})):
        with pytest.raises(Gone, match="written of it last"):
            await store.write("v", 1, change)
    await store.recreate("v", 1, Record(b"m", {"a": b"3", "b": b"2"}))
    for count in range(3):
        await store.write("v", 1, Change(fields={"b": b"%d" % count}))
        await store.write("v", 1, Change())
    claim = await store.claim("v", 1)
    assert claim is not None
    assert claim.record is None
    await store.write("v", 2, Change(ref=1))
    assert (await stored(store, "v")).fields == {"a": b"3", "b": b"2"}
    await store.write("v", 3, Change(ref=2))
    await store.close()


@pytest.mark.redis
@pytest.mark.parametrize("how", ["killed by the server", "lost with the server"])
async def test_a_failover_costs_no_command_an_error(redis_server: RedisServer, how: str) -> None:
    """Every connection of the pool is dead at once, and nobody has noticed."""
    store = RedisStore(redis_server.url, ttl_s=100)
    for _ in range(3):
        async with asyncio.TaskGroup() as group:
            for _ in range(24):
                group.create_task(store.claim("nobody", None))
        if how == "killed by the server":
            redis_server.command("CLIENT", "KILL", "TYPE", "normal")
        else:
            redis_server.kill()
            redis_server.start()
        await store.create(f"v{secrets.token_hex(4)}", Record(b"m"))
        async with asyncio.TaskGroup() as group:
            for _ in range(24):
                group.create_task(store.epochs(["somebody"]))
                group.create_task(store.claim("nobody", None))
    redis_server.kill()
    with pytest.raises(StoreUnavailable):
        await store.claim("nobody", None)
    await store.close()
    await asyncio.sleep(0)
