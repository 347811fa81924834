"""A page as tests hold it: what it shows, what the server knows of it, what a person does on it.

Owns no machinery: an engine (this process, or a browser) shows the page, the host knows the application. Made by
`Client.open` and `Client.mount`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from livets.live import LiveView
from livets.mirror.nodes import Node, html_of
from livets.testing import filling, freshness
from livets.testing.connection import Patch, Sent
from livets.testing.document import Document
from livets.testing.element import Element
from livets.testing.engine import Engine
from livets.testing.errors import NoPage, Refused
from livets.testing.finder import Finder
from livets.testing.queries import Query, Text
from livets.testing.roles import text_of
from livets.testing.steps import Step, Steps

if TYPE_CHECKING:
    from livets.testing.host import Host
    from livets.transport.resident import Resident


class Page(Finder[Element]):
    """One open page of the application. Actions are awaited; everything else looks at the page as it is now."""

    def __init__(self, engine: Engine, host: Host, *, check: bool) -> None:
        self.engine = engine
        self.steps = Steps()
        self.goes_on = False
        """True while a handler runs that a test did not want to wait for."""
        self._host = host
        self._check = check
        self._refused = 0
        self._checked: tuple[str, int] = ("", -1)

    def __repr__(self) -> str:
        return f"<Page {self.engine.url}>"

    # What it shows

    @property
    def document(self) -> Document:
        """The tree of nodes; most tests need `find` and `select` only."""
        self.steps.check()
        return self.engine.document

    @property
    def html(self) -> str:
        """The HTML of the live view, as it is now, without livets' marker comments."""
        return html_of((self.document.root or self.document.body).children)

    @property
    def text(self) -> str:
        """The text of the page, white space as a person sees it."""
        return text_of(self.document.body)

    @property
    def title(self) -> str:
        """The document's title."""
        return self.document.title

    @property
    def url(self) -> str:
        """Path and query."""
        return self.engine.url

    def _where(self) -> tuple[Document, None]:
        return self.document, None

    def _element(self, node: Node, query: Query | None) -> Element:
        return Element(self, node, query)

    @property
    def focused(self) -> Element | None:
        """The element that has the focus."""
        node = self.document.focused
        return None if node is None else Element(self, node, None)

    # What the server knows

    @property
    def view(self) -> LiveView:
        """The view itself, running in this process. Look, and leave changes to events."""
        return self._resident.runner.view

    @property
    def state(self) -> Mapping[str, Any]:
        """The view's declared fields."""
        view = self.view
        values = view.__dict__
        names = [name for name in view.__livets__.fields if name in values and name != "title"]
        return MappingProxyType({name: values[name] for name in names})

    @property
    def patches(self) -> list[Patch]:
        """Every patch that has come, each with `diff` and `size` in bytes."""
        self.steps.check()
        return self.engine.patches

    @property
    def sent(self) -> list[Sent]:
        """Every message that the page has sent, each with `message` and `size` in bytes."""
        self.steps.check()
        return self.engine.sent

    @property
    def pushed(self) -> list[tuple[str, Any]]:
        """What the server has pushed to client hooks: name and payload."""
        return self.engine.pushed

    @property
    def errors(self) -> list[Refused]:
        """What the page was told about events that were refused or failed."""
        return self.engine.refusals

    @property
    def questions(self) -> list[str]:
        """What `ts-confirm` has asked, in order. The answer is yes, but inside of `declining()`."""
        return self.engine.questions.asked

    @property
    def _resident(self) -> Resident:
        self.steps.check()
        resident = self._host.resident(self.engine.view_id)
        if resident is None:
            raise NoPage(f"{self.url} is no live page, or its view has ended", self.engine.status)
        return resident

    # What a person does; each waits until what follows from it is shown, on every page

    def press(self, keys: str, *, wait: bool = True) -> Step[None]:
        """Press a key where the focus is: "Enter", "Escape", "Tab", "a", "Control+k"."""
        return self.act(None, "press", keys, wait=wait)

    def declining(self) -> AbstractContextManager[list[str]]:
        """`with page.declining() as questions:` says no to every `ts-confirm`, and collects what was asked."""
        return self.engine.questions.declining()

    def go(self, url: str) -> Step[None]:
        """Type another address of the application into this page."""
        return self.steps.step(f"go({url!r})", self._go, url)

    def back(self) -> Step[None]:
        """Press the browser's back button."""
        return self.steps.step("back()", self._travel, -1)

    def forward(self) -> Step[None]:
        """Press the browser's forward button."""
        return self.steps.step("forward()", self._travel, 1)

    def settle(self) -> Step[None]:
        """Wait until everything that is under way has happened and is shown."""
        return self.steps.step("settle()", self._rest)

    def wait_for(
        self,
        what: str | Callable[[], Any] = "",
        *,
        text: Text | None = None,
        label: Text | None = None,
        role: str | None = None,
        timeout_s: float | None = None,
    ) -> Step[Any]:
        """Wait until an element is there (its Element is returned), or until a function returns something true.

        Asked again at every change of a page; no sleeping. Raises TimedOut after `timeout_s` seconds.
        """
        return self.steps.step("wait_for(…)", self._wait_for, what, text, label, role, timeout_s)

    def disconnect(self) -> Step[None]:
        """Lose the connection, as in a tunnel; events made meanwhile wait in the page."""
        return self.steps.step("disconnect()", self.engine.disconnect)

    def reconnect(self) -> Step[None]:
        """The connection is back: the page resumes its view."""
        return self.steps.step("reconnect()", self._reconnect)

    def close(self) -> Step[None]:
        """Close the page."""
        return self.steps.step("close()", self._close)

    def act(self, element: Element | None, action: str, *args: Any, wait: bool = True) -> Step[None]:
        """For `Element`: an action of `Gestures`."""
        words = f"{action}() on {element!r}" if element is not None else f"{action}()"
        return self.steps.step(words, self._act, element, action, args, wait)

    def submit(self, form: Element, data: Mapping[str, Any], *, wait: bool = True) -> Step[None]:
        """For `Element.submit`."""
        return self.steps.step(f"submit() of {form!r}", self._submit, form, data, wait)

    def is_hidden(self, node: Node) -> bool:
        """Whether style sheets hide it, where they are known."""
        return node.number in getattr(self.engine, "hidden", ())

    # How

    async def _act(self, element: Element | None, action: str, args: tuple[Any, ...], wait: bool) -> None:
        await self.engine.act(action, None if element is None else element.node, *args)
        await self._after(wait)

    async def _submit(self, form: Element, data: Mapping[str, Any], wait: bool) -> None:
        await filling.submit(self.engine, form.node, data)
        await self._after(wait)

    async def _go(self, url: str) -> None:
        try:
            await self.engine.load(url)
        except NoPage:
            self._host.failures.check()
            raise
        await self._after(True)

    async def _travel(self, step: int) -> None:
        await self.engine.travel(step)
        await self._after(True)

    async def _after(self, wait: bool) -> None:
        if wait:
            await self._host.rest()
        else:
            self.goes_on = True

    async def _rest(self) -> None:
        self.goes_on = False
        await self._host.rest()

    def look(self) -> None:
        """Note refused events as errors, and check that the page shows the state."""
        failures = self._host.failures
        for refusal in self.engine.refusals[self._refused :]:
            if refusal.code not in ("handler_failed", "render_failed"):
                failures.note(refusal)
        self._refused = len(self.engine.refusals)
        state = (self.engine.view_id, len(self.engine.received))
        if self._check and not self.goes_on and state != self._checked and not failures.raised:
            resident = self._host.resident(state[0])
            root = self.engine.document.root
            if resident is not None and resident.page is not None and root is not None:
                freshness.check(resident.runner, root.children, self.url)
            self._checked = state

    async def _wait_for(
        self,
        what: str | Callable[[], Any],
        text: Text | None,
        label: Text | None,
        role: str | None,
        timeout_s: float | None,
    ) -> Any:
        if callable(what):
            value = await self._host.wait_until(what, getattr(what, "__qualname__", repr(what)), timeout_s)
            self._host.failures.check()
            return value
        query = Query(what, text, label, role)

        def found() -> list[Node]:
            self._host.failures.check()
            return query.all(self.engine.document)

        nodes = await self._host.wait_until(found, f"{query} on {self.url}", timeout_s)
        return Element(self, nodes[0], query)

    async def _reconnect(self) -> None:
        await self.engine.reconnect()
        await self._rest()

    async def _close(self) -> None:
        await self.engine.close()
        if self in self._host.pages:
            self._host.pages.remove(self)
        await self._host.settle()
