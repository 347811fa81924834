"""The directives that the browser knows: their names, modifiers and names of keys.

The single source for the connector (`javascript.py` writes them to connector/src/protocol.js), for `livets check` and
for `livets.testing`. What each means is told in docs/directives.md; those that Jinja2 knows are in `livets.render`.
"""

from __future__ import annotations

import re
from typing import Final

NAMES: Final = frozenset([
    "ts-model", "ts-key", "ts-ignore", "ts-link", "ts-disable-with", "ts-confirm", "ts-loading",
])  # fmt: skip
PREFIXES: Final = frozenset(["ts-on", "ts-value"])
"""Those that are written `prefix:name`."""

SYSTEM_KEYS: Final = ("ctrl", "shift", "alt", "meta")
TIMED: Final = ("debounce", "throttle")
"""Modifiers behind which a time may stand: `.debounce.300ms`."""
PLACES: Final = ("window", "document", "outside")
"""The event need not come from inside the element."""
EVENT_MODIFIERS: Final = ("prevent", "stop", "once", "self", "capture", "passive", *PLACES, *TIMED, *SYSTEM_KEYS)
MODEL_MODIFIERS: Final = ("lazy", "number", "trim", "debounce")

MODIFIER: Final = re.compile(rf"^({'|'.join(EVENT_MODIFIERS)}|\d+m?s)$")
"""What is no modifier of `ts-on` is the name of a key."""
KEYS: Final = frozenset([
    "enter", "escape", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown",
    "up", "down", "left", "right", "capslock", "contextmenu", *(f"f{number}" for number in range(1, 13)),
])  # fmt: skip
"""Names of keys longer than one character: `KeyboardEvent.key` in lower case, arrows without "arrow"."""


def key_name(key: str) -> str:
    """What a directive calls the key of a `KeyboardEvent`.

    >>> key_name("ArrowUp"), key_name(" "), key_name("A")
    ('up', 'space', 'a')
    """
    return key.lower().replace("arrow", "", 1).replace(" ", "space", 1)
