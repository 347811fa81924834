"""Views for the attacks: the neighbour that lives on, one that says what its URL holds, one for those signed in."""

from __future__ import annotations

from livets import LiveView, NotFound, event

REACHED: list[str] = []
"""Who has seen the inside of Guarded."""


class Counter(LiveView):
    """Counts."""

    count: int = 0
    text: str = ""
    template = '<b>{{ count }}</b><i>{{ text }}</i><input ts-model="text"><button ts-on:click="add">+</button>'

    @event
    async def add(self, by: int = 1) -> None:
        self.count += by


class Echo(LiveView):
    """Shows what its URL holds, and has nothing at paths that begin with "no"."""

    text: str = ""
    template = "<p>{{ text }}</p>"

    def mount(self, path: str = "") -> None:
        self.text = self.request.query_params.get("text", path)
        if path.startswith("no"):
            raise NotFound(f"there is no {path}{self.text}")


class Guarded(LiveView):
    """Only for who is signed in."""

    shown: str = ""
    template = "<p>{{ shown }}</p>"

    def mount(self) -> None:
        if not self.session.user:
            self.redirect("/login")
            return
        REACHED.append(self.session.user)
        self.shown = "what only she may see"
