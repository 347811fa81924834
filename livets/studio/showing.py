"""Values as text for a page: indented JSON, cut where it is long, without what looks like a secret or is one.

Owns the limits of what a page shows of a value. Never shows the granted secrets of the runtime, and hides what is
under a name such as `password` or `token`. Pure; called by `details`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from livets.engine.values import Blob, Json

MAX_CHARACTERS = 20_000
_MAX_TEXT, _MAX_ITEMS, _MAX_DEPTH = 2_000, 100, 12
_SECRET = re.compile(r"pass(word|wd|phrase)|secret|token|api[-_]?key|authorization|cookie|credential", re.IGNORECASE)
HIDDEN = "[hidden]"


class Shown(msgspec.Struct, frozen=True):
    """A value by the name of its port; `source` says where it came from."""

    name: str
    text: str
    source: str = ""


def shown(value: Any, secrets: Iterable[str] = ()) -> str:
    """Return `value` as text.

    >>> shown({"a": [1, 2], "password": "x"})
    '{\\n  "a": [1, 2],\\n  "password": "[hidden]"\\n}'
    >>> shown("long " * 1000)[-30:]
    'long long … (5,000 characters)'
    """
    plain = _plain(value, 0)
    if isinstance(plain, str):
        text = plain
    else:
        text = msgspec.json.format(msgspec.json.encode(plain), indent=2).decode()
        text = _SHORT_LIST.sub(_on_one_line, text)
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, HIDDEN)
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}\n… ({len(text):,} characters)"


_SHORT_LIST = re.compile(r"\[\s*((?:[-\w.\"]+,?\s*){1,12})\]")


def _on_one_line(found: re.Match[str]) -> str:
    line = " ".join(found[1].split())
    return f"[{line}]" if len(line) < 60 else found[0]


def _plain(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is Json:
        return _plain(value.data, depth)
    if kind is str:
        return value if len(value) <= _MAX_TEXT else f"{value[:_MAX_TEXT]}… ({len(value):,} characters)"
    if kind is bytes:
        return f"<{len(value):,} bytes: {value[:24].hex(' ')}{'…' if len(value) > 24 else ''}>"
    if kind is Blob:
        return f"<{value.size:,} bytes, kept in the store as {value.hash[:12]}…>"
    if kind in (list, tuple, dict) and depth >= _MAX_DEPTH:
        return f"… ({len(value):,} items)"
    if kind in (list, tuple):
        rest = [f"… ({len(value):,} items)"] if len(value) > _MAX_ITEMS else []
        return [_plain(item, depth + 1) for item in value[:_MAX_ITEMS]] + rest
    if kind is dict:
        found = {str(key)[:200]: _field(str(key), item, depth) for key, item in list(value.items())[:_MAX_ITEMS]}
        if len(value) > _MAX_ITEMS:
            found["…"] = f"({len(value):,} fields)"
        return found
    if kind is float and (value != value or value in (float("inf"), float("-inf"))):
        return repr(value)
    return value if value is None or kind in (bool, int, float) else repr(value)[:_MAX_TEXT]


def _field(name: str, value: Any, depth: int) -> Any:
    if value not in (None, "", False, True) and not isinstance(value, dict) and _SECRET.search(name):
        return HIDDEN
    return _plain(value, depth + 1)
