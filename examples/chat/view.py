"""Chat: one view a window. Who is here presence knows, on all workers; the rest is told through the room's topic."""

from __future__ import annotations

import secrets
import time
from typing import Literal

import msgspec

from examples.chat import store
from examples.chat.store import Message
from livets import KeyedList, LiveView, PresenceChange, event

ROOMS = ("lobby", "python", "tea")
Room = Literal["lobby", "python", "tea"]

SHOWN = 200  # messages that a window holds
MAX_NAME, MAX_TEXT = 24, 500
TYPING_S = 3.0
CLOCKS_S = 0.5
"""A timer that rings may be so much earlier by the clock on the wall, which is set now and then."""


class News(msgspec.Struct):
    """What windows tell each other."""

    kind: Literal["typing", "said"]
    who: str
    name: str
    message: Message | None = None


class Typist(msgspec.Struct, frozen=True):
    """Somebody who is typing."""

    name: str
    at: float


class Chat(LiveView):
    """A room: what was said, who is here, who is typing."""

    template_name = "chat.html"
    rooms = ROOMS  # no annotation: a constant, not state

    room: str = "lobby"
    me: str = ""
    name: str = ""
    draft: str = ""
    messages: KeyedList[Message] = KeyedList()
    names: list[str] = []
    """Who is here; somebody with two windows is one person."""
    typing: dict[str, Typist] = {}

    def mount(self, room: Room) -> None:
        """`room` comes from the path and must be one of the Literal: every other address is 404."""
        self.room = room
        self.title = f"{room} · livets chat"
        self.me = secrets.token_hex(4)
        self.messages.extend(store.latest(room, SHOWN))
        self.subscribe(self.topic, self.heard)
        self.presence.follow(self.topic, self.people_changed)

    async def handle_params(self, name: str = "") -> None:
        """The name stands in the address (?name=Ann): it survives a reload and goes along into other rooms."""
        self.presence.untrack(self.topic)
        self.name = name.strip()[:MAX_NAME]
        if self.name:  # counts from the moment when the page is connected: crawlers are nobody
            self.presence.track(self.topic, self.name)

    def resync(self) -> None:
        """Messages were missed: load them."""
        for message in store.latest(self.room, SHOWN):
            self._show(message)

    @property
    def topic(self) -> str:
        return f"chat:{self.room}"

    @property
    def typists(self) -> list[str]:
        """Who of the others is typing."""
        since = time.time() - TYPING_S
        return [typist.name for who, typist in self.typing.items() if who != self.me and typist.at > since]

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
        self.presence.untrack(self.topic)
        self.redirect("/")

    # What comes through the topic, and by the clock

    async def people_changed(self, change: PresenceChange) -> None:
        """Somebody has come or gone, on whichever worker."""
        self.names = sorted(self.presence.list(self.topic), key=str.casefold)

    async def heard(self, news: News) -> None:
        """A window of this room, perhaps this one, has something to say."""
        if news.kind == "typing":
            self.typing[news.who] = Typist(news.name, time.time())
            self.after(TYPING_S, self.look)
        else:
            self.typing.pop(news.who, None)
        if news.message is not None:
            self._show(news.message)

    async def look(self) -> None:
        """Somebody may have stopped typing."""
        since = time.time() - TYPING_S + CLOCKS_S
        for who in [who for who, typist in self.typing.items() if typist.at <= since]:
            del self.typing[who]

    def _tell(self, kind: Literal["typing", "said"], message: Message | None = None) -> None:
        self.broadcast(self.topic, News(kind, self.me, self.name, message))

    def _show(self, message: Message) -> None:
        if message.id not in self.messages:
            self.messages.append(message)
        while len(self.messages) > SHOWN:
            self.messages.pop(self.messages.keys()[0])
