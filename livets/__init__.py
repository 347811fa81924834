"""livets: live pages in Python. State on the server, minimal patches over a WebSocket, no JavaScript to write.

Names are imported at their first use: `livets.engine`, which is headless, must not bring the web with it.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from livets.app import LiveTS
    from livets.errors import LivetsError, NotFound
    from livets.live import LiveView, field
    from livets.live.event import event
    from livets.live.once import render_to_string
    from livets.presence import PresenceChange
    from livets.render import KeyedList

__all__ = [
    "KeyedList",
    "LiveTS",
    "LiveView",
    "LivetsError",
    "NotFound",
    "PresenceChange",
    "event",
    "field",
    "render_to_string",
]

_HOMES = {
    "KeyedList": "livets.render",
    "LiveTS": "livets.app",
    "LiveView": "livets.live",
    "LivetsError": "livets.errors",
    "NotFound": "livets.errors",
    "PresenceChange": "livets.presence",
    "event": "livets.live",
    "field": "livets.live",
    "render_to_string": "livets.live.once",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'livets' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
