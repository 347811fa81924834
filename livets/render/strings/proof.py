"""Would a parser read new nodes at their place as they are written? Asked before they are sent.

It owns the two ways to know: nodes of the same make stood in the same parent before, or a parser is asked, with all
elements around. It never looks at what did not change. `edits` calls it, once for each region.
"""

from __future__ import annotations

from typing import Any, Final

from livets.render.strings.align import Pairs
from livets.render.strings.census import check
from livets.render.strings.forest import Node, grow
from livets.render.strings.places import ancestors, previous_element

_NO_TEXT: Final = frozenset(
    [
        "table",
        "tbody",
        "thead",
        "tfoot",
        "tr",
        "colgroup",
        "select",
        "optgroup",
        "pre",
        "listing",
        "textarea",
        "ruby",
        "frameset",
        "template",
    ]
)
"""Parents in which text that is more than white space may go elsewhere."""
_PARSED_BY_ATTRIBUTE: Final = frozenset({"input", "font", "annotation-xml", "template"})
_HTML_INSIDE: Final = frozenset({"foreignobject", "desc", "title", "annotation-xml", "mi", "mo", "mn", "ms", "mtext"})


_BLANK: Final = "# "
"""White space may stand everywhere."""


def can_hold_text(parent: str | None) -> bool:
    """May white space become text, and text white space, without asking a parser?"""
    return parent is not None and parent not in _NO_TEXT


def make(node: Node) -> Any:
    """What decides how a parser reads a node: names, and where there is text."""
    if node.kind != "<":
        return node.kind + " " * node.is_blank
    if node.leaf or node.name in _PARSED_BY_ATTRIBUTE:
        return node.tag if not node.leaf else node.source
    return (node.name, *map(make, node.children)) if node.children else node.name


class Proof:
    """Answers for one region at a time."""

    def __init__(self, old: str, new: str, parent: str, namespace: str, foreign: bool) -> None:
        self._old = old
        self._parent, self._namespace = parent, namespace
        self._foreign = foreign
        self._start = 0
        self._chain: tuple[list[str], list[str]] | None = None
        self.names: list[str] = []
        """Elements of the region around the siblings at hand, the outermost first."""

    def at(self, start: int) -> None:
        """The region that is looked at from now on begins here in the old source."""
        self._start, self._chain, self.names = start, None, []

    def accept(self, parent: str | None, before: list[Node], after: list[Node], pairs: Pairs, steps: list[Any]) -> None:
        """Raises Doubt when a run of siblings may not become what the script says."""
        fresh = [node for index, node in enumerate(after) if index not in pairs]
        if not fresh:
            return
        if not self._foreign and self._has_models(before, fresh):
            wrapper = ""
        else:
            tags, names = self._around()
            names = [*names, *self.names]
            opened = "".join([*tags, *(f"<{name}>" for name in self.names)])
            closed = "".join(f"</{name}>" for name in reversed(names))
            check(f"{opened}{''.join(node.source for node in after)}{closed}", self._parent, self._namespace)
            wrapper = _namespace_of(self._namespace, [self._parent, *names])
        for step in steps:
            if type(step) is str and "<" in step:
                check(f"<{wrapper}>{step}</{wrapper}>" if wrapper else step, "template", "")

    def _has_models(self, before: list[Node], fresh: list[Node]) -> bool:
        """Did nodes of the same make stand beside these?"""
        models = {make(node) for node in before}
        wanted = {make(node) for node in fresh} - models - {_BLANK}
        if not wanted:
            return True
        if self.names:
            return False
        span = previous_element(self._old, self._start)
        if span is not None:
            wanted.discard(make(grow(self._old, *span)[0]))
        return not wanted

    def _around(self) -> tuple[list[str], list[str]]:
        """Start tags and names of the elements around the region, the outermost first."""
        if self._chain is None:
            tags = ancestors(self._old, self._start)
            self._chain = ([self._old[tag.start : tag.end] for tag in tags], [tag.name for tag in tags])
        return self._chain


def _namespace_of(namespace: str, names: list[str]) -> str:
    """The namespace of what stands inside all these: "svg", "math", or "" for HTML."""
    for name in names:
        if name in ("svg", "math"):
            namespace = name
        elif name in _HTML_INSIDE and namespace:
            namespace = ""
    return namespace
