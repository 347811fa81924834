"""A row whose tags are all as they were: which of its texts differ, found by cutting, not token by token.

It owns this one shape of change, the most frequent one in long lists, and the addresses of texts below the row's key.
It never guesses: a row with anything else in it is a window like any other. `cut` finds cells, `edits` writes them
where there are no leaves (this looks for none).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, count
from operator import ne
from typing import Any

from livets.render.markup import VOID
from livets.render.strings.tokens import DROPS_LINE_END, SPACES, key_in
from livets.render.strings.trim import Window


@dataclass(slots=True)
class Cells:
    """The texts of one row that differ."""

    window: Window
    """The row."""
    key: str
    addresses: list[list[Any]]
    texts: list[str]
    """The old ones, as source."""
    new_texts: list[str]


def cells(mark: str, old: str, new: str, start: int, new_start: int) -> Cells | None:
    """What differs in a row; None when it is more than texts.

    `old` and `new` are the row's source behind `mark` (`<tr `), which begins at `start` and at `new_start`.

    >>> cells("<li ", 'id="7"><b>x</b><i>1</i></li>', 'id="7"><b>x</b><i>2</i></li>', 0, 0).addresses
    [['7', 1, 0, 'i']]
    """
    pieces, others = old.split("<"), new.split("<")
    # As many `>` as `<`: there is none in a text or an attribute.
    if len(pieces) != len(others) or old.count(">") != len(pieces):
        return None
    row_tag, name = pieces[0].partition(">")[0], mark[1:-1]
    key = key_in(f" {row_tag}")
    if key is None or name in VOID or row_tag[-1] == "/":
        return None
    length = len(mark)
    window = Window(start, start + length + len(old), new_start, new_start + length + len(new))
    found = Cells(window, key, [], [], [])
    names, places = [name], [-1]
    passed = 0
    for number in compress(count(), map(ne, pieces, others)):
        if not _pass(pieces, passed, number, names, places):
            return None
        passed = number + 1
        tag, _, text = pieces[number].partition(">")
        new_tag, _, new_text = others[number].partition(">")
        if new_tag != tag or not _may_replace(text, new_text, names[-1]):
            return None
        found.addresses.append([key, *places, names[-1]])
        found.texts.append(text)
        found.new_texts.append(new_text)
    return found


def _pass(pieces: list[str], start: int, last: int, names: list[str], places: list[int]) -> bool:
    """Pass tags and texts: names of the elements around, and which node each of them is at; False at doubt."""
    for number in range(start, last + 1):
        tag, _, text = pieces[number].partition(">")
        if number:
            name = _opened(tag)
            if name == "/":
                names.pop()
                places.pop()
                if not names:
                    return False  # the end of the row
            elif name is None:
                return False
            else:
                places[-1] += 1
                if name:
                    names.append(name)
                    places.append(-1)
        if text:
            places[-1] += 1
    return True


@lru_cache(maxsize=512)
def _opened(tag: str) -> str | None:
    """Name of the element that a tag opens: "/" for an end, "" when nothing is open after it, None at doubt."""
    if tag[0] in "/!":
        return tag[0].strip("!")
    name = tag.split(None, 1)[0].rstrip("/").lower()
    if name in VOID:
        return ""
    return None if tag[-1] == "/" else name  # a slash may be the end of a value


def _may_replace(text: str, other: str, parent: str) -> bool:
    """May this text be there instead of the other one, whatever stands around?"""
    return (
        text != ""
        and other != ""
        and ">" not in other
        and (text.strip(SPACES) == "") == (other.strip(SPACES) == "")
        and parent not in DROPS_LINE_END
    )
