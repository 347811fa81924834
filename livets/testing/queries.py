"""Finding elements as people name them: by CSS selector, text, label and role; and saying well that nothing was found.

Owns what fits a query and the message when nothing does (what is near, and the HTML). Used by `page` and `element`.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from livets.mirror.nodes import Node, html_of
from livets.testing.document import Document
from livets.testing.errors import NotFound
from livets.testing.roles import names_of, role_of, text_of

Text = str | re.Pattern[str]
_NEAR = 5
_HTML_CHARACTERS = 3000


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for; everything given must fit."""

    css: str = ""
    text: Text | None = None
    """The whole text of the element, white space aside; a pattern may match a part."""
    label: Text | None = None
    """What the element is called: its label, `aria-label`, `alt`, `title`, placeholder, or a button's text."""
    role: str | None = None

    def __str__(self) -> str:
        parts = [repr(self.css)] if self.css else []
        for name, value in (("text", self.text), ("label", self.label), ("role", self.role)):
            if value is not None:
                parts.append(f"{name}={value.pattern if isinstance(value, re.Pattern) else value!r}")
        return ", ".join(parts)

    def all(self, document: Document, within: Node | None = None) -> list[Node]:
        """Everything that fits, in document order."""
        if not (self.css or self.text is not None or self.label is not None or self.role is not None):
            raise NotFound("find(…) must be told what to look for: a CSS selector, text=, label= or role=")
        nodes = document.css(self.css or "body *", within)
        if self.role is not None:
            nodes = [node for node in nodes if role_of(node) == self.role]
        if self.label is not None:
            label = self.label
            nodes = [node for node in nodes if any(fits(label, name) for name in names_of(document, node))]
        if self.text is not None:
            text = self.text
            nodes = [node for node in nodes if fits(text, text_of(node))]
        if not self.css and self.role is None:
            # The innermost say it; what is around them only contains them.
            outer = {id(each) for node in nodes for each in node.around() if each is not node}
            nodes = [node for node in nodes if id(node) not in outer]
        return nodes

    def one(self, document: Document, within: Node | None = None) -> Node:
        """The only one that fits. Raises NotFound."""
        nodes = self.all(document, within)
        if len(nodes) == 1:
            return nodes[0]
        if nodes:
            shown = "\n".join(f"  {number}. {outline(node)}" for number, node in enumerate(nodes[:_NEAR], 1))
            more = f"\n  … and {len(nodes) - _NEAR} more" if len(nodes) > _NEAR else ""
            raise NotFound(
                f"{len(nodes)} elements fit find({self}), and it is not clear which is meant:\n{shown}{more}\n"
                f"Say more (text=, label=, role=, an #id), or take one of `select({self})`."
            )
        raise NotFound(self._missing(document, within))

    def _missing(self, document: Document, within: Node | None) -> str:
        near = self._near(document, within)
        shown = "\n".join(f"  {outline(node)}" for node in near)
        hint = f"\nNear to it:\n{shown}" if near else ""
        where = "" if within is None else f" inside {outline(within)}"
        return f"no element fits find({self}){where}.{hint}\n{page_html(document, within)}"

    def _near(self, document: Document, within: Node | None) -> list[Node]:
        """Elements that fit a part of the query, the likeliest first."""
        wanted = [value for value in (self.text, self.label) if value is not None]
        words = [value.pattern if isinstance(value, re.Pattern) else value for value in wanted]
        words = words or [self.css or self.role or ""]
        found: list[tuple[float, Node]] = []
        fits_css = {id(node) for node in document.css(self.css, within)} if self.css else set()
        for node in document.css("body *", within):
            names = [text_of(node)[:100], *names_of(document, node)] if wanted else []
            if not wanted:
                classes = [f".{name}" for name in node.attributes.get("class", "").split()]
                names = [node.tag, *classes, "#" + node.attributes.get("id", ""), role_of(node)]
                names += [f"{node.tag}{name}" for name in names[1:]]
            score = max(difflib.SequenceMatcher(None, word, name).ratio() for word in words for name in names or [""])
            score += 0.5 * (id(node) in fits_css) + 0.25 * (self.role is not None and role_of(node) == self.role)
            found.append((score, node))
        found.sort(key=lambda pair: -pair[0])
        return [node for score, node in found[:_NEAR] if score >= 0.5]


def fits(wanted: Text, text: str) -> bool:
    """Whether a text is the wanted one; a pattern may match a part of it."""
    if isinstance(wanted, re.Pattern):
        return wanted.search(text) is not None
    return " ".join(wanted.split()) == text


def outline(node: Node) -> str:
    """An element in one line."""
    html = " ".join(html_of([node]).split())
    return html if len(html) <= 160 else html[:157] + "…"


def page_html(document: Document, within: Node | None = None) -> str:
    """The HTML that a message ends with."""
    node = within or document.root or document.body
    html = html_of(node.children).strip()
    cut = f"\n… ({len(html) - _HTML_CHARACTERS} more characters)" if len(html) > _HTML_CHARACTERS else ""
    return f"The HTML is:\n{html[:_HTML_CHARACTERS]}{cut}"
