"""Random interleavings of events with every policy, slow stores and crashes, against what D5-D8 promise."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from livets import LiveView, event
from livets.live import ViewRunner
from livets.live.system import Notes
from livets.live.watermark import Watermark
from tests.unit.live.fakes import DurableStore, FakeOutbox, Stage, click

KINDS = ("queued", "dropping", "latest", "beside")


class Entries(LiveView):
    entries: list[int] = []
    typed: int = 0
    template = '{{ entries|join(" ") }}<input ts-model="typed">'

    @event
    async def queued(self, ref: int, steps: int) -> None:
        await turns(steps)
        self.entries.append(ref)

    @event(policy="drop")
    async def dropping(self, ref: int, steps: int) -> None:
        self.entries.append(ref)
        await turns(steps)

    @event(policy="latest")
    async def latest(self, ref: int, steps: int) -> None:
        self.entries.append(ref)
        await turns(steps)

    @event(policy="parallel")
    async def beside(self, ref: int, steps: int) -> None:
        await turns(steps)
        async with self.commit():
            self.entries.append(ref)
            await turns(steps % 3)


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class Page:
    """A browser page: what it has been told, and its outbox."""

    def __init__(self, stage: Stage, store: DurableStore) -> None:
        self.stage = stage
        self.store = store
        self.ref = 0
        self.kinds: dict[int, str] = {}
        self.kept: dict[int, Any] = {}
        self.done = 0
        self.runner: ViewRunner
        self.outbox: FakeOutbox

    def listen(self) -> None:
        told = [(done, durable) for done, durable in self.outbox.acks] + [(done, 0) for _, done in self.outbox.patches]
        self.done = max([self.done, *(done for done, _ in told)])
        durable = max([0, *(durable for _, durable in told)])
        record = self.store.record()
        notes = msgspec.msgpack.decode(record.system, type=Notes)
        stored = Watermark()
        stored.start(record.ref, notes.ended | notes.interrupted)
        assert durable <= stored.at, "called durable before it was"
        for ref in [ref for ref in self.kept if ref <= durable]:
            del self.kept[ref]

    def send(self, kind: str, steps: int) -> None:
        self.listen()
        if len(self.kept) < 32:
            self.ref += 1
            self.kinds[self.ref] = kind
            self.kept[self.ref] = click(kind, self.ref, self.ref, steps, fields={"typed": self.ref})
            self.runner.accept(self.kept[self.ref])

    @property
    def shown(self) -> set[int]:
        """What the page shows of events that it was told to be done; parallel ones excepted."""
        words = self.outbox.shown.partition("<")[0].split()
        return {ref for ref in map(int, words) if ref <= self.done and self.kinds[ref] != "beside"}

    async def crash(self) -> None:
        self.listen()
        shown = self.shown
        self.runner.lose()
        self.runner, self.outbox = await self.stage.restore(Entries, dev=False)
        self.runner.will_replay(self.done)
        for ref in sorted(self.kept):
            self.runner.accept(self.kept[ref])
        self.store.gate.set()
        await self.runner.settle(self.done)
        again = {ref for ref in self.runner.view.entries if ref <= self.done and self.kinds[ref] != "beside"}
        if shown:  # the outbox of a restored page begins empty
            assert shown == again, "what was shown was taken back, or what was skipped has run"
        fingerprint = self.runner.rendering.template.fingerprint
        self.outbox.patches.append((self.runner.fill(fingerprint), self.done))  # as a join does


actions = st.one_of(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 6)),
    st.tuples(st.sampled_from(KINDS), st.integers(0, 6)),
    st.tuples(st.just("turns"), st.integers(1, 9)),
    st.tuples(st.just("gate"), st.just(0)),
    st.tuples(st.just("cancel"), st.sampled_from(("dropping", "beside"))),
    st.tuples(st.just("crash"), st.just(0)),
)


async def play(script: list[tuple[str, Any]]) -> None:
    store = DurableStore()
    page = Page(Stage(store), store)
    page.runner, page.outbox = await page.stage.show(Entries, dev=False)
    cancelled = set()
    for action, number in script:
        if action in KINDS:
            page.send(action, number)
        elif action == "turns":
            await turns(number)
        elif action == "gate":
            store.gate.clear() if store.gate.is_set() else store.gate.set()
        elif action == "cancel":
            cancelled |= {ref for ref, kind in page.kinds.items() if kind == number}
            page.runner._units.cancel(number)
        elif action == "crash":
            await page.crash()
        page.listen()
    store.gate.set()
    async with asyncio.timeout(5):
        while page.runner.durable_ref < page.ref:
            await asyncio.sleep(0)
    entries = page.runner.view.entries
    assert len(set(entries)) == len(entries), "an event counted twice"
    by_kind = {kind: [ref for ref in entries if page.kinds[ref] == kind] for kind in KINDS}
    sent = {kind: [ref for ref in page.kinds if page.kinds[ref] == kind] for kind in KINDS}
    assert by_kind["queued"] == sent["queued"]
    assert by_kind["latest"] == sorted(by_kind["latest"])
    assert by_kind["latest"][-1:] == sent["latest"][-1:], "the newest one of all is never cancelled"
    assert by_kind["dropping"] == sorted(by_kind["dropping"])
    assert by_kind["dropping"] or not set(sent["dropping"]) - cancelled or cancelled
    assert set(sent["beside"]) - set(by_kind["beside"]) <= cancelled
    assert page.runner.view.typed == page.ref, "what is typed counts, whatever becomes of the event"
    await page.runner.durable()
    assert not page.runner.view._live.system.notes.ended
    assert not page.runner.view._live.system.notes.interrupted
    assert not page.outbox.errors or {code for code, _, _ in page.outbox.errors} == {"interrupted"}
    restored, _ = await page.stage.restore(Entries, dev=False)
    assert (restored.view.entries, restored.last_ref) == (entries, page.ref)


@settings(max_examples=70, deadline=None)
@given(st.lists(actions, max_size=40))
def test_every_event_counts_as_its_policy_says(script: list[tuple[str, Any]]) -> None:
    asyncio.run(play(script))


async def test_a_dropped_event_is_told_to_be_done_only_when_a_crash_can_not_run_it() -> None:
    store = DurableStore()
    page = Page(Stage(store), store)
    page.runner, page.outbox = await page.stage.show(Entries, dev=False)
    store.gate.clear()
    page.send("dropping", 5)
    await turns(1)
    page.send("dropping", 0)
    await page.runner.settle()  # all that was queued
    page.listen()
    assert (page.runner.view.entries, page.done) == ([1], 1)
    store.gate.set()
    await page.runner.durable()
    page.listen()
    assert page.done == 2
