"""What a broadcast says, typed for a handler: decoded once for all views of a worker, if nobody can change it.

It owns that decision. A list or a dict of what can't change is copied for each view, its content is the same; what
else could be changed in place is decoded for each, so that views never share state by accident. Called by `news`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from livets.live.arguments import Converter
from livets.pubsub import Message
from livets.render.frozen import all_frozen


def received(message: Message, convert: Converter) -> Any:
    """The message's data as `convert` makes it. Raises msgspec.ValidationError for data of another form.

    Views that handle the same message get the very same objects (frozen Structs, scalars, tuples of these), which is
    also what lets their patches be one.
    """
    if convert in message.values:
        value = message.values[convert]
    else:
        value = convert(msgspec.msgpack.decode(message.data))
        if not all_frozen(_inner(value)):
            return value
        message.values[convert] = value
    return value.copy() if type(value) is list or type(value) is dict else value


def _inner(value: Any) -> Any:
    if type(value) is list:
        return value
    return [*value, *value.values()] if type(value) is dict else (value,)
