"""Views that the tests of the testing kit look at."""

from __future__ import annotations

import asyncio

import msgspec

from livets import KeyedList, LiveView, event


class Counter(LiveView):
    count: int = 0
    title = "Counter"
    template = """
    <h1>{{ count }}</h1>
    <button ts-on:click="add">+1</button>
    <button ts-on:click="add(10)">+10</button>
    <button ts-on:click="add" disabled>never</button>
    <div hidden><button ts-on:click="add">secret</button></div>"""

    def mount(self, start: int = 0) -> None:
        self.count = start

    @event
    async def add(self, by: int = 1) -> None:
        self.count += by
        self.title = f"Counter {self.count}"


class Row(msgspec.Struct, frozen=True):
    id: int
    name: str


class Rows(LiveView):
    rows: KeyedList[Row] = KeyedList()
    chosen: str = ""
    template = """
    <form ts-on:submit="add"><label>Name <input name="name" required></label><button>Add</button></form>
    <ul>{% for row in rows %}
      <li ts-key="{{ row.id }}" ts-on:click="choose('{{ row.name }}')"><b>{{ row.name }}</b>
        <button ts-on:click.stop="remove({{ row.id }})" aria-label="Remove {{ row.name }}">x</button></li>
    {% endfor %}</ul>
    {% if chosen %}<p id="chosen">{{ chosen }}</p>{% else %}<p id="none">Nothing chosen</p>{% endif %}"""

    @event
    async def add(self, name: str) -> None:
        self.rows.append(Row(len(self.rows) + 1, name))

    @event
    async def choose(self, name: str) -> None:
        self.chosen = name

    @event
    async def remove(self, id: int) -> None:
        self.rows.remove(id)


class Controls(LiveView):
    text: str = ""
    lazy: str = ""
    agreed: bool = False
    colour: str = "red"
    colours: list[str] = []
    size: str = ""
    heard: list[str] = []
    template = """
    <label>Text <input ts-model="text"></label> <output id="text">{{ text }}</output>
    <label>Lazy <input ts-model.lazy="lazy"></label> <output id="lazy">{{ lazy }}</output>
    <label><input type="checkbox" ts-model="agreed"> I agree</label> <output id="agreed">{{ agreed }}</output>
    <select ts-model="colour" aria-label="Colour">
      <option value="red">Red</option><option value="green">Green</option><option disabled>Blue</option>
    </select> <output id="colour">{{ colour }}</output>
    <select ts-model="colours" multiple aria-label="Colours">
      <option>a</option><option>b</option><option>c</option></select>
    <output id="colours">{{ colours|join(",") }}</output>
    <label><input type="radio" name="size" value="S" ts-model="size"> Small</label>
    <label><input type="radio" name="size" value="L" ts-model="size"> Large</label>
    <output id="size">{{ size }}</output>
    <input aria-label="Keys" ts-on:keydown.enter="hear('enter')" ts-on:keydown.ctrl.k="hear('ctrl k')">
    <input aria-label="Slow" ts-on:input.debounce.300ms="hear">
    <output id="heard">{{ heard|join(",") }}</output>"""

    @event
    async def hear(self, value: str) -> None:
        self.heard = [*self.heard, value]


class Room(LiveView):
    lines: list[str] = []
    room: str = ""
    template = """<h1>{{ room }}</h1>{% for line in lines %}<p>{{ line }}</p>{% endfor %}
    <form ts-on:submit="say"><input name="line" aria-label="Say"></form>"""

    def mount(self, room: str) -> None:
        self.room = room
        self.subscribe(f"room:{room}", self.heard)

    @event
    async def say(self, line: str) -> None:
        self.broadcast(f"room:{self.room}", line)

    async def heard(self, line: str) -> None:
        self.lines.append(line)


class Trouble(LiveView):
    count: int = 0
    kept: list[str] = []
    release = asyncio.Event()
    template = """<p>{{ count }}</p><i>{{ kept|join(",") }}</i>
    <button ts-on:click="fail">fail</button> <button ts-on:click="nothing">nothing</button>
    <button ts-on:click="behind">behind</button> <button ts-on:click="slow">slow</button>
    <button ts-on:click="typed('x')">typed</button>"""

    def mount(self) -> None:
        self._retained = self.kept

    @event
    async def fail(self) -> None:
        self.count = 99
        raise ZeroDivisionError("on purpose")

    @event
    async def behind(self) -> None:
        self._retained.append("unseen")

    @event
    async def slow(self) -> None:
        self.count = 1
        await self.update()
        await type(self).release.wait()
        self.count = 2

    @event
    async def typed(self, number: int) -> None:
        self.count = number


class Drawn(LiveView):
    count: int = 0

    def render(self) -> str:
        rows = "".join(f'<li id="r{n}">{n} of <b>{self.count}</b></li>' for n in range(self.count))
        buttons = "".join(f'<button ts-on:click="show({n})" aria-label="show {n}">{n}</button>' for n in (3, 7, 30))
        return f"<p>{self.count}</p><ul>{rows}</ul>{buttons}"

    @event
    async def show(self, count: int) -> None:
        self.count = count


class Pager(LiveView):
    number: int = 1
    template = """<h1>{{ number }}</h1> <a href="?number=2" ts-link>two</a>
    <a href="?number=4">four</a> <button ts-on:click="turn">next</button> <button ts-on:click="away">away</button>"""

    async def handle_params(self, number: int = 1) -> None:
        self.number = number

    @event
    async def turn(self) -> None:
        self.patch(f"?number={self.number + 1}")

    @event
    async def away(self) -> None:
        self.redirect("/?number=9")


class Account(LiveView):
    template = "<p>{{ session.user or 'nobody' }} {{ session.theme or '' }}</p>"
