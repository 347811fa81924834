"""Messages of the browser protocol as msgspec Structs; docs/protocol.md is their prose.

Client messages are arrays whose first element is the message's number. A server frame is a small head,
made per connection, and after it (in the same WebSocket message) an optional body, which connections share.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import msgspec


class _ClientMessage(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """Frozen must be said again by each message: type checkers do not inherit it."""


class Join(_ClientMessage, tag=0, frozen=True):
    """First contact of a page: adopt the view that the HTTP response rendered."""

    view: int
    token: str
    url: str
    """Path and query of the page, for a mount on a worker that knows nothing of the view."""


class Event(_ClientMessage, tag=1, frozen=True):
    """One user event; kept by the browser until its ref is durable."""

    ref: int
    """1, 2, 3, ... within the view."""
    view: int
    handler: str
    """Name of an @event method; empty for a pure field update (ts-model). On the wire it may be a directive's text."""
    args: list[Any]
    """Positional arguments: the literals of `ts-on:click="add(1, 'x')"`."""
    payload: dict[str, Any]
    """What a person expects of the DOM event: value, checked, key, form; only declared names are used."""
    fields: dict[str, Any]
    """Values of bound fields that changed in the browser, written before the handler runs."""
    seen: int = 0
    """Highest server seq received."""


class Beat(_ClientMessage, tag=2, frozen=True):
    """Heartbeat."""

    seen: int


class Resume(_ClientMessage, tag=3, frozen=True):
    """A page whose socket was lost; its unsettled events follow as Event messages at once."""

    view: int
    id: str
    secret: str
    url: str
    seen: int
    done: int
    """Highest ref whose result this page has already shown: nothing older may be shown again."""
    fingerprint: str
    """Template fingerprint that the page's nodes belong to."""


class Heal(_ClientMessage, tag=4, frozen=True):
    """A held node was not where it should be: send this block again, whole."""

    view: int
    address: list[int | str]
    """Slot numbers and row keys from the root down to an IF or FOR slot or a row; [] is the view."""


ClientMessage = Join | Event | Beat | Resume | Heal


class Frame(IntEnum):
    """Kinds of server frames: the first element of a head `[kind, seq, done, durable, view]`.

    `durable` is left out when it equals `done` and view is 0; `view` is left out when it is 0.
    """

    PATCH = 0
    """body: diff"""
    JOINED = 1
    """body: [id, secret, mode, fingerprint, diff]"""
    ACK = 2
    """no body"""
    ERROR = 3
    """body: [code, message, ref]"""
    REFUSED = 4
    """body: [code, message]"""
    BEAT = 5
    """no body"""
    MOVE = 6
    """no body: please reconnect soon, this worker is going away"""


class JoinMode(IntEnum):
    """How a view was joined."""

    ADOPTED = 0
    """The view object of the HTTP render, or its snapshot; diff against what HTTP served."""
    REPLAYED = 1
    """Same worker: the missed frames follow."""
    FILLED = 2
    """All current values; the page reconciles."""
    REMOUNTED = 3
    """Nothing was left of the view: mounted again; the page renumbers its unsettled events from 1."""
