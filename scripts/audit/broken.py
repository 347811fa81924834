"""A program with mistakes, for the pages that tell of them: `/` fails at a click, `/mount` before there is a page."""

from __future__ import annotations

from livets import LiveTS, LiveView, event


class Fragile(LiveView):
    """Works until it is asked to."""

    pressed: int = 0

    template = """<main><h1>Fragile</h1>
    <p>Pressed {{ pressed }} times.</p>
    <button type="button" ts-on:click="press">Press</button>
    <button type="button" ts-on:click="explode">Explode</button></main>"""

    @event
    async def press(self) -> None:
        self.pressed += 1

    @event
    async def explode(self) -> None:
        self.pressed += 1
        raise RuntimeError(f"boom at {self.pressed}")


class Stillborn(LiveView):
    """Fails before there is a page."""

    template = "<main><h1>Never seen</h1></main>"

    def mount(self) -> None:
        raise RuntimeError("no page")


app = LiveTS(title="Mistakes")
app.live("/", Fragile)
app.live("/mount", Stillborn)
