"""Watermarks, group commit, retries, fences: what reaches the store, and when the browser hears of it."""

from __future__ import annotations

import asyncio

import pytest

from livets import KeyedList, LiveView, event
from livets.live import retry, writer
from livets.wire import codes
from tests.unit.live.fakes import DurableStore, FakeOutbox, Stage, click, send


class Counter(LiveView):
    count: int = 0
    other: int = 0
    rows: KeyedList[dict[str, int]] = KeyedList()
    template = "{{ count }}"

    @event
    async def add(self, by: int = 1) -> None:
        self.count += by

    @event
    async def nothing(self) -> None: ...

    @event
    async def fail(self) -> None:
        self.count = 99
        raise ValueError


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BASE_S", 0.0)


async def test_with_a_memory_store_the_ack_is_immediate_and_nothing_is_encoded() -> None:
    stage = Stage()
    runner, outbox = await stage.show(Counter, dev=False)
    await send(runner, "add")
    assert outbox.acks == [(1, 1)]
    claim = await stage.store.claim("v1", None)
    assert claim is not None
    assert claim.record is not None
    assert claim.record.fields == {}


async def test_the_patch_leaves_at_once_and_the_ack_follows_the_write() -> None:
    store = DurableStore()
    runner, outbox = await Stage(store).show(Counter)
    store.gate.clear()
    await send(runner, "add")
    assert outbox.patches == [([0, "1"], 1)]
    assert outbox.acks == [(1, 0)]
    assert runner.durable_ref == 0
    store.gate.set()
    await runner.durable()
    assert outbox.acks == [(1, 0), (1, 1)]
    assert store.record().ref == 1


async def test_only_dirty_fields_are_written() -> None:
    store = DurableStore()
    runner, _ = await Stage(store).show(Counter)
    await send(runner, "add")
    await runner.durable()
    assert list(store.writes[-1].fields) == ["count"]
    await send(runner, "nothing")
    await runner.durable()
    assert store.writes[-1].fields == {}
    assert store.writes[-1].ref == 2


async def test_commits_made_during_a_write_go_out_together() -> None:
    store = DurableStore()
    runner, outbox = await Stage(store).show(Counter)
    store.gate.clear()
    await send(runner, "add")
    await asyncio.sleep(0)
    for _ in range(5):
        await send(runner, "add")
    store.gate.set()
    await runner.durable()
    assert len(store.writes) == 2
    assert [change.ref for change in store.writes] == [1, 6]
    assert outbox.acks[-1] == (6, 6)


async def test_a_store_that_is_down_is_tried_again_and_loses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    store = DurableStore()
    runner, outbox = await Stage(store).show(Counter)
    store.failures = [ConnectionError("redis is down")] * 4
    for _ in range(3):
        await send(runner, "add")
    await runner.durable()
    assert store.record().ref == 3
    assert outbox.acks[-1] == (3, 3)
    assert "redis is down" in caplog.text
    assert runner.view.count == 3


async def test_events_wait_when_too_many_are_not_durable() -> None:
    store = DurableStore()
    runner, _ = await Stage(store).show(Counter)
    store.gate.clear()
    for ref in range(1, 41):
        runner.accept(click("add", ref))
    await runner.settle(32)
    for _ in range(100):
        await asyncio.sleep(0)
    assert runner.view.count == 32
    store.gate.set()
    await runner.settle(40)
    assert runner.view.count == 40


async def test_failed_events_are_durable_too() -> None:
    store = DurableStore()
    runner, outbox = await Stage(store).show(Counter, dev=False)
    await send(runner, "fail")
    await send(runner, "nope")
    await runner.durable()
    assert store.record().ref == 2
    assert outbox.acks[-1] == (2, 2)


async def test_a_write_that_our_own_claim_overtakes_is_no_fence() -> None:
    store = DurableStore()
    runner, outbox = await Stage(store).show(Counter)
    store.gate.clear()
    await send(runner, "add")
    await asyncio.sleep(0)  # the write is on its way, as the older owner
    claim = await store.claim("v1", runner.generation)
    assert claim is not None
    assert claim.record is None
    runner.generation = claim.generation
    store.gate.set()
    await runner.durable()
    assert not runner.gone
    assert store.record().ref == 1
    assert outbox.acks[-1] == (1, 1)
    await runner.close()


async def test_a_fenced_view_lets_go() -> None:
    store = DurableStore()
    stage = Stage(store)
    runner, outbox = await stage.show(Counter)
    await send(runner, "add")
    await runner.durable()
    await store.steal()
    await send(runner, "add")
    await runner.durable()
    assert outbox.closed is not None
    assert outbox.closed[0] == codes.CLOSE_MOVED
    assert store.record().ref == 1
    runner.accept(click("add", 3))
    await runner.settle()
    await runner.settle(3)
    assert runner.view.count == 2
    await runner.close()


async def test_system_changes_are_written_at_most_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    class Listener(LiveView):
        count: int = 0
        template = "{{ count }}"

        async def mount(self) -> None:
            self.subscribe("t", self.heard)

        async def heard(self, data: int) -> None:
            self.count += data

        @event
        async def add(self) -> None:
            self.count += 100

    store = DurableStore()
    stage = Stage(store)
    runner, outbox = await stage.show(Listener)
    for number in range(10):
        await stage.bus.publish("t", b"\x01", f"e{number}")
        await runner.settle()
    assert runner.view.count == 10
    assert len(outbox.patches) == 10
    assert store.writes == []
    await send(runner, "add")
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(store.writes) == 1
    assert store.writes[0].ref == 1
    await stage.bus.publish("t", b"\x01", "more")
    await runner.settle()
    assert len(store.writes) == 1
    monkeypatch.setattr(writer, "SYSTEM_WRITE_INTERVAL_S", 0.001)
    await runner.durable()
    assert len(store.writes) == 2
    assert store.writes[1].ref == 1, "what the notes say is read together with it"


