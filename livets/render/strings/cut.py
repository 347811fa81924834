"""One wide window into narrow ones: where many rows of a list stand in it, and only some of them have changed.

It owns the cuts, made by searching and comparing and not token by token. It never decides what an edit is: a
cut that is not balanced raises doubt later, and then the wide window is taken instead. `edits` calls it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from livets.render.strings.cells import Cells, cells
from livets.render.strings.rows import Rows, find_rows
from livets.render.strings.tokens import TOKEN, key_in, read, tokens
from livets.render.strings.trim import Window

Change = Window | Cells | Rows

WIDE_CHARS: Final = 1500
"""Windows up to this length are read token by token, when all that they open they close."""
_SAMPLES_CHARS: Final = (1000, 4000)
_RUN_CHARS: Final = 1024
"""At least so much is compared at once, and more the longer nothing differs."""
_LONGEST_RUN_CHARS: Final = 16384
_KEYED: Final = re.compile(r"""<([a-z][a-z0-9-]*)[ \t\n\f\r](?:[^<>"']|"[^"<]*"|'[^'<]*')*?\b(?:ts-key|id|data-key)=""")


def cut(old: str, new: str, window: Window) -> Sequence[Change]:
    """Changes in order, without overlap, outside of which both are the same."""
    a, b, c, d = window
    if max(b - a, d - c) < WIDE_CHARS and _is_balanced(old, a, b) and _is_balanced(new, c, d):
        return [window]
    name = _row_name(old, a, b) or _row_name(new, c, d)
    if name is None:
        return [window]
    return _changed_rows(old, new, window, f"<{name} ") or find_rows(old, new, window, name) or [window]


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
    for chars in _SAMPLES_CHARS:
        found = Counter(_KEYED.findall(source, start, min(end, start + chars)))
        if found:
            return str(found.most_common(1)[0][0])
    return None


def _changed_rows(old: str, new: str, window: Window, mark: str) -> list[Change] | None:
    """One change for each row that differs; None when rows come, go or move.

    Runs of rows that are the same are compared at once; only a run with a difference in it is cut into rows
    (by a pattern, which takes half the time of str.split).
    """
    first = _first_row(old, new, window, mark)
    if first is None:
        return None
    a, b, c, d = first
    changes: list[Change] = []
    if a > window.old_start or c > window.new_start:
        changes.append(Window(window.old_start, a, window.new_start, c))
    split, starts, extra = re.compile(re.escape(mark)).split, old.startswith, len(mark)
    run = _RUN_CHARS
    while c < d:
        stop = new.find(mark, c + run, d)
        if stop >= 0 and starts(new[c : stop + extra], a):
            a, c = a + stop - c, stop
            run = min(run + run // 2, _LONGEST_RUN_CHARS)
            continue
        run = _RUN_CHARS
        for row in split(new[c + extra : d if stop < 0 else stop]):
            step = extra + len(row)
            if starts(row, a + extra) and starts(mark, a + step):
                a += step
                c += step
                continue
            end = old.find(mark, a + extra, b)
            if (end < 0) != (c + step == d) or a + extra > b:
                return None
            end = b if end < 0 else end
            change = _changed_row(mark, old[a + extra : end], row, a, c)
            if change is None:
                return None
            changes.append(change)
            a, c = end, c + step
    return changes if a == b else None


def _first_row(old: str, new: str, window: Window, mark: str) -> Window | None:
    """The window from the start of a row on: the one it begins in, or the first one in it; None when there is none."""
    a, b, c, d = window
    if old.startswith(mark, a) and new.startswith(mark, c):
        return window
    begun = old.rfind(mark, 0, a)
    if begun >= 0:
        return Window(begun, b, c - (a - begun), d)
    first, new_first = old.find(mark, a, b), new.find(mark, c, d)
    return Window(first, b, new_first, d) if first >= 0 and new_first >= 0 else None


def _changed_row(mark: str, old: str, new: str, start: int, new_start: int) -> Change | None:
    """What differs in a row; None when it is another one. Both sources begin behind the mark."""
    texts = cells(mark, old, new, start, new_start)
    if texts is not None:
        return texts
    tag = old[: old.find(">") + 1]
    if not (tag and new.startswith(tag)) and key_in(_tag(mark, old)) != key_in(_tag(mark, new)):
        return None
    extra = len(mark)
    return Window(start, start + extra + len(old), new_start, new_start + extra + len(new))


def _tag(mark: str, row: str) -> str:
    return mark + row.partition(">")[0]
