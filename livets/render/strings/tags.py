"""Attributes of start tags: what they are in the page, and which of them differ.

It owns which attributes may be written by themselves. It never looks at content. `edits` and `siblings` call it.
"""

from __future__ import annotations

import re
from typing import Final

from livets.render.entities import SVG_ATTRIBUTES
from livets.render.strings.tokens import TOKEN, Token, decoded

Changes = list[tuple[str, str | None, str | None]]
"""(name, old value, new value) each; None: not there."""

_SPACE: Final = r"[ \t\n\f\r]"
_ATTRIBUTES: Final = re.compile(
    rf"""([^ \t\n\f\r"'<>/=]+)(?:{_SPACE}*={_SPACE}*(?:"([^"<]*)"|'([^'<]*)'|([^ \t\n\f\r"'<>=`]+)))?"""
)
_MOVED_NAMES: Final = frozenset({*SVG_ATTRIBUTES, "definitionurl"})


def attributes(source: str, tag: Token) -> dict[str, str]:
    """Name and decoded value of each; the first of two equal names counts."""
    found = TOKEN.match(source, tag.start)
    assert found is not None
    result: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTES.findall(found[2]):
        result.setdefault(name.lower(), decoded(double or single or bare, attribute=True))
    return result


def attribute_changes(before: dict[str, str], after: dict[str, str], tag: str) -> Changes | None:
    """Those that differ; None when one of them can't be written by itself.

    >>> attribute_changes({"class": "a", "title": "x"}, {"class": "b"}, "p")
    [('class', 'a', 'b'), ('title', 'x', None)]
    >>> attribute_changes({"type": "text"}, {"type": "file"}, "input") is None
    True
    """
    if before == after:
        return []
    changes = [
        (name, before.get(name), after.get(name)) for name in {**before, **after} if before.get(name) != after.get(name)
    ]
    return changes if all(can_be_set(name, tag) for name, _, _ in changes) else None


def can_be_set(name: str, tag: str) -> bool:
    """May this attribute be written by itself? Some have another name in the page, or decide how the source is read."""
    return not (
        name in _MOVED_NAMES
        or name.startswith(("xlink:", "xml:", "xmlns"))
        or not re.fullmatch(r"[a-z_][\w.:-]*", name, re.ASCII)
        or (tag in {"input", "button"} and name == "type")
        or (tag in {"font", "annotation-xml", "template"})
        or name in {"is", "ts-ignore", "ts-key", "id", "data-key"}
    )
