"""Character references and attributes of source HTML, decoded as an HTML parser would.

It owns decoding only; escaping is markupsafe's. The compiler uses it for statics, the slots for raw strings.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from html.entities import html5
from typing import Final

_IN_ATTRIBUTE: Final = re.compile(r"(&(?:#[xX]?[0-9a-fA-F]+;?|[A-Za-z][A-Za-z0-9]*;?))(=?)")
_OPEN_REFERENCE: Final = re.compile(r"&[#\w]*$")
_ATTRIBUTE: Final = re.compile(
    r"""[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?""",
)


def decode_text(source: str) -> str:
    """Text as a parser would read it."""
    return unescape(source) if "&" in source else source


def decode_attribute(source: str) -> str:
    """An attribute's value as a parser would read it.

    >>> decode_attribute("&lt;=&copy=1&#61;=&copy")
    '<=&copy=1==©'
    """
    if "&" not in source:
        return source

    def replace(found: re.Match[str]) -> str:
        reference, equals = found.groups()
        if reference[1] == "#":
            return unescape(reference) + equals
        known = html5.get(reference[1:])
        if known is None or (equals and not reference.endswith(";")):
            return reference + equals  # a longer name, or the name of a URL's parameter
        return known + equals

    return _IN_ATTRIBUTE.sub(replace, source)


def may_continue(source: str) -> bool:
    """True when what follows `source` could become part of a character reference."""
    return _OPEN_REFERENCE.search(source) is not None


@lru_cache(maxsize=2048)
def parse_attributes(source: str) -> tuple[tuple[str, str], ...]:
    """(name, value) of a piece of a start tag; the first of two equal names wins."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(source):
        name = match.group(1).lower()
        value = next((part for part in match.groups()[1:] if part is not None), "")
        found.setdefault(name, decode_attribute(value))
    return tuple(found.items())


def tidy(value: str) -> str:
    """Text as it is after a parser has read it: line ends are "\\n", NUL is gone."""
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


_SVG_NAMES: Final = """
attributeName attributeType baseFrequency baseProfile calcMode clipPathUnits diffuseConstant edgeMode
filterUnits glyphRef gradientTransform gradientUnits kernelMatrix kernelUnitLength keyPoints keySplines keyTimes
lengthAdjust limitingConeAngle markerHeight markerUnits markerWidth maskContentUnits maskUnits numOctaves
pathLength patternContentUnits patternTransform patternUnits pointsAtX pointsAtY pointsAtZ preserveAlpha
preserveAspectRatio primitiveUnits refX refY repeatCount repeatDur requiredExtensions requiredFeatures
specularConstant specularExponent spreadMethod startOffset stdDeviation stitchTiles surfaceScale systemLanguage
tableValues targetX targetY textLength viewBox viewTarget xChannelSelector yChannelSelector zoomAndPan
"""
SVG_ATTRIBUTES: Final = {name.lower(): name for name in _SVG_NAMES.split()}
"""Attribute names that a parser changes the case of inside svg."""
