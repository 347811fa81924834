"""HTML source as tokens, by a grammar that is stricter than a browser's: what it refuses, is doubt.

It owns the patterns. In source that it accepts every `<` begins a token, so that tokens can be found from anywhere,
forwards and backwards. It never builds trees. Everything in `strings` reads source by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.entities import html5
from typing import Final, NamedTuple

from livets.render.markup import VOID
from livets.render.verify import parse as fragment_in

LEAVES: Final = frozenset(
    ["textarea", "title", "script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "template"]
)
"""Elements whose content has no addresses (docs/protocol.md); those with `ts-ignore` are such, too."""

_SPACE: Final = r"[ \t\n\f\r]"
_ATTRIBUTE: Final = rf"""[^ \t\n\f\r"'<>/=]+(?:{_SPACE}*={_SPACE}*(?:"[^"<]*"|'[^'<]*'|[^ \t\n\f\r"'<>=`]+))?"""
TOKEN: Final = re.compile(
    rf"<([a-zA-Z][^ \t\n\f\r/>\"'=<]*)((?:{_SPACE}+{_ATTRIBUTE})*){_SPACE}*(/?)>"
    rf"|</([a-zA-Z][^ \t\n\f\r/><]*){_SPACE}*>"
    r"|<!--(?!-?>)((?:[^<-]|-(?!-))*)-->"
    r"|([^<]+)"
)
"""Groups: name, attributes and slash of a start tag; name of an end tag; comment; text."""
_KEY: Final = re.compile(
    rf"""{_SPACE}(ts-key|id|data-key){_SPACE}*={_SPACE}*(?:"([^"<]*)"|'([^'<]*)'|([^ \t\n\f\r"'<>=`]+))""",
    re.IGNORECASE,
)
_ONLY_KEY: Final = re.compile(rf"""[^=]*{_SPACE}(?:ts-key|id|data-key)="([^"<&]+)"[^=]*""")
"""A tag with no other value than its key, as most rows have."""
_KEY_MARKS: Final = (' id="', ' ts-key="', ' data-key="')
_ODD_KEYS: Final = (
    "id =",
    "key =",
    "id\n",
    "key\n",
    "ID",
    "KEY",
    "Key",
    "\nid=",
    "\tid=",
    "\nts-",
    "\tts-",
    "\ndata-",
    "\tdata-",
)
"""Spellings that only the pattern knows."""
_REFERENCE: Final = re.compile(r"&(?:([A-Za-z][A-Za-z0-9]*;)|#(3[2-9]|[4-9][0-9]|1[0-2][0-6]);|#x(2[0-9A-Fa-f]);)?")
DROPS_LINE_END: Final = frozenset({"pre", "listing", "textarea"})
"""Elements in which a parser drops a line end at the start."""
SPACES: Final = " \t\n\f\r"


class Doubt(Exception):
    """Source that is not understood well enough: something bigger has to be sent."""


class Token(NamedTuple):
    """A token and where it stands in the source."""

    kind: str
    """`<` start tag, `/` end tag, `0` an element without content, `!` comment, `#` text."""
    name: str
    start: int
    end: int


def read(found: re.Match[str]) -> Token:
    """A match as a token."""
    kind = found.lastindex  # the last group that took part says which alternative it was
    start, end = found.span()
    if kind == 3:
        name = found[1].lower()
        return Token("0" if found[3] or name in VOID else "<", name, start, end)
    if kind == 4:
        return Token("/", found[4].lower(), start, end)
    return Token("!" if kind == 5 else "#", "", start, end)


def tokens(source: str, start: int, end: int) -> Iterator[Token]:
    """The tokens between two places, which must be token boundaries. Raises Doubt."""
    match = TOKEN.match
    while start < end:
        found = match(source, start)
        if found is None or found.end() > end:
            raise Doubt("not a token")
        yield read(found)
        start = found.end()


def before(source: str, place: int) -> Token:
    """The token which ends at a place > 0. Raises Doubt."""
    begin = source.rfind("<", 0, place)
    if begin < 0:
        return Token("#", "", 0, place)
    found = TOKEN.match(source, begin)
    end = found.end() if found is not None else place + 1
    if found is None or end > place:
        raise Doubt("not a token")
    return read(found) if end == place else Token("#", "", end, place)


def is_blank(source: str, start: int, end: int) -> bool:
    """White space only?"""
    return not source[start:end].strip(SPACES)


def key_of(source: str, tag: Token) -> str | None:
    """The key of an element, by its start tag; `ts-key`, else `id`, else `data-key`."""
    return key_in(source[tag.start : tag.end])


def key_in(tag: str) -> str | None:
    """The key that a start tag says."""
    only = _ONLY_KEY.fullmatch(tag)
    if only is not None:
        return only[1]
    found: dict[str, str] = {}
    for name, double, single, bare in _KEY.findall(tag):
        found.setdefault(name.lower(), double or single or bare)
    if not found:
        return None
    key: str | None = found.get("ts-key") or found.get("id") or found.get("data-key")
    return key if key and "&" not in key else None


def keys_in(source: str) -> list[str]:
    """All that may be a key, also more than one of an element."""
    if "=" not in source:
        return []
    if all(source.count(f"{name}=") == source.count(f'{name}="') for name in ("id", "key")) and not any(
        mark in source for mark in _ODD_KEYS
    ):
        # Cutting is ten times as fast as the pattern.
        return [piece.partition('"')[0] for mark in _KEY_MARKS for piece in source.split(mark)[1:]]
    return [double or single or bare for _, double, single, bare in _KEY.findall(source)]


def decoded(source: str, *, attribute: bool = False) -> str:
    """Text or an attribute's value as it is in the page.

    >>> decoded("a &amp; b &lt"), decoded("?a=1&lt=2", attribute=True)
    ('a & b <', '?a=1&lt=2')
    """
    if "&" not in source:
        return source
    if all(number or hexadecimal or name in html5 for name, number, hexadecimal in _REFERENCE.findall(source)):
        return unescape(source)
    if not attribute:
        return fragment_in(f"<p>{source}", "", "")[0].text(deep=True)
    quote = "'" if '"' in source else '"'
    return fragment_in(f"<p a={quote}{source}{quote}>", "", "")[0].attributes["a"] or ""
