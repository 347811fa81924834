"""The selectors that most tests are written with, asked of the tree itself: `h1`, `#name`, `.done`, `li.done`.

Owns which selectors are that simple, and what fits them, as lexbor would say. All others get None and are lexbor's,
which needs a parsed copy of the page first. Used by `document`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from livets.mirror.nodes import Node

Fits = Callable[[Node], bool]

_NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
_SIMPLE = re.compile(rf"(?P<tag>[a-z][a-z0-9]*|\*)?(?:#(?P<id>{_NAME}))?(?P<classes>(?:\.{_NAME})*)")


@lru_cache(500)
def simple(selector: str) -> Fits | None:
    """Whether an element fits a selector of a tag, an id and classes; None for any other selector.

    >>> simple("li.done")(Node("element", "li"))
    False
    >>> simple("ul > li") is None
    True
    """
    found = _SIMPLE.fullmatch(selector)
    if found is None or not selector:
        return None
    tag, id, classes = found["tag"], found["id"], set(found["classes"].split(".")[1:])
    any_tag = tag is None or tag == "*"
    if id is None and not classes:
        return lambda node: any_tag or node.tag.lower() == tag

    def fits(node: Node) -> bool:
        if not (any_tag or node.tag.lower() == tag) or (id is not None and node.attributes.get("id") != id):
            return False
        return not classes or classes <= set(node.attributes.get("class", "").split())

    return fits
