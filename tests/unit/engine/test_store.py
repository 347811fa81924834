"""The content store: what is put comes back, damage is seen, gc spares what is needed, publishing is one step."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livets.engine.encoding import content_hash
from livets.engine.errors import StoreError
from livets.engine.store import ContentStore, Publish
from livets.engine.values import Blob, Json


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "store")


def test_what_is_put_comes_back(store: ContentStore) -> None:
    blob = store.put(b"data")
    assert store.put(b"data") == blob
    assert (store.get(blob.hash), blob.size, blob.hash in store) == (b"data", 4, True)
    assert list(store.hashes()) == [blob.hash]
    assert list((store.root / "tmp").iterdir()) == []


def test_missing_and_damaged_objects_are_errors(store: ContentStore) -> None:
    blob = store.put(b"data")
    path = store.root / blob.hash[:2] / blob.hash
    path.chmod(0o600)
    path.write_bytes(b"date")
    with pytest.raises(StoreError, match="damaged"):
        store.get(blob.hash)
    with pytest.raises(StoreError, match="no object"):
        store.get("0" * 64)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63, "0" * 64 + "\n", "/" * 64])
def test_nothing_but_a_hash_is_looked_up(store: ContentStore, name: str) -> None:
    assert name not in store
    for use in (store.get, lambda n: store.publish(n, "x"), lambda n: store.unpin(n, "me")):
        with pytest.raises(StoreError):
            use(name)


@pytest.mark.parametrize("owner", ["../x", "", "A", "a/b", "a" * 129, ".x"])
def test_an_owner_is_a_plain_name(store: ContentStore, owner: str) -> None:
    with pytest.raises(StoreError, match="owner"):
        store.pin(store.put(b"x").hash, owner)


def test_gc_takes_what_is_old_and_unpinned(store: ContentStore) -> None:
    kept, gone, young = store.put(b"kept"), store.put(b"gone"), store.put(b"young")
    store.pin(kept.hash, "run-1")
    for blob in (kept, gone):
        os.utime(store.root / blob.hash[:2] / blob.hash, (0, 0))
    assert store.gc(grace_seconds=60) == 1
    assert gone.hash not in store
    assert {kept.hash, young.hash} == set(store.hashes())
    store.unpin(kept.hash, "run-1")
    assert store.gc(grace_seconds=60) == 1
    with pytest.raises(StoreError):
        store.pin(kept.hash, "run-1")


def test_putting_again_saves_an_object_from_gc(store: ContentStore) -> None:
    blob = store.put(b"data")
    os.utime(store.root / blob.hash[:2] / blob.hash, (0, 0))
    store.put(b"data")
    assert store.gc(grace_seconds=60) == 0


@pytest.mark.parametrize("how", ["copy", "hardlink", "symlink"])
def test_publishing_replaces_its_own_files_but_no_foreign_one(
    store: ContentStore, tmp_path: Path, how: Publish
) -> None:
    one, two = store.put(b"one"), store.put(b"two")
    target = tmp_path / "out.txt"
    store.publish(one.hash, target, how)
    store.publish(two.hash, target, how)
    assert target.read_bytes() == b"two"
    assert target.is_symlink() is (how == "symlink")
    target.unlink()
    target.write_bytes(b"a user's own")
    with pytest.raises(StoreError, match="did not write"):
        store.publish(one.hash, target, how)
    assert target.read_bytes() == b"a user's own"
    store.publish(one.hash, target, how, force=True)
    assert target.read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_reader_sees_the_old_file_or_the_new_one_whole(store: ContentStore, tmp_path: Path) -> None:
    blobs = [store.put(bytes([n]) * 50_000) for n in range(2)]
    target = tmp_path / "out"
    store.publish(blobs[0].hash, target)
    seen: set[tuple[int, int]] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            data = target.read_bytes()
            seen.add((len(data), len(set(data))))

    reader = threading.Thread(target=read)
    reader.start()
    for n in range(30):
        store.publish(blobs[n % 2].hash, target)
    stop.set()
    reader.join()
    assert seen == {(50_000, 1)}


@given(st.lists(st.binary(max_size=30) | st.integers() | st.text(max_size=5), max_size=6))
def test_large_bytes_travel_by_reference_and_come_back(
    tmp_path_factory: pytest.TempPathFactory, items: list[object]
) -> None:
    store = ContentStore(tmp_path_factory.getbasetemp() / "shared-store")
    value = {"items": items, "deep": [{"again": items}], "json": Json([1])}
    light = store.externalise(value, at_least=10)
    assert store.inline(light) == value
    assert content_hash(light) == content_hash(value)
    assert all(not isinstance(x, bytes) or len(x) < 10 for x in light["items"])
    assert any(isinstance(x, Blob) for x in light["items"]) == any(isinstance(x, bytes) and len(x) >= 10 for x in items)
