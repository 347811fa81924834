"""Views that the transport's tests serve."""

from __future__ import annotations

import asyncio

from livets import LiveView, event

MOUNTS: list[str] = []


class Counter(LiveView):
    """Counts, fails, is slow, grows."""

    count: int = 0
    text: str = ""
    template = '<h1>{{ count }}</h1><p>{{ text }}</p><input ts-model="text"><button ts-on:click="add">+</button>'

    def mount(self) -> None:
        MOUNTS.append("counter")

    @event
    async def add(self, by: int = 1) -> None:
        self.count += by

    @event
    async def nothing(self) -> None:
        pass

    @event
    async def fail(self) -> None:
        self.count += 1000
        raise RuntimeError("on purpose")

    @event
    async def grow(self, size: int) -> None:
        self.text = f"{self.count}" * size
        self.count += 1

    @event
    async def slow(self) -> None:
        await asyncio.sleep(0.3)
        self.count += 100


class Item(LiveView):
    """Takes a typed path parameter and a query."""

    number: int = 0
    kind: str = ""
    template = "<b>{{ number }}</b><i>{{ kind }}</i>"

    def mount(self, id: int) -> None:
        MOUNTS.append(f"item {id!r}")
        self.number = id
        self.kind = self.request.query_params.get("kind", "none")


class Broken(LiveView):
    """Can't be mounted."""

    template = "<p></p>"

    def mount(self) -> None:
        raise RuntimeError("<script>secret reason</script>")
