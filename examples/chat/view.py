"""Chat: one view a window. All that the windows of a room know of each other, they hear through the room's topic."""

from __future__ import annotations

import secrets
import time
from typing import Literal

import msgspec

from examples.chat import store
from examples.chat.store import Message
from livets import KeyedList, LiveView, event

ROOMS = ("lobby", "python", "tea")
Room = Literal["lobby", "python", "tea"]

SHOWN = 200  # messages that a window holds
MAX_NAME, MAX_TEXT = 24, 500
HERE_S = 10.0  # a window says this often that somebody is here …
GONE_S = 25.0  # … and who has not been heard of for so long has left
TYPING_S = 3.0


class News(msgspec.Struct):
    """What windows tell each other."""

    kind: Literal["hello", "here", "typing", "said", "left"]
    who: str
    name: str
    message: Message | None = None


class Person(msgspec.Struct, frozen=True):
    """Somebody in the room."""

    name: str
    heard: float
    typed: float = 0.0


class Chat(LiveView):
    """A room: what was said, who is here, who is typing."""

    template_name = "chat.html"
    rooms = ROOMS  # no annotation: a constant, not state

    room: str = "lobby"
    me: str = ""
    name: str = ""
    draft: str = ""
    messages: KeyedList[Message] = KeyedList()
    people: dict[str, Person] = {}

    def mount(self, room: Room) -> None:
        """`room` comes from the path and must be one of the Literal: every other address is 404."""
        self.room = room
        self.title = f"{room} · livets chat"
        self.me = secrets.token_hex(4)
        self.messages.extend(store.latest(room, SHOWN))
        self.subscribe(self.topic, self.heard)
        self.every(HERE_S, self.stay)

    async def handle_params(self, name: str = "") -> None:
        """The name stands in the address (?name=Ann): it survives a reload and goes along into other rooms."""
        self.name = name.strip()[:MAX_NAME]
        if self.name:
            self.after(0, self.arrive)  # timers run once the page is connected: crawlers are nobody

    def resync(self) -> None:
        """Messages were missed: load them."""
        for message in store.latest(self.room, SHOWN):
            self._show(message)

    @property
    def topic(self) -> str:
        return f"chat:{self.room}"

    @property
    def names(self) -> list[str]:
        """Who is here, by name; somebody with two windows is one person."""
        return sorted({person.name for person in self.people.values()}, key=str.casefold)

    @property
    def typists(self) -> list[str]:
        """Who of the others is typing."""
        since = time.time() - TYPING_S
        return [person.name for who, person in self.people.items() if who != self.me and person.typed > since]

    @event
    async def enter(self, name: str) -> None:
        """Somebody has said what to call him."""
        if name.strip():
            self.patch(self.url_for(Chat, room=self.room, name=name.strip()[:MAX_NAME]))

    @event
    def say(self) -> None:
        text = self.draft.strip()[:MAX_TEXT]
        self.draft = ""
        if text and self.name:
            message = Message(self.event.id, self.name, text, time.time())
            store.add(self.room, message)
            self._show(message)
            self._tell("said", message)

    @event
    async def is_typing(self) -> None:
        if self.name:
            self._tell("typing")

    @event
    async def leave(self) -> None:
        self._tell("left")
        self.redirect("/")

    # What comes through the topic, and by the clock

    async def heard(self, news: News) -> None:
        """A window of this room, perhaps this one, has something to say."""
        if news.kind == "left":
            self.people.pop(news.who, None)
            return
        now = time.time()
        typed = now if news.kind == "typing" else 0.0
        if news.kind == "here" and news.who in self.people:
            typed = self.people[news.who].typed
        self.people[news.who] = Person(news.name, now, typed)
        if news.kind == "typing":
            self.after(TYPING_S, self.look)
        if news.kind == "hello" and self.name and news.who != self.me:
            self._tell("here")
        if news.message is not None:
            self._show(news.message)

    async def arrive(self) -> None:
        self._tell("hello")

    async def stay(self) -> None:
        """Say that we are here still, and let go of those who do not."""
        if self.name:
            self._tell("here")
        since = time.time() - GONE_S
        for who in [who for who, person in self.people.items() if person.heard < since]:
            del self.people[who]

    async def look(self) -> None:
        """Somebody may have stopped typing; being called is enough to be drawn again."""

    def _tell(self, kind: Literal["hello", "here", "typing", "said", "left"], message: Message | None = None) -> None:
        self.broadcast(self.topic, News(kind, self.me, self.name, message))

    def _show(self, message: Message) -> None:
        if message.id not in self.messages:
            self.messages.append(message)
        while len(self.messages) > SHOWN:
            self.messages.pop(self.messages.keys()[0])
