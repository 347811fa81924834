"""A view with a handler of every policy."""

from __future__ import annotations

import asyncio
from typing import Any

from livets import KeyedList, LiveView, event, field


class Desk(LiveView):
    log: list[str] = []
    count: int = 0
    query: str = ""
    rows: KeyedList[dict[str, int]] = KeyedList([{"id": 1}])
    gates: dict[str, asyncio.Event] = field(default_factory=dict, persist=False)
    template = '{{ log|join(" ") }}|{{ count }}|<input ts-model="query">{{ 1 // 0 if count == 99 }}'

    def gate(self, name: str) -> asyncio.Event:
        return self.gates.setdefault(name, asyncio.Event())

    @event
    async def queued(self, name: str) -> None:
        self.log.append(name)

    @event(policy="drop")
    async def dropping(self, name: str) -> None:
        await self.gate(name).wait()
        self.log.append(name)

    @event(policy="drop")
    def dropping_in_thread(self) -> None:
        self.count += 1

    @event(policy="latest")
    async def latest(self, name: str, *, points: bool = False) -> None:
        self.log.append(f"{name}?")
        if points:
            await self.update()
        await self.gate(name).wait()
        self.log.append(name)

    @event(policy="latest")
    async def stubborn(self) -> None:
        self.count += 1
        try:
            await self.gate("never").wait()
        except asyncio.CancelledError:
            self.count += 1

    @event(policy="parallel")
    async def beside(self, name: str, fail: str = "") -> None:
        assert self.event.name == "beside"
        async with self.commit():
            self.log.append(f"{name}:{self.event.id}")
        await self.gate(name).wait()
        if fail == "outside":
            raise ValueError(name)
        async with self.commit():
            self.log.append(name)
            self.broadcast("desk", name)
            if fail == "inside":
                raise ValueError(name)
            if fail == "render":
                self.count = 99

    @event(policy="parallel")
    async def only_waits(self, name: str) -> None:
        await self.gate(name).wait()
        async with self.commit():
            self.log.append(f"{name} {self.query}")

    @event(policy="parallel")
    async def careless(self, how: str) -> None:
        if how == "assign":
            self.count = 7
        elif how == "append":
            self.log.append("x")
        elif how == "twice":
            assert self.log is self.log
            self.log.append("x")
            self.log.append("y")
        elif how == "keyed":
            self.rows.append({"id": 2})
        elif how == "broadcast":
            self.broadcast("desk", 1)
        elif how == "timer":
            self.after(1, self.unmount)
        elif how == "input":
            self.set_input("query", "x")

    @event(policy="parallel")
    async def stop(self, name: str) -> None:
        self.cancel(name)

    @event
    def stop_from_thread(self, name: str) -> None:
        self.cancel(name)


async def turns(count: int = 8) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def codes_of(outbox: Any) -> list[tuple[str, int]]:
    return [(code, ref) for code, _, ref in outbox.errors]
