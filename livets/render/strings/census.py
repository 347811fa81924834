"""Is a whole HTML string what it looks like? Asked of a real parser, once for a string that no differ has made.

It owns the outline of source (which tags and texts follow each other) and the comparison with the outline of what
the parser made of it: implied, moved and dropped nodes show there. It never mends. `edits` calls it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from livets.render.markup import VOID
from livets.render.strings.forest import count_nodes, grow
from livets.render.strings.tokens import LEAVES, Doubt, keys_in
from livets.render.verify import parse

DEEPEST: Final = 256
"""Nesting that is looked at: parsers and browsers have limits here, and a parser's time grows with its square."""
LARGEST_CHARS: Final = 4_000_000

_OUTLINE: Final = re.compile(
    r"""<(?:(!--)(?!-?>)(?:[^<-]|-(?!-))*--|(/?[a-zA-Z][^ \t\n\f\r/>"'=<]*)"""
    r"""[^<>"']*(?:(?:"[^"<]*"|'[^'<]*')[^<>"']*)*)>([^<]?)"""
)
_SELF_CLOSED: Final = re.compile(r"""<([a-zA-Z][^ \t\n\f\r/>"'=<]*)((?:[^<>"']|"[^"<]*"|'[^'<]*')*)/>""")
_VOID_CLOSED: Final = re.compile(
    rf"""<({"|".join(sorted(VOID))})(?=[ \t\n\f\r/])((?:[^<>"']|"[^"<]*"|'[^'<]*')*)/>""", re.IGNORECASE
)
_NEVER: Final = ("\0", "\r", "<plaintext", "<frameset", "<!doctype", "<html", "<head", "<body", "shadowrootmode")
"""What no edit can bring about; `<header` is looked at once more."""

Outline = list[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Census:
    """What the differ has to know of a string beside its text."""

    count: int
    """Nodes in all, without those inside leaves."""
    doubles: frozenset[str]
    """Keys that stand there more than once (and perhaps some that no longer do)."""
    leaves: frozenset[str]
    """Names of elements whose content has no addresses (and perhaps `ts-ignore`) that may be there."""
    foreign: bool
    """True when there may be SVG or MathML."""


def outline(source: str) -> Outline:
    """Tags, comments and texts in order, as (name, does a text follow?). Raises Doubt."""
    if "/>" in source:
        source = _SELF_CLOSED.sub(r"<\1\2></\1>", _VOID_CLOSED.sub(r"<\1\2>", source))
    found = _OUTLINE.findall(source)
    if len(found) != source.count("<"):
        raise Doubt("source that is not plain enough")
    first: Outline = [("", bool(source) and source[0] != "<")]
    return first + [(name.lower() or "!", text != "") for _, name, text in found]


def check(source: str, parent: str, namespace: str) -> Outline:
    """The outline of source that a parser reads as it is written, inside an element. Raises Doubt for other source."""
    if "/>" in source:
        # Only in SVG and MathML does the slash close an element: a comment behind it would come to stand inside.
        source = _SELF_CLOSED.sub(r"<\1\2/><!---->", _VOID_CLOSED.sub(r"<\1\2>", source))
    found = outline(source)
    if deepest(found) > DEEPEST:
        raise Doubt("too deep")
    nodes = parse(source, parent, namespace)
    read = nodes[0].html or "" if nodes else ""
    if read != source and found != outline(read):
        raise Doubt("a parser reads it differently")
    return found


def take(source: str, parent: str, namespace: str) -> Census:
    """Look at a whole string that stands inside an element. Raises Doubt when a parser would mend it."""
    if len(source) > LARGEST_CHARS or is_unfit(source):
        raise Doubt("source that has to be sent whole")
    found = check(source, parent, namespace)
    leaves = leaves_in(source)
    if leaves:
        count = count_nodes(grow(source, 0, len(source)))
    else:
        found = outline(source) if "/>" in source else found
        count = sum((name[:1] not in ("", "/")) + text for name, text in found)
    return Census(count, doubles(source), leaves, is_foreign(source))


def leaves_in(source: str) -> frozenset[str]:
    """Names of leaves. Raises Doubt for names that are not written in lower case."""
    if "<" not in source:
        return frozenset()
    lower = source.lower()
    found = frozenset(name for name in LEAVES if f"<{name}" in lower)
    if any(lower.count(f"<{name}") != source.count(f"<{name}") for name in found):
        raise Doubt("a leaf in capitals")
    return found | {"ts-ignore"} if "ts-ignore" in lower else found


def is_foreign(source: str) -> bool:
    """May there be SVG or MathML?"""
    lower = source.lower()
    return "<svg" in lower or "<math" in lower


def is_unfit(source: str) -> bool:
    """Is there something that no edit can bring about?"""
    lower = source.lower().replace("<header", "")
    return any(mark in lower for mark in _NEVER)


def deepest(found: Outline) -> int:
    """How deep elements are nested. Raises Doubt when they are not closed in order."""
    most = 0
    stack: list[str] = []
    for name, _ in found:
        if name[:1] == "/":
            if not stack or stack.pop() != name[1:]:
                raise Doubt("tags that do not match")
        elif name and name != "!" and name not in VOID:
            stack.append(name)
            most = max(most, len(stack))
    if stack:
        raise Doubt("tags that are not closed")
    return most


def doubles(source: str) -> frozenset[str]:
    """Keys that stand there more than once."""
    keys = keys_in(source)
    if len(set(keys)) == len(keys):
        return frozenset()
    return frozenset(key for key, times in Counter(keys).items() if times > 1)
