"""What a view hears from the server: messages on topics, people who come and go, timers that are due.

It owns how much of that may wait for a busy view, and the call of the handler. The bus and the clock are `topics`' and
`timers`' business. Made by `units` with the first news; called by the runner when there is some, and by `units` when
its turn has come.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from livets.live.calling import call
from livets.live.commit import Commits
from livets.live.mailbox import Mailbox
from livets.live.received import received
from livets.live.timers import advance
from livets.live.transaction import Transactions
from livets.live.unit import Unit
from livets.live.work import Delivery, People, Resync
from livets.presence import PresenceChange
from livets.pubsub import Message

if TYPE_CHECKING:
    from livets.live.view import LiveView

MAX_WAITING_MESSAGES: Final = 256
"""Broadcasts that may wait for a busy view; beyond that they are dropped and `resync()` is called."""


class News:
    """The news for one view."""

    __slots__ = (
        "_commits", "_dev", "_mailbox", "_people", "_resync_due", "_transactions", "_view", "_waiting_messages",
    )  # fmt: skip

    def __init__(
        self, view: LiveView, commits: Commits, mailbox: Mailbox, transactions: Transactions, *, dev: bool
    ) -> None:
        self._view = view
        self._commits = commits
        self._mailbox = mailbox
        self._transactions = transactions
        self._dev = dev
        self._resync_due = False
        self._waiting_messages = 0
        self._people: dict[str, tuple[str, PresenceChange]] | None = None
        """Changes that wait, one a topic: a busy view hears of many as of one."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for its turn."""
        return not (self._waiting_messages or self._resync_due or self._people)

    # There is news

    def deliver(self, name: str, message: Message) -> None:
        """Queue a message; when too many wait it is dropped, and `resync()` makes up for it."""
        if self._waiting_messages < MAX_WAITING_MESSAGES:
            self._waiting_messages += 1
            self._mailbox.put(Delivery(name, message))
        elif not self._resync_due:
            self._resync_due = True
            self._mailbox.put(Resync())

    def present(self, handler: str, topic: str, change: PresenceChange) -> None:
        """Queue what has changed on a topic of presence."""
        if self._people is None:
            self._people = {}
        if topic in self._people:
            change = self._people[topic][1].then(change)
        else:
            self._mailbox.put(People(topic))
        self._people[topic] = handler, change

    # Its turn has come

    async def message(self, name: str, message: Message) -> None:
        """Call the handler `name` with a message, unless the view has had it or does not want it any more."""
        self._waiting_messages -= 1
        view, system = self._view, self._view._live.system
        subscription = system.notes.subscriptions.get(message.topic)
        if subscription is None:
            return
        if message.gap and (not message.data or view.__livets__.hooks["resync"] is not None):
            # What resync() loads contains what this message tells, if it tells anything.
            await self._transactions.hook("resync")
            return
        if not self._commits.world.is_new(message):
            return

        async def work() -> None:
            system.note()
            subscription.passed(message.epoch, message.seq)
            convert = view.__livets__.message(type(view), name)
            args = [] if convert is None else [received(message, convert)]
            await call(getattr(view, name), args, dev=self._dev)

        what = f"{name} (message on {message.topic!r})"
        await self._transactions.run(what, work, Unit(view), from_server=True)

    async def resync(self) -> None:
        """Messages were missed: the view loads again what they would have told."""
        self._resync_due = False
        await self._transactions.hook("resync")

    async def people(self, topic: str) -> None:
        """Call the handler of a topic of presence with everything that has changed there meanwhile."""
        name, change = (self._people or {}).pop(topic)
        if not change or self._view._live.system.notes.followed.get(topic) != name:
            return

        async def work() -> None:
            takes_it = self._view.__livets__.takes_argument(type(self._view), name)
            await call(getattr(self._view, name), [change] if takes_it else [], dev=self._dev)

        what = f"{name} (presence on {topic!r})"
        await self._transactions.run(what, work, Unit(self._view), from_server=True)

    async def tick(self, number: int) -> None:
        """Call the handler of a timer, if it was not cancelled."""
        system = self._view._live.system
        self._commits.world.rang(number)
        timer = system.notes.timers.get(number)
        if timer is None:
            return

        async def work() -> None:
            system.note()
            if not advance(timer, time.time()):
                del system.notes.timers[number]
            await call(getattr(self._view, timer.handler), dev=self._dev)

        await self._transactions.run(f"{timer.handler} (timer)", work, Unit(self._view), from_server=True)
