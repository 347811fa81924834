"""The text of a directive, `add(1, 'x')`, as a browser sends it: a name and JSON literals, never code.

It owns the one grammar of handlers in templates: a name, or a name and literals in brackets, in either kind of quotes.
It never calls anything. Called by `codec` for each event, and by whoever has to understand a template's `ts-on`.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

_CALL = re.compile(r"\s*([^\s(]+)\s*(?:\((.*)\)\s*)?", re.DOTALL)
_PIECE = re.compile(r"""'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+"|[^'"]+""", re.DOTALL)
_IN_QUOTES = re.compile(r'\\.|"', re.DOTALL)
_decode = msgspec.json.Decoder(list[Any]).decode


def read_call(text: str) -> tuple[str, list[Any]]:
    """Name and arguments. Raises ValueError for what is no call with JSON literals.

    >>> read_call("add(1, 'it\\\\'s', true)")
    ('add', [1, "it's", True])
    >>> read_call(" save ")
    ('save', [])
    """
    call = _CALL.fullmatch(text)
    if call is None:
        raise ValueError(f"{text!r} is no handler: write `name` or `name(1, 'x', true)`")
    pieces = []
    source, at = call[2] or "", 0
    while at < len(source):
        piece = _PIECE.match(source, at)
        if piece is None:
            raise ValueError(f"a string in {text!r} has no end")
        pieces.append(_double_quoted(piece[0]) if piece[0][0] == "'" else piece[0])
        at = piece.end()
    try:
        return call[1], _decode(f"[{''.join(pieces)}]".encode())
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise ValueError(f"the arguments of {text!r} are no JSON literals: {error}") from None


def _double_quoted(text: str) -> str:
    """A string in single quotes, as JSON writes it."""
    return '"' + _IN_QUOTES.sub(lambda found: _ESCAPED.get(found[0], found[0]), text[1:-1]) + '"'


_ESCAPED = {'"': '\\"', "\\'": "'"}
