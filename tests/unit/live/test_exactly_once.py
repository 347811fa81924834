"""Whatever crashes, is repeated or comes out of order: each event counts once, in order, and so does its broadcast."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livets import KeyedList, LiveView, event
from livets.errors import ProtocolError
from livets.live import ViewRunner, retry, runner
from livets.state import Change, Record
from tests.unit.live.fakes import DurableStore, FakeOutbox, Stage, click


class Ledger(LiveView):
    entries: list[int] = []
    rows: KeyedList[dict[str, int]] = KeyedList()
    template = "{{ entries }}"

    @event
    async def enter(self, number: int) -> None:
        self.entries.append(number)
        self.rows.prepend({"id": number})
        self.broadcast("ledger", number)
        await asyncio.sleep(0)
        if number % 5 == 0:
            raise ValueError("fives are taken back")
        if number % 3 == 0:
            self.rows.move(number, after=self.rows.keys()[-1])


class Witness(LiveView):
    heard: list[int] = []
    resyncs: int = 0
    template = "{{ heard }}"

    async def mount(self) -> None:
        self.subscribe("ledger", self.on_entry)

    def on_entry(self, number: int) -> None:
        self.heard.append(number)

    def resync(self) -> None:
        self.resyncs += 1


class UnreliableStore(DurableStore):
    """Refuses writes, or makes them and says that it did not."""

    def __init__(self) -> None:
        super().__init__()
        self.before = 0
        self.after = 0

    async def write(self, view_id: str, generation: int, change: Change) -> None:
        self._refuse()
        await super().write(view_id, generation, change)
        self._lie()

    async def recreate(self, view_id: str, generation: int, record: Record) -> None:
        self._refuse()
        await super().recreate(view_id, generation, record)
        self._lie()

    def _refuse(self) -> None:
        if self.before:
            self.before -= 1
            raise ConnectionError

    def _lie(self) -> None:
        if self.after:
            self.after -= 1
            raise ConnectionError


class Browser:
    """The outbox of a page: keeps events until they are durable and sends them again after a crash."""

    def __init__(self, stage: Any) -> None:
        self.stage = stage
        self.ref = 0
        self.kept: dict[int, Any] = {}
        self.runner: ViewRunner
        self.outbox: FakeOutbox

    async def start(self) -> None:
        self.runner, self.outbox = await self.stage.show(Ledger, "ledger", dev=False)

    def settle_acks(self) -> None:
        durable = max((durable for _, durable in self.outbox.acks), default=0)
        for ref in [ref for ref in self.kept if ref <= durable]:
            del self.kept[ref]

    def send(self, *, deliver: bool = True) -> None:
        if len(self.kept) < 32:
            self.ref += 1
            self.kept[self.ref] = click("enter", self.ref, self.ref)
            if deliver:
                self.deliver(self.ref)

    def deliver(self, ref: int) -> None:
        try:
            self.runner.accept(self.kept.get(ref) or click("enter", ref, ref))
        except ProtocolError:
            self.resend()  # the socket would be cut, the page resumes

    def resend(self) -> None:
        self.settle_acks()
        for ref in sorted(self.kept):
            self.runner.accept(self.kept[ref])

    async def crash(self) -> None:
        while not self.stage.store.holds("ledger"):  # what was lost with store and worker is lost
            self.stage.store.gate.set()
            await self.runner.renew()
        self.settle_acks()
        self.runner.lose()
        self.runner, self.outbox = await self.stage.restore(Ledger, "ledger", dev=False)
        self.resend()


actions = st.one_of(
    st.just(("send",)),
    st.just(("send",)),
    st.just(("hold back",)),
    st.tuples(st.just("repeat"), st.integers(1, 40)),
    st.tuples(st.just("turns"), st.integers(1, 12)),
    st.tuples(st.just("refuse"), st.integers(1, 3)),
    st.tuples(st.just("lie"), st.integers(1, 3)),
    st.just(("gate",)),
    st.just(("lose",)),
    st.just(("crash",)),
)


async def play(script: list[tuple[Any, ...]]) -> None:
    store = UnreliableStore()
    stage = Stage(store)
    witness, _ = await stage.show(Witness, "witness", dev=False)
    browser = Browser(stage)
    await browser.start()
    for action, *numbers in script:
        if action == "send":
            browser.send()
        elif action == "hold back":
            browser.send(deliver=False)
        elif action == "repeat" and numbers[0] <= browser.ref:
            browser.deliver(numbers[0])
        elif action == "turns":
            for _ in range(numbers[0]):
                await asyncio.sleep(0)
        elif action == "refuse":
            store.before = numbers[0]
        elif action == "lie":
            store.after = numbers[0]
        elif action == "gate":
            store.gate.clear() if store.gate.is_set() else store.gate.set()
        elif action == "lose":
            store.lose("ledger")
        elif action == "crash":
            await browser.crash()
        if not store.holds("ledger"):
            continue
        told = max((durable for _, durable in browser.outbox.acks), default=0)
        assert told <= store.record("ledger").ref, "called durable before it was"
    store.gate.set()
    browser.resend()
    await browser.runner.settle(browser.ref)
    for _ in range(3):
        await browser.runner.durable()
        await witness.settle()
        await witness.durable()
    expected = [number for number in range(1, browser.ref + 1) if number % 5]
    assert browser.runner.view.entries == expected
    assert sorted(witness.view.heard) == expected
    assert witness.view.resyncs == 0
    await browser.runner.renew()
    restored, _ = await stage.restore(Ledger, "ledger", dev=False)
    assert restored.view.entries == expected
    assert restored.view.rows == browser.runner.view.rows
    browser.settle_acks()
    assert browser.kept == {}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BASE_S", 0.0)
    monkeypatch.setattr(runner, "_LOOK_AGAIN_S", 0.0)


@settings(max_examples=70, deadline=None)
@given(st.lists(actions, max_size=60))
def test_each_event_counts_once(script: list[tuple[Any, ...]]) -> None:
    asyncio.run(play(script))
