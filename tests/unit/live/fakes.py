"""What surrounds a view in these tests: a store that can fail, hold or crash, an outbox that remembers, a stage."""

from __future__ import annotations

import asyncio
from typing import Any

from livets.errors import Fenced
from livets.live import LiveView, ViewRunner
from livets.pubsub import Message
from livets.pubsub.memory import MemoryBus
from livets.state import Change, Record
from livets.state.memory import MemoryStore
from livets.wire import Event
from tests.unit.live.stand_in import StandInTemplates


class DurableStore(MemoryStore):
    """The memory store, with the manners of Redis: durable, slow when held, failing when told to."""

    durable = True

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[Change] = []
        self.failures: list[Exception] = []
        """Raised by the next writes, one each, before anything is written."""
        self.gate = asyncio.Event()
        self.gate.set()

    async def write(self, view_id: str, generation: int, change: Change) -> None:
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        await super().write(view_id, generation, change)
        self.writes.append(change)

    def record(self, view_id: str = "v1") -> Record:
        return self._kept[view_id]

    def lose(self, view_id: str = "v1") -> None:
        """As a Redis that restarted empty."""
        if view_id in self._kept:
            self._drop(view_id)

    def holds(self, view_id: str = "v1") -> bool:
        return view_id in self._kept

    async def steal(self, view_id: str = "v1") -> None:
        assert await self.claim(view_id, None) is not None


class FakeOutbox:
    """Remembers what a view sends."""

    def __init__(self) -> None:
        self.is_ready = True
        self.patches: list[tuple[Any, int]] = []
        self.acks: list[tuple[int, int]] = []
        self.errors: list[tuple[str, str, int]] = []
        self.extra: dict[str, Any] | None = None
        self.closed: tuple[int, str] | None = None

    def ready(self) -> bool:
        return self.is_ready

    def patch(self, diff: list[Any] | bytes, done: int, durable: int = 0) -> None:
        self.acks.append((done, durable))
        self.patches.append((diff, done))

    def ack(self, done: int, durable: int) -> None:
        self.acks.append((done, durable))

    def error(self, code: str, message: str, ref: int, extra: dict[str, Any] | None = None) -> None:
        self.errors.append((code, message, ref))
        self.extra = extra

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    @property
    def shown(self) -> str:
        """What the last patch of the stand-in renderer put on the page."""
        for diff, _ in reversed(self.patches):
            for address, change in zip(diff[::2], diff[1::2], strict=True):
                if address == 0:
                    return str(change)
                if address == -10:
                    return str(change[0])
        return ""


class Stage:
    """Store, bus and templates of one server, and the views on it."""

    def __init__(self, store: MemoryStore | None = None, bus: MemoryBus | None = None) -> None:
        self.store = store if store is not None else MemoryStore()
        self.runners: dict[str, ViewRunner] = {}
        self.bus = bus if bus is not None else MemoryBus()
        self.bus.deliver = self.deliver
        self.templates: Any = StandInTemplates()
        self.sent: list[tuple[str, bytes, str]] = []

    def deliver(self, view_id: str, name: str, message: Message) -> None:
        if view_id in self.runners:
            self.runners[view_id].deliver(name, message)

    def runner(self, view_class: type[LiveView], view_id: str = "v1", **options: Any) -> ViewRunner:
        runner = ViewRunner(
            view_class,
            view_id=view_id,
            templates=self.templates,
            store=self.store,
            bus=self.bus,
            **{"dev": True, **options},
        )
        self.runners[view_id] = runner
        return runner

    async def show(
        self, view_class: type[LiveView], view_id: str = "v1", **options: Any
    ) -> tuple[ViewRunner, FakeOutbox]:
        """A mounted and joined view."""
        runner = self.runner(view_class, view_id, **options)
        await runner.mount()
        outbox = FakeOutbox()
        runner.attach(outbox)
        return runner, outbox

    async def restore(
        self, view_class: type[LiveView], view_id: str = "v1", **options: Any
    ) -> tuple[ViewRunner, FakeOutbox]:
        """The view as another worker brings it back."""
        claim = await self.store.claim(view_id, None)
        assert claim is not None
        runner = await ViewRunner.restore(
            view_class,
            claim=claim,
            view_id=view_id,
            templates=self.templates,
            store=self.store,
            bus=self.bus,
            **{"dev": True, **options},
        )
        self.runners[view_id] = runner
        outbox = FakeOutbox()
        runner.attach(outbox)
        return runner, outbox


def click(handler: str, ref: int, *args: Any, fields: dict[str, Any] | None = None, **payload: Any) -> Event:
    """One event as the browser sends it."""
    return Event(ref=ref, view=0, handler=handler, args=list(args), payload=payload, fields=fields or {})


async def send(runner: ViewRunner, handler: str, *args: Any, **options: Any) -> int:
    """Send the next event and wait until it has been handled; returns its ref."""
    ref = runner.last_ref + 1
    runner.accept(click(handler, ref, *args, **options))
    await runner.settle(ref)
    return ref


__all__ = ["DurableStore", "FakeOutbox", "Fenced", "Stage", "click", "send"]
