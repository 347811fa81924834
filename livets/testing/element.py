"""An element of a page, as tests hold it: what it shows, what may be asserted of it, what a person can do with it.

Owns nothing but the reference. An element found once stays usable while it is on the page; when its nodes were built
again, the query that found it is asked again. Made by `Page.find` and `Page.select`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from livets.mirror.nodes import Node, html_of
from livets.testing import controls, forms
from livets.testing.errors import Gone, NotFound, TestingError
from livets.testing.finder import Finder
from livets.testing.queries import Query, Text, fits, outline, page_html
from livets.testing.roles import names_of, role_of, text_of
from livets.testing.steps import Step

if TYPE_CHECKING:
    from livets.testing.document import Document


class Holder(Protocol):
    """What an element asks of its page."""

    @property
    def document(self) -> Document:
        """What is shown."""

    def act(self, element: Element | None, action: str, *args: Any, wait: bool = True) -> Step[None]:
        """Do something with an element."""

    def submit(self, form: Element, data: Mapping[str, Any], *, wait: bool = True) -> Step[None]:
        """Fill a form and submit it."""

    def is_hidden(self, node: Node) -> bool:
        """Whether a style sheet hides it."""


class Element(Finder["Element"]):
    """One element. Actions are awaited; everything else looks at the page as it is now."""

    def __init__(self, page: Holder, node: Node, query: Query | None, within: Element | None = None) -> None:
        self._page = page
        self._number = node.number
        self._outline = outline(node)
        self._query = query
        self._within = within

    def __repr__(self) -> str:
        return f"<Element {self._outline}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Element) and other._page is self._page and other._number == self._number

    def __hash__(self) -> int:
        return hash(self._number)

    # What it shows

    @property
    def node(self) -> Node:
        """Its node in the page's tree. Raises Gone."""
        document = self._page.document
        node = document.by_number(self._number)
        if node is None and self._query is not None:
            try:
                node = self._query.one(document, self._within.node if self._within is not None else None)
            except NotFound as error:
                raise Gone(f"{self._outline} is no longer on the page: {error}") from None
            self._number = node.number
        if node is None:
            raise Gone(f"{self._outline} is no longer on the page; find it again.\n{page_html(document)}")
        return node

    @property
    def exists(self) -> bool:
        """Whether it is still on the page."""
        try:
            return self.node is not None
        except Gone:
            return False

    @property
    def tag(self) -> str:
        """The tag name, in lower case."""
        return self.node.tag

    @property
    def text(self) -> str:
        """The text inside, white space as a person sees it."""
        return text_of(self.node)

    @property
    def html(self) -> str:
        """Its HTML, with itself."""
        return html_of([self.node])

    @property
    def attributes(self) -> dict[str, str]:
        """Its attributes; those without a value are ""."""
        return dict(self.node.attributes)

    @property
    def classes(self) -> list[str]:
        """Its classes."""
        return self.node.attributes.get("class", "").split()

    @property
    def role(self) -> str:
        """Its role, given or implied by the tag."""
        return role_of(self.node)

    @property
    def label(self) -> str:
        """What assistive technology calls it."""
        return next(iter(names_of(self._page.document, self.node)), "")

    @property
    def value(self) -> Any:
        """What the control holds now: text, or for a select of several values their list."""
        node = self.node
        if node.tag == "select" and "multiple" in node.attributes:
            return [controls.value_of(option) for option in controls.selected_of(node)]
        return controls.value_of(node)

    @property
    def is_checked(self) -> bool:
        """The check mark as it is now; of an option: whether it is chosen."""
        return controls.is_checked(self.node)

    @property
    def is_enabled(self) -> bool:
        """False when it or a fieldset around it is disabled, or it says so with `aria-disabled`."""
        return not forms.is_disabled(self.node) and self.node.attributes.get("aria-disabled") != "true"

    @property
    def is_visible(self) -> bool:
        """False when it, or something around it, is hidden by HTML (a browser also knows the style sheets)."""
        return forms.hidden_by(self.node) is None and not self._page.is_hidden(self.node)

    @property
    def is_focused(self) -> bool:
        """Whether it has the focus."""
        return self._page.document.focused is self.node

    # Further in: `find`, `select`, `has`, `texts`

    def _where(self) -> tuple[Document, Node]:
        return self._page.document, self.node

    def _element(self, node: Node, query: Query | None) -> Element:
        return Element(self._page, node, query, self)

    # Assertions: they raise, and return the element

    def has_text(self, text: Text) -> Element:
        """Its whole text is this (a pattern may match a part), or AssertionError."""
        return self._expect(fits(text, self.text), "text", text, self.text)

    def contains_text(self, part: str) -> Element:
        """Its text contains this, or AssertionError."""
        return self._expect(part in self.text, "text that contains", part, self.text)

    def has_value(self, value: Any) -> Element:
        """The control holds this now, or AssertionError."""
        return self._expect(self.value == value, "the value", value, self.value)

    def has_class(self, name: str) -> Element:
        """It has this class, or AssertionError."""
        return self._expect(name in self.classes, "the class", name, " ".join(self.classes))

    def has_attribute(self, name: str, value: str | None = None) -> Element:
        """It has this attribute (with this value), or AssertionError."""
        now = self.node.attributes.get(name)
        return self._expect(now is not None and value in (None, now), f"the attribute {name}", value, now)

    def _expect(self, is_so: bool, what: str, wanted: Any, found: Any) -> Element:
        if not is_so:
            wanted = wanted.pattern if isinstance(wanted, re.Pattern) else wanted
            raise TestingError(f"{outline(self.node)} should have {what} {wanted!r}; it has {found!r}")
        return self

    # What a person does with it; each waits until what follows from it is shown

    def click(self, *held: str, wait: bool = True) -> Step[None]:
        """Click on it; `held`: "ctrl", "shift", "alt", "meta". `wait=False`: do not wait for the handler."""
        return self._do("click", *([frozenset(held)] if held else []), wait=wait)

    def double_click(self, *, wait: bool = True) -> Step[None]:
        """Click on it twice."""
        return self._do("double_click", wait=wait)

    def hover(self, *, wait: bool = True) -> Step[None]:
        """Move the pointer onto it."""
        return self._do("hover", wait=wait)

    def focus(self, *, wait: bool = True) -> Step[None]:
        """Give it the focus; what had it before tells that it was changed."""
        return self._do("focus", wait=wait)

    def blur(self, *, wait: bool = True) -> Step[None]:
        """Take the focus away from it."""
        return self._do("blur", wait=wait)

    def fill(self, text: str, *, wait: bool = True) -> Step[None]:
        """Replace what stands in a text control."""
        return self._do("fill", text, wait=wait)

    def type(self, text: str, *, wait: bool = True) -> Step[None]:
        """Type at the end of a text control, key by key."""
        return self._do("type", text, wait=wait)

    def press(self, keys: str, *, wait: bool = True) -> Step[None]:
        """Press a key here: "Enter", "Escape", "a", "Control+k"."""
        return self._do("press", keys, wait=wait)

    def choose(self, *options: str, wait: bool = True) -> Step[None]:
        """Choose options of a select, by value or text."""
        return self._do("choose", list(options), wait=wait)

    def check(self, *, wait: bool = True) -> Step[None]:
        """Tick a check box or radio button."""
        return self._do("set_checked", True, wait=wait)

    def uncheck(self, *, wait: bool = True) -> Step[None]:
        """Untick a check box."""
        return self._do("set_checked", False, wait=wait)

    def submit(self, *, wait: bool = True, **data: Any) -> Step[None]:
        """Fill the form's controls by name, then submit it as its first button does."""
        return self._page.submit(self, data, wait=wait)

    def _do(self, action: str, *args: Any, wait: bool) -> Step[None]:
        return self._page.act(self, action, *args, wait=wait)
