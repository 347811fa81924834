"""One wide window into narrow ones: where many rows of a list stand in it, and only some of them have changed.

It owns the cuts, made with split(), count() and slices and not token by token. It never decides what an edit is: a
cut that is not balanced raises doubt later, and then the wide window is taken instead. `edits` calls it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, compress, count
from operator import ne
from typing import Final

from livets.render.strings.cells import Cells, cells
from livets.render.strings.rows import Rows, find_rows
from livets.render.strings.tokens import TOKEN, key_in, read, tokens
from livets.render.strings.trim import Window

Change = Window | Cells | Rows

WIDE_CHARS: Final = 1500
"""Windows up to this length are read token by token, when all that they open they close."""
_SAMPLE_CHARS: Final = 4000
_KEYED: Final = re.compile(r"""<([a-z][a-z0-9-]*)[ \t\n\f\r](?:[^<>"']|"[^"<]*"|'[^'<]*')*?\b(?:ts-key|id|data-key)=""")


def cut(old: str, new: str, window: Window) -> Sequence[Change]:
    """Changes in order, without overlap, outside of which both are the same."""
    a, b, c, d = window
    if max(b - a, d - c) < WIDE_CHARS and _is_balanced(old, a, b) and _is_balanced(new, c, d):
        return [window]
    name = _row_name(old, a, b) or _row_name(new, c, d)
    if name is None:
        return [window]
    # Copying most of a long string costs more than looking at all of it.
    wide = Window(0, len(old), 0, len(new)) if b - a > len(old) // 2 else window
    return _changed_rows(old, new, wide, f"<{name} ") or find_rows(old, new, window, name) or [window]


def _is_balanced(source: str, start: int, end: int) -> bool:
    """Does a piece close all that it opens, and nothing else? One start tag counts, too. Raises Doubt."""
    found = TOKEN.match(source, start)
    if found is not None and found.end() == end:
        return read(found).kind != "/"
    depth = 0
    for token in tokens(source, start, end):
        depth += (token.kind == "<") - (token.kind == "/")
        if depth < 0:
            return False
    return depth == 0


def _row_name(source: str, start: int, end: int) -> str | None:
    """Name of the elements with keys that are most frequent in a piece."""
    found = Counter(_KEYED.findall(source, start, min(end, start + _SAMPLE_CHARS)))
    return found.most_common(1)[0][0] if found else None


def _changed_rows(old: str, new: str, window: Window, mark: str) -> list[Change] | None:
    """One change for each row that differs; None when rows come, go or move."""
    a, b, c, d = window
    before, after = old[a:b].split(mark), new[c:d].split(mark)  # whole strings are not copied
    if len(before) != len(after):
        return None
    changes: list[Change] = []
    extra = len(mark)
    starts, new_starts = (list(accumulate(map(len, pieces), initial=at)) for pieces, at in ((before, a), (after, c)))
    for number in compress(count(), map(ne, before, after)):
        one, other = before[number], after[number]
        back = extra if number else 0
        start, new_start = starts[number] + number * extra - back, new_starts[number] + number * extra - back
        texts = cells(mark, one, other, start, new_start) if number else None
        if texts is not None:
            changes.append(texts)
            continue
        tag = one[: one.find(">") + 1]
        if number and not (tag and other.startswith(tag)) and key_in(_tag(mark, one)) != key_in(_tag(mark, other)):
            return None
        changes.append(Window(start, start + back + len(one), new_start, new_start + back + len(other)))
    return changes


def _tag(mark: str, piece: str) -> str:
    return mark + piece.partition(">")[0]