async def test_what_could_not_be_rendered_is_not_called_done() -> None:
    runner, outbox = await Stage().show(Counter)
    outbox.is_ready = False
    await send(runner, "add")
    await send(runner, "add")
    assert outbox.patches == []
    assert outbox.acks[-1] == (0, 2)
    outbox.is_ready = True
    runner.flush()
    await runner.settle()
    assert outbox.patches == [([0, "2"], 2)]
    assert outbox.acks[-1] == (2, 2)


async def test_write_secret() -> None:
    store = DurableStore()
    runner, _ = await Stage(store).show(Counter)
    await runner.write_secret(b"hash")
    assert store.record().secret == b"hash"


async def test_write_secret_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livets.live.runner.STORE_WAIT_S", 0.001)
    store = DurableStore()
    runner, _ = await Stage(store).show(Counter)
    store.gate.clear()
    await runner.write_secret(b"hash")
    store.gate.set()
    await runner.durable()
    assert store.record().secret == b"hash"


async def test_keyed_lists_write_their_log_and_fold_it_when_it_is_long() -> None:
    class Rows(LiveView):
        rows: KeyedList[dict[str, int]] = KeyedList([{"id": n, "n": 0} for n in range(300)])
        template = "x"

        @event
        async def change(self, key: int, n: int) -> None:
            self.rows.update(key, n=n)

        @event
        async def replace(self) -> None:
            self.rows = KeyedList([{"id": 1, "n": 5}])

    store = DurableStore()
    stage = Stage(store)
    runner, _ = await stage.show(Rows)
    sizes = []
    for n in range(160):
        await send(runner, "change", 7, n)
        await runner.durable()
        change = store.writes[-1]
        sizes.append(sum(map(len, change.fields.values())) + sum(len(b) for log in change.logs.values() for b in log))
    assert sorted(sizes)[-2] < 20
    assert sum(size > 1000 for size in sizes) == 1
    assert len(store.record().logs["rows"]) == 160 - 151
    restored, _ = await stage.restore(Rows)
    assert restored.view.rows == runner.view.rows
    await send(restored, "replace")
    await restored.durable()
    assert "rows" not in store.record().logs
    again, _ = await stage.restore(Rows)
    assert list(again.view.rows) == [{"id": 1, "n": 5}]


async def test_close_and_evict_keep_the_snapshot_and_stop_everything() -> None:
    unmounted = []

    class Closes(Counter):
        async def unmount(self) -> None:
            unmounted.append(self.count)
            self.count = 1000
            raise ValueError

    for store in (None, DurableStore()):
        for ending in ("close", "evict"):
            stage = Stage(store)
            view_id = f"{ending}{store}"
            runner, _ = await stage.show(Closes, view_id)
            await send(runner, "add", 5)
            await getattr(runner, ending)()
            restored, _ = await stage.restore(Closes, view_id)
            assert restored.view.count == 5
            assert restored.last_ref == 1
            await runner.close()
    assert unmounted == [5, 5]


async def test_close_waits_for_the_handler_at_work_and_drops_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = asyncio.Event()

    class Slow(Counter):
        @event
        async def slow(self) -> None:
            self.count += 1
            await gate.wait()
            self.count += 1

    store = DurableStore()
    stage = Stage(store)
    runner, _ = await stage.show(Slow)
    for ref in (1, 2):
        runner.accept(click("slow", ref))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(runner.close())
    await asyncio.sleep(0)
    gate.set()
    await closing
    restored, _ = await stage.restore(Slow)
    assert (restored.view.count, restored.last_ref) == (2, 1)

    monkeypatch.setattr("livets.live.runner.CLOSE_GRACE_S", 0.001)
    gate.clear()
    restored.accept(click("slow", 2))
    await asyncio.sleep(0)
    await restored.close()
    again, _ = await stage.restore(Slow)
    assert (again.view.count, again.last_ref) == (2, 1)


async def test_attach_again_after_detach_sends_what_is_missing() -> None:
    runner, _ = await Stage().show(Counter)
    runner.detach()
    await send(runner, "add")
    again = FakeOutbox()
    runner.attach(again)
    await runner.settle()
    assert again.patches == [([0, "1"], 1)]


class Shouter(LiveView):
    count: int = 0
    template = "{{ count }}"

    @event
    async def shout(self, size: int) -> None:
        self.count += 1
        self.broadcast("all", "x" * size)


async def test_a_broadcast_that_no_bus_carries_fails_its_handler_and_not_later_ones() -> None:
    stage = Stage()
    heard: list[bytes] = []
    stage.bus.deliver = lambda _view, _name, message: heard.append(message.data)
    stage.bus.subscribe("all", "other", "hear")
    runner, outbox = await stage.show(Shouter, dev=False)
    await send(runner, "shout", 2**20 + 1)
    assert [code for code, *_ in outbox.errors] == [codes.HANDLER_FAILED]
    await send(runner, "shout", 1)
    await runner.durable()
    assert heard == [b"\xa1x"]
