"""Two views hear and do the same, one of them sleeps now and then: nobody can tell which one."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from livets import KeyedList, LiveView, event
from livets.live import Asleep, ViewRunner
from livets.mirror.liveroot import LiveRoot
from livets.mirror.nodes import parse, serialise
from livets.pubsub import Message
from livets.render import Templates
from livets.state.memory import MemoryStore
from tests.unit.live.fakes import DurableStore, FakeOutbox, Stage, click


class Desk(LiveView):
    count: int = 0
    words: list[str] = []
    notes: dict[str, list[int]] = {}
    rows: KeyedList[dict[str, int]] = KeyedList([{"id": 0, "n": 0}])
    draft: str = ""
    template = """<h1 title="{{ count }}">{{ count }}</h1><input ts-model="draft">
    <ul><li ts-for="row in rows" ts-key="row.id">{{ row.id }}<b ts-if="row.n % 2">{{ row.n }}</b></li></ul>
    <p ts-if="words" class="{{ words|length }}">{{ words|join(" ") }}</p><i ts-else>nothing</i>
    <div>{% for name, numbers in notes|dictsort %}<em>{{ name }} {{ numbers|sum }}</em>{% endfor %}</div>"""

    async def mount(self) -> None:
        self.subscribe("words", self.on_word)

    async def on_word(self, word: str) -> None:
        self.words.append(word)

    @event
    async def add(self, by: int) -> None:
        self.count += by
        self.rows.append({"id": self.rows.keys()[-1] + 1 if len(self.rows) else 0, "n": by})
        self.broadcast("added", self.count)

    @event
    async def change(self, at: int) -> None:
        if keys := self.rows.keys():
            key = keys[at % len(keys)]
            self.rows.update(key, n=self.count)
            self.rows.move(key)

    @event
    async def remove(self, at: int) -> None:
        if keys := self.rows.keys():
            self.rows.remove(keys[at % len(keys)])

    @event
    async def note(self, number: int) -> None:
        self.notes.setdefault(f"n{number % 3}", []).append(number)
        self.title = f"{number} notes"

    @event
    async def fail(self, number: int) -> None:
        self.count = number
        self.rows.clear()
        raise ValueError("taken back")

    @event
    async def forget(self, _number: int) -> None:
        self.words = []
        self.draft = ""
        self.unsubscribe("words")


class Twin:
    """One view and its browser."""

    def __init__(self, store: MemoryStore) -> None:
        self.stage = Stage(store)
        self.stage.templates = Templates()
        self.stage.bus.deliver = self.deliver
        self.outbox = FakeOutbox()
        self.runner: Any = None
        self.asleep: Asleep | None = None
        self.slept = 0
        self.ref = 0
        self.others: list[tuple[int, Any]] = []

    async def open(self) -> None:
        self.runner = self.stage.runner(Desk)
        html = await self.runner.mount()
        self.root = LiveRoot(self.runner.rendering.template.shape, html=html)
        self.runner.attach(self.outbox)

    def deliver(self, _view_id: str, name: str, message: Message) -> None:
        if self.asleep is None:
            self.runner.deliver(name, message)
        else:
            self.asleep.deliver(name, message)

    def awake(self) -> Any:
        if self.asleep is not None:
            self.runner, self.asleep = ViewRunner.woken(self.asleep, self.outbox), None
        return self.runner

    def sleep(self) -> None:
        if self.asleep is None:
            self.asleep = self.runner.sleep(60.0)
            self.slept += self.asleep is not None

    async def settle(self) -> None:
        await self.awake().settle()
        await self.runner.durable()
        for diff, _ in self.outbox.patches:
            self.others += self.root.apply(msgspec.msgpack.decode(diff) if isinstance(diff, bytes) else diff)
        self.outbox.patches.clear()

    def fresh(self) -> str:
        return serialise(parse(self.runner.rendering.template.start().html(self.runner._commits.display)))

    def facts(self) -> dict[str, Any]:
        view = self.runner.view
        return {
            "state": {name: getattr(view, name) for name in ("count", "words", "notes", "draft", "title")},
            "rows": list(view.rows),
            "page": self.root.html(),
            "others": [other for other in self.others if other[0] != -4],
            "marks": (self.runner.last_ref, self.runner.durable_ref, self.outbox.acks[-1:]),
            "errors": [(code, ref) for code, _, ref in self.outbox.errors],
            "topics": sorted(view._live.system.notes.subscriptions),
        }


CLICKS = st.sampled_from(["add", "change", "remove", "note", "fail", "forget", ""])
STEPS = st.lists(
    st.one_of(
        st.tuples(CLICKS, st.integers(0, 5), st.text("ab", max_size=2)),
        st.tuples(st.just("word"), st.integers(0, 5), st.text("xy", max_size=2)),
        st.just(("sleep", 0, "")),
        st.just(("look", 0, "")),
    ),
    max_size=25,
)


async def both(steps: list[tuple[str, int, str]], store: type[MemoryStore]) -> None:
    sleeper, wakeful = Twin(store()), Twin(store())
    for twin in (sleeper, wakeful):
        await twin.open()
    for number, (what, value, text) in enumerate([*steps, ("look", 0, "")]):
        if what == "sleep":
            sleeper.sleep()
            continue
        for twin in (sleeper, wakeful):
            if what == "word":
                await twin.stage.bus.publish("words", msgspec.msgpack.encode(text), str(number))
            elif what != "look":
                twin.ref += 1
                typed = {"draft": text} if value % 2 else {}
                twin.awake().accept(click(what, twin.ref, *([value] if what else []), fields=typed))
        if what == "word" and sleeper.asleep is not None and value % 2:
            continue  # several messages are heard asleep
        for twin in (sleeper, wakeful):
            await twin.settle()
        assert sleeper.facts() == wakeful.facts()
        assert sleeper.root.html() == sleeper.fresh()


@settings(max_examples=20, deadline=None)
@given(STEPS)
async def test_nobody_can_tell_who_has_slept(steps: list[tuple[str, int, str]]) -> None:
    await both(steps, MemoryStore)


@settings(max_examples=12, deadline=None)
@given(STEPS)
async def test_nobody_can_tell_with_a_store_that_workers_share(steps: list[tuple[str, int, str]]) -> None:
    await both(steps, DurableStore)


async def test_the_model_does_sleep() -> None:
    sleeper = Twin(MemoryStore())
    await sleeper.open()
    await sleeper.settle()
    for _ in range(3):
        sleeper.sleep()
        await sleeper.settle()
    assert sleeper.slept == 3
