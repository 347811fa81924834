"""Tickets: open one event stream, once, within half a minute. For browsers, which cannot send a token with a stream.

A token in a query string would end in logs and histories; a ticket there is worth nothing any more. In memory only.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

MAX_TICKETS = 1000


class Tickets:
    """Issued tickets that nobody has used yet.

    >>> tickets = Tickets()
    >>> one = tickets.issue()
    >>> tickets.use(one), tickets.use(one)
    (True, False)
    """

    def __init__(self, seconds: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._ends: dict[str, float] = {}

    def issue(self) -> str:
        """Return a new ticket; when there are too many the oldest is worth nothing any more."""
        now = self._clock()
        self._ends = {ticket: end for ticket, end in self._ends.items() if end > now}
        while len(self._ends) >= MAX_TICKETS:
            del self._ends[next(iter(self._ends))]
        ticket = secrets.token_urlsafe(32)
        self._ends[ticket] = now + self.seconds
        return ticket

    def use(self, ticket: str) -> bool:
        """Whether the ticket was good; it is not any more. (A look-up by hash tells nothing of 256 random bits.)"""
        end = self._ends.pop(ticket, None)
        return end is not None and end > self._clock()
