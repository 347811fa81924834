"""Guards for values in translated blocks: `{% trans %}<a href="{{ url }}">…{% endtrans %}`.

There Jinja2 allows nothing but names, so a value is guarded in the block's header: `{% trans url=(url)|ts_url %}`.
It owns the grammar of that header. `guarding` asks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import jinja2

_FLAGS: Final = ("trimmed", "notrimmed")

Word = tuple[int, str, str]
"""Where it begins, its kind, its text."""


def header_edits(
    environment: jinja2.Environment, source: str, start: int, end: int, filters: Mapping[str, str]
) -> Iterator[tuple[int, int, str]]:
    """What to write into the header between two places, so that these names go through these filters.

    >>> source = "{% trans trimmed n=1, url %}"
    >>> list(header_edits(jinja2.Environment(), source, 8, 25, {"url": "f", "x": "g"}))
    [(25, 25, '=(url)|f'), (25, 25, ', x=(x)|g')]
    """
    words = _words(environment, source[start:end], start)
    waiting = dict(filters)
    count = at = 0
    while at < len(words):
        place, kind, text = words[at]
        if kind != "name":
            at += 1  # the context of the message, a comma
        elif at + 1 < len(words) and words[at + 1][2] == "=":
            last = _last(words, at + 2)
            if text in waiting:
                first, (behind, _, final) = words[at + 2][0], words[last]
                yield first, behind + len(final), f"({source[first : behind + len(final)]})|{waiting.pop(text)}"
            count += 1
            at = last + 1
        else:
            if text in waiting:
                yield (place + len(text),) * 2 + (f"=({text})|{waiting.pop(text)}",)
            count += text not in _FLAGS
            at += 1
    given = [f"{name}=({name})|{call}" for name, call in waiting.items()]
    if given:
        code_end = start + len(source[start:end].rstrip())
        yield code_end, code_end, (", " if count else " ") + ", ".join(given)


def _words(environment: jinja2.Environment, code: str, start: int) -> list[Word]:
    """The words of the header; line ends keep their length, so that places are right."""
    found: list[Word] = []
    for _, kind, text in environment.lexer.tokeniter(code.replace("\r", " "), None, None, "block"):
        if kind != "whitespace":
            found.append((start, kind, text))
        start += len(text)
    return found


def _last(words: list[Word], at: int) -> int:
    """The last word of an expression that begins at `at`."""
    depth = 0
    while at < len(words):
        depth += (words[at][2] in ("(", "[", "{")) - (words[at][2] in (")", "]", "}"))
        if at + 1 == len(words) or (depth == 0 and words[at + 1][2] == ","):
            return at
        at += 1
    return len(words) - 1
