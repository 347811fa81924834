"""One view with every kind of form control, each bound to a field that the page shows beside it."""

from __future__ import annotations

from livets import LiveTS, LiveView, event


class Controls(LiveView):
    text: str = "a"
    area: str = "x\ny"
    number: int = 3
    level: int = 50
    flag: bool = True
    colour: str = "#ff0000"
    day: str = "2026-01-02"
    price: float | None = None
    one: str = "b"
    many: list[str] = ["a", "c"]
    radio: int = 2
    boxes: list[str] = ["x"]
    sent: str = ""
    letters = ("a", "b", "c")

    template = """<main>
    <input id="text" ts-model="text"> <output>{{ text }}</output>
    <textarea id="area" ts-model="area"></textarea> <output>{{ area }}</output>
    <input id="number" type="number" ts-model="number"> <output>{{ number }}</output>
    <input id="level" type="range" ts-model="level"> <output>{{ level }}</output>
    <input id="flag" type="checkbox" ts-model="flag"> <output>{{ flag }}</output>
    <input id="colour" type="color" ts-model="colour"> <output>{{ colour }}</output>
    <input id="day" type="date" ts-model="day"> <output>{{ day }}</output>
    <input id="price" type="number" step="0.1" ts-model="price"> <output>{{ price }}</output>
    <select id="one" ts-model="one"><option ts-for="each in letters" value="{{ each }}">{{ each }}!</option></select>
    <output>{{ one }}</output>
    <select id="many" multiple ts-model="many"><option ts-for="each in letters">{{ each }}</option></select>
    <output>{{ many|join }}</output>
    <p><input ts-for="each in [1, 2]" type="radio" name="r" id="r{{ each }}" value="{{ each }}" ts-model="radio"></p>
    <output>{{ radio }}</output>
    <p><input type="checkbox" id="x" value="x" ts-model="boxes">
      <input type="checkbox" id="y" value="y" ts-model="boxes"></p>
    <output>{{ boxes|join }}</output>
    <button id="reset" ts-on:click="reset">Reset</button>
    <form ts-on:submit="save"><input name="name" value="Ann"><input type="checkbox" name="agree">
      <select name="kind"><option>k1</option><option>k2</option></select>
      <button name="how" value="fast">Go</button><button id="slowly" name="how" value="slow">Go slowly</button></form>
    <p id="sent">{{ sent }}</p>
    </main>"""

    @event
    async def reset(self) -> None:
        self.set_state(
            text="", area="", number=0, level=10, flag=False, colour="#00ff00", day="2030-12-31", price=2.5,
            one="c", many=[], radio=1, boxes=["y"],
        )  # fmt: skip

    @event
    async def save(self, name: str, kind: str, how: str, agree: bool = False) -> None:
        self.sent = f"{name} {kind} {how} {agree}"


app = LiveTS(secret_key="a secret of at least 32 characters", csp="strict", dev=False)
app.live("/", Controls)
