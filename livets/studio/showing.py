"""Values as text for a page: indented JSON, cut where it is long, without what looks like a secret or is one.

Owns the limits of what a page shows of a value. Never shows the granted secrets of the runtime, and hides what is
under a name such as `password` or `token`. Pure; called by `details`.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from livets.engine.values import Blob, Json

MAX_CHARACTERS = 20_000
_MAX_TEXT, _MAX_ITEMS, _MAX_DEPTH, _MAX_PARTS = 2_000, 100, 12, 2_000
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
    plain = _Cut().plain(value)
    text = plain if isinstance(plain, str) else _written(plain, "")
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, HIDDEN)
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}\n… ({len(text):,} characters)"


class _Cut:
    """Takes as much of a value as a page can show, however large or deep it is."""

    def __init__(self) -> None:
        self._room = _MAX_PARTS

    def plain(self, value: Any, depth: int = 0) -> Any:
        """Return what msgspec can encode of it."""
        kind = type(value)
        if kind is Json:
            return self.plain(value.data, depth)
        self._room -= 1
        if kind is str:
            self._room -= len(value) // 100
            return value if len(value) <= _MAX_TEXT else f"{value[:_MAX_TEXT]}… ({len(value):,} characters)"
        if kind is bytes:
            return f"<{len(value):,} bytes: {value[:24].hex(' ')}{'…' if len(value) > 24 else ''}>"
        if kind is Blob:
            return f"<{value.size:,} bytes, kept in the store as {value.hash[:12]}…>"
        if kind in (list, tuple, dict) and (depth >= _MAX_DEPTH or self._room < 0):
            return f"… ({len(value):,} items)"
        if kind in (list, tuple):
            rest = [f"… ({len(value):,} items)"] if len(value) > _MAX_ITEMS else []
            return [self.plain(item, depth + 1) for item in value[:_MAX_ITEMS]] + rest
        if kind is dict:
            first = itertools.islice(value.items(), _MAX_ITEMS)
            found = {str(key)[:200]: self._field(str(key), item, depth) for key, item in first}
            if len(value) > _MAX_ITEMS:
                found["…"] = f"({len(value):,} fields)"
            return found
        if kind is float and not math.isfinite(value):
            return repr(value)
        return value if value is None or kind in (bool, int, float) else repr(value)[:_MAX_TEXT]

    def _field(self, name: str, value: Any, depth: int) -> Any:
        if value not in (None, "", False, True) and not isinstance(value, dict) and _SECRET.search(name):
            return HIDDEN
        return self.plain(value, depth + 1)


def _written(plain: Any, margin: str) -> str:
    """Indented JSON, with short lists of plain things on one line."""
    if not isinstance(plain, list | dict) or not plain:
        return json.dumps(plain, ensure_ascii=False)
    inner = margin + "  "
    if isinstance(plain, dict):
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {_written(item, inner)}" for key, item in plain.items()]
        return "{\n" + ",\n".join(inner + part for part in parts) + f"\n{margin}}}"
    parts = [_written(item, inner) for item in plain]
    if sum(map(len, parts)) < 60 and not any(isinstance(item, list | dict) for item in plain):
        return f"[{', '.join(parts)}]"
    return "[\n" + ",\n".join(inner + part for part in parts) + f"\n{margin}]"
