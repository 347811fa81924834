"""A view that can be put to sleep and woken, with the page that a browser would have."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from livets import KeyedList, LiveView, event
from livets.live import Asleep, ViewRunner
from livets.mirror.liveroot import LiveRoot
from livets.mirror.nodes import parse, serialise
from livets.render import Templates
from livets.state.memory import MemoryStore
from tests.unit.live.fakes import FakeOutbox, Stage, send

HELD = "somebody else holds the view's object"


class Board(LiveView):
    count: int = 0
    words: list[str] = []
    rows: KeyedList[dict[str, int]] = KeyedList()
    template = """<h1>{{ count }}</h1><ul><li ts-for="row in rows" ts-key="row.id">{{ row.id }}</li></ul>
    <p ts-if="words">{{ words|join(" ") }}</p>"""

    def mount(self) -> None:
        self.subscribe("words", self.on_word)

    def on_word(self, word: str) -> None:
        self.words.append(word)

    @event
    async def add(self, by: int = 1) -> None:
        self.count += by
        self.rows.append({"id": self.count})
        self.broadcast("added", self.count)

    @event
    async def slow(self) -> None:
        await asyncio.sleep(3600)

    @event(policy="parallel")
    async def beside(self) -> None:
        await asyncio.sleep(3600)


class Page:
    """A joined view with the real renderer, and a browser's model of what it shows."""

    def __init__(self, view_class: type[LiveView], store: MemoryStore | None = None, *, dev: bool = True) -> None:
        self.view_class = view_class
        self.stage = Stage(store)
        self.stage.templates = Templates()
        self.outbox = FakeOutbox()
        self.asleep: Asleep | None = None
        self.runner: Any = self.stage.runner(view_class, dev=dev)
        self.resumed = 0

    async def open(self) -> Page:
        html = await self.runner.mount()
        self.root = LiveRoot(self.runner.rendering.template.shape, html=html)
        self.runner.attach(self.outbox)
        await self.runner.settle()
        await self.runner.durable()
        return self

    async def reason(self) -> str:
        """What keeps the view awake, once the thread of a plain hook has let go of it."""
        for _ in range(200):
            if (reason := self.runner.kept_awake_by(60.0)) != HELD:
                break
            await asyncio.sleep(0.001)
        return str(reason)

    async def sleep(self) -> bool:
        self.asleep = None if await self.reason() else self.runner.sleep(60.0)
        if self.asleep is not None:
            self.runner = None
        return self.asleep is not None

    def wake(self) -> Any:
        if self.asleep is not None:
            self.runner, self.asleep = ViewRunner.woken(self.asleep, self.outbox), None
            self.stage.runners["v1"] = self.runner
        return self.runner

    async def click(self, handler: str, *args: Any) -> None:
        self.wake()
        await send(self.runner, handler, *args)
        await self.runner.durable()

    def shown(self) -> str:
        """The page as the patches have made it."""
        for diff, _ in self.outbox.patches:
            self.root.apply(msgspec.msgpack.decode(diff) if isinstance(diff, bytes) else diff)
        self.outbox.patches.clear()
        return self.root.html()

    def fresh(self) -> str:
        """The page as a fresh render has it."""
        rendering = self.runner.rendering.template.start()
        return serialise(parse(rendering.html(self.runner._commits.display)))


async def opened(view_class: type[LiveView], store: MemoryStore | None = None, **options: Any) -> Page:
    return await Page(view_class, store, **options).open()
