"""A row whose tags are all as they were: which of its texts differ, found by cutting, not token by token.

It owns this one shape of change, the most frequent one in long lists, and the addresses of texts below the row's key.
It never guesses: a row with anything else in it is a window like any other. `cut` finds cells, `edits` writes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from livets.render.markup import VOID
from livets.render.strings.tokens import DROPS_LINE_END, LEAVES, SPACES, key_in
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
    if len(pieces) != len(others) or old.count(">") != len(pieces) or new.count(">") != len(pieces):
        return None
    row_tag, name = pieces[0].partition(">")[0], mark[1:-1]
    key = key_in(f" {row_tag}")
    if key is None or name in VOID or row_tag[-1] == "/" or "ts-ignore" in old:
        return None
    differing = [number for number, piece in enumerate(pieces) if piece != others[number]]
    length = len(mark)
    window = Window(start, start + length + len(old), new_start, new_start + length + len(new))
    found = Cells(window, key, [], [], [])
    names, counts = [name], [0]
    for number in range(differing[-1] + 1):
        tag, _, text = pieces[number].partition(">")
        if number and not _step(tag, names, counts):
            return None
        if text:
            counts[-1] += 1
        if number in differing:
            new_tag, _, new_text = others[number].partition(">")
            if new_tag != tag or not _may_replace(text, new_text, names[-1]):
                return None
            found.addresses.append([key, *[count - 1 for count in counts], names[-1]])
            found.texts.append(text)
            found.new_texts.append(new_text)
    return found


def _step(tag: str, names: list[str], counts: list[int]) -> bool:
    """Pass a tag or comment: names of the elements around, and how many nodes each of them has had; False at doubt."""
    if tag[0] == "/":
        names.pop()
        counts.pop()
        return bool(names)
    counts[-1] += 1
    if tag[0] == "!":
        return True
    name = tag.split(None, 1)[0].rstrip("/").lower()
    if name in VOID:
        return True
    names.append(name)
    counts.append(0)
    return tag[-1] != "/" and name not in LEAVES  # a slash may be the end of a value


def _may_replace(text: str, other: str, parent: str) -> bool:
    """May this text be there instead of the other one, whatever stands around?"""
    return (
        text != ""
        and other != ""
        and (text.strip(SPACES) == "") == (other.strip(SPACES) == "")
        and parent not in DROPS_LINE_END
    )
