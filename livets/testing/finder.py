"""Looking for elements: the same four questions to a page and to an element.

Owns `find`, `select`, `has` and `texts`. Where is looked, and what an element is wrapped in, the heirs say. The base of
`Page` and `Element`.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from livets.mirror.nodes import Node
from livets.testing.document import Document
from livets.testing.queries import Query, Text
from livets.testing.roles import text_of

E = TypeVar("E")


class Finder(Generic[E]):
    """Something in which elements are found."""

    def _where(self) -> tuple[Document, Node | None]:
        """The document, and the node to look inside of (None: everywhere)."""
        raise NotImplementedError

    def _element(self, node: Node, query: Query | None) -> E:
        """The element of a node; `query` finds it again when its nodes were built anew."""
        raise NotImplementedError

    def find(self, css: str = "", *, text: Text | None = None, label: Text | None = None, role: str | None = None) -> E:
        """The only element that fits everything given.

        `text`: its whole text; `label`: what it is called (label, `aria-label`, a button's text, placeholder); both may
        be a compiled pattern, which may match a part. Raises NotFound, with what is near and the HTML.
        """
        query = Query(css, text, label, role)
        return self._element(query.one(*self._where()), query)

    def select(
        self, css: str = "", *, text: Text | None = None, label: Text | None = None, role: str | None = None
    ) -> list[E]:
        """All elements that fit, in document order; perhaps none."""
        return [self._element(node, None) for node in Query(css, text, label, role).all(*self._where())]

    def has(
        self, css: str = "", *, text: Text | None = None, label: Text | None = None, role: str | None = None
    ) -> bool:
        """Whether any element fits."""
        return bool(Query(css, text, label, role).all(*self._where()))

    def texts(self, css: str) -> list[str]:
        """The texts of all elements that fit a CSS selector."""
        return [text_of(node) for node in Query(css).all(*self._where())]
