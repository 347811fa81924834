"""How one event is written down in a backend: a msgpack array; stream and seq are the backend's key, not in the record.

Refuses what would not come back the same (livets.engine.values.check), before anything is written.
"""

from __future__ import annotations

import time

from livets.engine.encoding import pack_checked, unpack
from livets.engine.errors import LogError
from livets.engine.events import Event, NewEvent
from livets.engine.values import check

FORM = 1
"""First item of each record; readers refuse forms that they do not know."""


def encode(event: NewEvent | Event, checked: bool = False) -> bytes:
    """Return the record of `event`; raises ValueFault when its data is no value (`checked`: the caller saw to it)."""
    if not checked:
        check(event.data)
    when = event.ts or time.time()
    return pack_checked([FORM, event.type, when, event.data, event.v, event.actor, event.corr, event.cause])


def decode(stream: str, seq: int, record: bytes) -> Event:
    """Return the event that was written; raises LogError for a form of a newer livets."""
    form, kind, when, data, v, actor, corr, cause = unpack(record)
    if form != FORM:
        raise LogError(f"{stream}:{seq} was written in form {form}, which this livets does not know: update livets")
    return Event(seq, stream, kind, when, data, v, actor, corr, cause)
