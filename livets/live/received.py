"""What a broadcast says, typed for a handler: decoded once for all views of a worker, if nobody can change it.

It owns that decision. What could be changed in place is decoded for each view, so that views never share state by
accident. Called by `units` with each message.
"""

from __future__ import annotations

from typing import Any

import msgspec

from livets.live.arguments import Converter
from livets.pubsub import Message
from livets.render.frozen import all_frozen


def received(message: Message, convert: Converter) -> Any:
    """The message's data as `convert` makes it. Raises msgspec.ValidationError for data of another form.

    Views that handle the same message get the very same object (a frozen Struct, a scalar, a tuple of these), which
    is also what lets their patches be one.
    """
    if convert in message.values:
        return message.values[convert]
    value = convert(msgspec.msgpack.decode(message.data))
    if all_frozen((value,)):
        message.values[convert] = value
    return value
