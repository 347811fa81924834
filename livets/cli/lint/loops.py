"""Loops whose rows are mixed up when the list changes: keys that are missing where it matters, or not unique.

Owns what "where it matters" means: a row with a control, or with something else that a person or a script has changed
in the browser. Rows of plain text need no key to be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from livets.cli.lint.finding import Finding
from livets.cli.lint.source import Element, Loop, Source, key_of, words
from livets.render.directives_scan import Attribute

_KEEPS_STATE = frozenset(
    ["select", "textarea", "details", "dialog", "video", "audio", "iframe", "canvas", "object", "embed"]
)
_KEEP_NOTHING = frozenset(["hidden", "submit", "button", "image", "reset"])


def keys(source: Source) -> Iterator[Finding]:
    """Keys that are missing, counted, or the same for every row."""
    for loop in source.loops:
        if loop.rows:
            yield from _row(source, loop, next((row for row in loop.rows if key_of(row) is not None), loop.rows[0]))
    for element in source.elements:
        yield from _same_id(source, element)


def _row(source: Source, loop: Loop, row: Element) -> Iterator[Finding]:
    key = key_of(row)
    line = source.line(row.tag.start)
    own = row.get("ts-key")
    identity = f'ts-key="{{{{ {_identity(source, loop)} }}}}"'
    reads = words(_expression(source, key)) if key is not None else set()
    if own is not None and not (reads & (loop.targets | {"loop"})):
        yield Finding(
            source.file, line, "duplicate-key", "every row of the loop has the same ts-key",
            f"let it name the item: {identity}",
        )  # fmt: skip
        return
    if reads & loop.targets:
        return
    elements = (element for part in loop.rows for element in part.all())
    holder = next((element for element in elements if _keeps_state(source, element)), None)
    if holder is not None:
        what = "counts its rows" if "loop" in reads else "has no ts-key"
        yield Finding(
            source.file, line, "missing-key",
            f"the loop {what}, and its rows hold <{holder.name}>: when a row is inserted or removed, what was typed "
            "or opened there ends up in another row",
            f"give the row an identity: {identity}",
        )  # fmt: skip


def _same_id(source: Source, element: Element) -> Iterator[Finding]:
    """An id that is written down inside a loop is there many times."""
    own = element.get("id")
    if own is None or element.loop is None or own.has_jinja or not source.value(own) or own.is_conditional:
        return
    if element.get("ts-bind:id") is None:
        yield Finding(
            source.file, source.line(own.start), "duplicate-id",
            f'id="{source.value(own)}" stands in a loop: every row would have the same id',
            f'make it differ: id="{source.value(own)}-{{{{ {_identity(source, element.loop)} }}}}"',
        )  # fmt: skip


def _identity(source: Source, loop: Loop) -> str:
    """What tells a row's item from the others: its id; the item itself where that is shown as it is, as texts are."""
    code = [text for kind, text in source.parts(source.text[loop.start : loop.stop]) if kind != "text"]
    elements = (element for row in loop.rows for element in row.all())
    code += [source.value(each) for element in elements for each in element.tag.attributes if each.name[:3] == "ts-"]
    for name in loop.names:
        if any(re.search(rf"(?<![\w.]){name}\s*[.\[]", text) for text in code):
            return f"{name}.id"
    plain = (name for name in loop.names if any(re.match(rf"{name}\s*(\||$)", text) for text in code))
    return next(plain, f"{loop.names[0] if loop.names else 'item'}.id")


def _expression(source: Source, key: Attribute) -> str:
    """What the key's value computes; with ts-for, ts-key may be an expression itself."""
    return " ".join(text for kind, text in source.parts(source.value(key)) if kind != "text" or not key.has_jinja)


def _keeps_state(source: Source, element: Element) -> bool:
    if element.name == "input":
        kind = element.get("type")
        return kind is None or source.value(kind).strip().lower() not in _KEEP_NOTHING
    return element.name in _KEEPS_STATE or any(
        each.name in ("ts-ignore", "contenteditable") or each.name.startswith("ts-model")
        for each in element.tag.attributes
    )
