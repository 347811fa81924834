"""Attributes whose names are values: `<p {{ attrs|xmlattr }}>`. The first rendering tells which names there are.

It owns which of them can be slots, and how rendering tells one more: the template is compiled again with it, and every
page knows all of them from then on. Too many, or what can't be set by name, leave the element opaque. The builder asks
which names are known; generated code calls `only_known`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from livets.render.entities import parse_attributes
from livets.render.items import Branches, Item, Loop, Static, Value
from livets.render.values import Promoted, Site

MAX_NAMES: Final = 24
"""Names that one region may have."""
_HARD: Final = "="
"""Told instead of a name: this region has to be opaque."""
_VALUE: Final = r"""\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=`]+(?=\s|$))"""
_REGION: Final = re.compile(rf"(?:\s*[A-Za-z_][\w.:-]*(?:{_VALUE}|(?=\s|$)))*\s*")
_REFUSED: Final = re.compile(r"ts-|on|srcdoc$|xmlns|xml:|xlink:")


def told_names(items: Collection[Item], told: Iterable[Site]) -> tuple[int, list[str]] | None:
    """(number of the region, its names so far); None when it has to be opaque.

    >>> told_names([], [])
    """
    sites = [*_sites(items)]
    if not sites or None in sites:
        return None
    site = next(site for site in sites if site is not None)
    entries = [
        entry[1] for entry in told if isinstance(entry, tuple) and entry[0] == site and entry[1][:1] not in "\"'"
    ]
    return None if _HARD in entries else (site, sorted({name for entry in entries for name in entry.split()}))


def only_known(source: str, site: int, known: Collection[str]) -> str:
    """The source of a region. Raises Promoted when it has a name that is not known.

    >>> only_known(' title="a" hidden', 3, ["hidden", "title"])
    ' title="a" hidden'
    """
    names = {name for name, _ in parse_attributes(source)}
    if not names.issubset(known):
        fits = _REGION.fullmatch(source) and not any(map(_REFUSED.match, names))
        is_few = len(names.union(known)) <= MAX_NAMES
        raise Promoted((site, " ".join(sorted(names)) if fits and is_few else _HARD))
    if _REGION.fullmatch(source) is None:
        raise Promoted((site, _HARD))
    return source


def _sites(items: Iterable[Item]) -> Iterator[int | None]:
    """The numbers of the outputs; None for what can't stand among attributes."""
    for item in items:
        match item:
            case Value():
                yield item.site
            case Static():
                pass
            case Branches():
                for body in item.bodies:
                    yield from _sites(body)
            case Loop():
                yield from _sites([*item.body, *item.orelse])
            case _:
                yield None
