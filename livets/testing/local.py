"""A page in this process: the HTTP response parsed, the protocol spoken, patches applied to a model of the DOM.

Owns the life of one page: load, join, gestures, navigation, resume. Everything on the way is real except the browser:
the application answers HTTP and WebSocket calls through ASGI. One of the two engines behind `Page`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec

from livets.mirror.liveroot import LiveRoot
from livets.mirror.misfit import Misfit
from livets.mirror.nodes import Node, parse_document
from livets.testing import asgi
from livets.testing.connection import Connection, Patch, Received, Sent
from livets.testing.controls import Controls
from livets.testing.document import Document
from livets.testing.errors import NoPage, NotPossible, Refused
from livets.testing.events import Events, Push
from livets.testing.gestures import Gestures
from livets.testing.history import History
from livets.testing.questions import Questions
from livets.wire import ReservedOp

_MAX_REDIRECTS = 10
_PLAIN_PATH = re.compile(r"/(?:[A-Za-z0-9_-]+/?)*")
"""Nothing in it for a browser to work out."""
_PUSH, _REPLACE, _LEAVE = range(3)


class LocalPage:
    """The engine of pages without a browser."""

    def __init__(self, app: asgi.App, cookies: asgi.Cookies) -> None:
        self._app = app
        self._cookies = cookies
        self._connection: Connection | None = None
        self._root: LiveRoot | None = None
        self._controls = Controls()
        self._gestures: Gestures
        self._next: tuple[str, str, list[tuple[str, Any]]] | None = None
        self.document: Document
        self.url = ""
        self.status = 0
        self._history = History()
        self.refusals: list[Refused] = []
        self.pushed: list[tuple[str, Any]] = []
        self.questions = Questions()
        self.on_change: Callable[[], None] = lambda: None
        self.misfit: Misfit | None = None

    # The page's life

    async def load(self, url: str) -> None:
        """GET a page and join its view. Raises NoPage and Refused."""
        await self._visit("GET", url, [])

    async def travel(self, step: int) -> None:
        """Back (-1) or forward (1). Raises NotPossible at the end of the history."""
        found = self._history.travel(step)
        if found is None:
            raise NotPossible("there is no page to go to: the history ends here")
        url, is_here = found
        if is_here and self._connection is not None:
            self.url = url
            self._connection.push("@params", {}, {}, [url])
        else:
            await self._visit("GET", url, [], is_travel=True)

    async def _visit(self, method: str, url: str, data: list[tuple[str, Any]], *, is_travel: bool = False) -> None:
        await self.close()
        for _ in range(_MAX_REDIRECTS):
            url = self._own(url)
            headers = self._cookies.header()
            body = b""
            if method == "POST":
                headers.append((b"content-type", b"application/x-www-form-urlencoded"))
                headers.append((b"origin", asgi.ORIGIN.encode()))
                body = urlencode(data).encode()
            response = await asgi.request(self._app, method, url, headers, body)
            self._cookies.take(response)
            self.url = url
            if response.status not in (301, 302, 303, 307, 308):
                break
            url = response.headers.get("location", "/")
            if response.status not in (307, 308):
                method = "GET"
        self._history.loaded(self.url, is_travel=is_travel)
        await self._show(response)

    async def _show(self, response: asgi.Response) -> None:
        self.status = response.status
        self.document = self._controls.document = Document(parse_document(response.text))
        root = self.document.root
        if root is None:
            self._gestures = self._person(lambda *_: 0)
            if response.status >= 400:
                raise NoPage(f"{self.url} answered {response.status}: {response.text[:2000]}", response.status)
            return
        self._connection = connection = Connection(
            self._app, self._cookies, token=root.attributes["data-livets"], fingerprint=root.attributes["data-fp"],
            socket=root.attributes["data-socket"], wire=root.attributes.get("data-wire", "msgpack"),
        )  # fmt: skip
        shape = self.document.by_id("livets-shape")
        assert shape is not None, "a live page carries its shape"
        self._controls.done = 0
        self._root = LiveRoot(msgspec.json.decode(shape.text), root=root, surface=self._controls)
        self._gestures = self._person(self._push)
        connection.on_diff, connection.on_done, connection.on_failure = self._patch, self._done, self._failed
        focused = next((node for node in root.elements() if "autofocus" in node.attributes), None)
        connection.open(self.url)
        await connection.joined()
        self._gestures.focus(focused)

    def _person(self, push: Push) -> Gestures:
        events = Events(self._controls, push, self.questions)
        gestures = Gestures(events, self._controls, self._go)
        events.document = gestures.document = self.document
        self._events = events
        return gestures

    async def disconnect(self) -> None:
        """Lose the connection."""
        if self._connection is not None:
            await self._connection.close()

    async def reconnect(self) -> None:
        """Resume. Raises Refused."""
        if self._connection is not None:
            self._connection.open(self.url)
            await self._connection.joined()

    async def close(self) -> None:
        """Leave the page."""
        await self.disconnect()
        self._connection = self._root = None

    async def refresh(self) -> None:
        """The model follows by itself."""
        if self.misfit is not None:
            misfit, self.misfit = self.misfit, None
            raise misfit
        if self._next is not None:
            (method, url, data), self._next = self._next, None
            await self._visit(method, url, data)

    # What tests look at

    @property
    def view_id(self) -> str:
        """Of the view on the server."""
        return self._connection.id if self._connection is not None else ""

    @property
    def sent(self) -> list[Sent]:
        """Messages of this page to the server."""
        return self._connection.sent if self._connection is not None else []

    @property
    def received(self) -> list[Received]:
        """Frames of the server."""
        return self._connection.received if self._connection is not None else []

    @property
    def patches(self) -> list[Patch]:
        """Diffs that have come."""
        return self._connection.patches if self._connection is not None else []

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way."""
        return self._next is None and (self._connection is None or self._connection.is_idle)

    # Acting

    async def act(self, action: str, node: Node | None, *args: Any) -> None:
        """What a person does, and at its end what debouncing has put off."""
        getattr(self._gestures, action)(node, *args)
        self._events.flush()

    def _push(self, directive: str, payload: dict[str, Any], fields: dict[str, Any]) -> int:
        assert self._connection is not None
        ref = self._connection.push(directive, payload, fields)
        self._controls.sends(ref, fields)
        return ref

    def _go(self, method: str, url: str, data: list[tuple[str, Any]], link: str | None) -> None:
        root = self.document.root
        if link is not None and self._connection is not None and root is not None and "data-links" in root.attributes:
            mode = _REPLACE if link == "replace" else _PUSH
            self._connection.push("@params", {}, {}, [self._own(url), mode])
        else:
            self._next = (method, url, data)

    def _own(self, url: str) -> str:
        """Path and query of a URL of this application. Raises NotPossible for any other."""
        if _PLAIN_PATH.fullmatch(url):
            return url
        parts = urlsplit(urljoin(asgi.ORIGIN + (self.url or "/"), url))
        if f"{parts.scheme}://{parts.netloc}" != asgi.ORIGIN:
            raise NotPossible(f"{url} leads out of the application; check the link's href instead of following it")
        return parts.path + (f"?{parts.query}" if parts.query else "")

    # What comes from the server

    def _patch(self, diff: list[Any]) -> None:
        assert self._root is not None
        try:
            for op, value in self._root.apply(diff):
                self._operate(op, value)
        except Misfit as misfit:
            self.misfit = misfit
        self.document.touch()
        if self.document.focused is not None and self.document.top not in self.document.focused.around():
            self._refocus()
        self.on_change()

    def _operate(self, op: int, value: Any) -> None:
        if op == ReservedOp.TITLE:
            self.document.title = value
        elif op == ReservedOp.SET_INPUT:
            self._controls.set_input(value[0], value[1])
        elif op == ReservedOp.PUSH:
            self.pushed.append((value[0], value[1]))
        elif op == ReservedOp.NAVIGATE:
            self._navigate(*value)

    def _navigate(self, mode: int, url: str) -> None:
        if mode == _LEAVE:
            self._next = ("GET", url, [])
            return
        was, self.url = self.url, self._own(url)
        if mode == _PUSH and self.url != was:
            self._history.push(self.url)
        else:
            self._history.replace(self.url)

    def _refocus(self) -> None:
        """What had the focus is gone: the last control with `autofocus` gets it, as in the connector."""
        root = self.document.root
        assert root is not None
        candidates = [node for node in root.elements() if "autofocus" in node.attributes]
        self.document.focused = candidates[-1] if candidates else None

    def _done(self, done: int) -> None:
        self._controls.done = done
        self.on_change()

    def _failed(self, code: str, message: str, _body: Any) -> None:
        self.refusals.append(Refused(code, message))
        self.on_change()
