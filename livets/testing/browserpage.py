"""A page in Chromium, seen through `glass.js`: the same port as the model in this process.

Owns one tab: what is sent and received there, the picture of its document that queries look at, and how gestures
become Playwright's. Real style sheets, real focus, real scripts. One of the two engines behind `Page`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from livets.mirror.nodes import Node
from livets.testing import reach
from livets.testing.connection import Patch, Received, Sent, unpack
from livets.testing.document import Document
from livets.testing.errors import NoPage, NotPossible, Refused, TestingError
from livets.testing.questions import Questions
from livets.wire import Frame, ReservedOp, decode

if TYPE_CHECKING:
    from playwright.async_api import Dialog, ElementHandle, WebSocket
    from playwright.async_api import Page as Tab

    from livets.testing.host import Host

Run = Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]]

_LOOK = "() => window.livetsTestGlass?.look()"
_RESUMES = """() => { livetsTestGlass.offline = false; document.dispatchEvent(new Event("visibilitychange")); }"""
_TO_END = """(element) => {
  element.focus();
  const end = element.value.length;
  try { element.setSelectionRange(end, end); } catch { }
}"""
_AFTER = """() => {
  document.body?.dispatchEvent(new Event("focusout", { bubbles: true }));
  return window.livetsTestGlass?.takeInvalid();
}"""
"""Leaving a control sends what `.debounce` has put off: a test does not wait for that. Tells of an invalid form."""
_SYSTEM = {"ctrl": "Control", "shift": "Shift", "alt": "Alt", "meta": "Meta"}


class BrowserPage:
    """The engine of pages in Chromium."""

    def __init__(self, tab: Tab, host: Host, run: Run) -> None:
        """`run`: awaits a coroutine of Playwright's on the browser's own event loop."""
        self._tab = tab
        self._host = host
        self._run = run
        self._test_loop = asyncio.get_running_loop()
        self._picture: dict[str, Any] | None = None
        self.document = Document(Node("element", "html"))
        self.url = ""
        self.status = 0
        self.view_id = ""
        self.hidden: set[int] = set()
        self.sent: list[Sent] = []
        self.received: list[Received] = []
        self.patches: list[Patch] = []
        self.refusals: list[Refused] = []
        self.pushed: list[tuple[str, Any]] = []
        self.questions = Questions()
        self.on_change: Callable[[], None] = lambda: None
        tab.on("dialog", self._answer)
        tab.on("websocket", self._watch)
        tab.on("pageerror", lambda error: self._later(lambda: self._uncaught(str(error))))

    async def load(self, url: str) -> None:
        """Go to a page of the application. Raises NoPage."""
        self._forget()
        response = await self._run(self._tab.goto(url))
        self.status = response.status if response is not None else 0
        await self.refresh()
        if self.status >= 400:
            raise NoPage(f"{url} answered {self.status}: {self.document.body.text.strip()[:2000]}", self.status)

    async def travel(self, step: int) -> None:
        """Back or forward in the tab's history."""
        await self._run(self._tab.go_back() if step < 0 else self._tab.go_forward())

    async def refresh(self) -> None:
        """Take a picture of the document."""
        from playwright.async_api import Error

        if self._tab.is_closed():
            return
        try:
            self._picture = await self._run(self._tab.evaluate(_LOOK))
        except Error:  # the document is being replaced by another one
            self._picture = None
        if self._picture is None:
            return
        if self._picture["url"] != self.url:
            self.url = self._picture["url"]
        focused = self._picture["focused"]
        self.hidden = set()
        self.document = Document(self._node(self._picture["top"]))
        self.document.title = self._picture["title"]
        self.document.focused = self.document.by_number(focused) if focused else None

    @property
    def is_idle(self) -> bool:
        """Whether the page is complete, has joined, and shows everything that the server has sent."""
        picture = self._picture
        if self._tab.is_closed():
            return True
        if picture is None or not picture["isComplete"]:
            return False
        if self.document.root is None:
            return True
        resident = self._host.resident(self.view_id)
        if resident is None:
            return False
        is_answered = picture["ref"] <= picture["done"] and picture["seq"] >= resident.outbox.seq
        return bool(picture["joined"] and is_answered)

    async def act(self, action: str, node: Node | None, *args: Any) -> None:
        """What a person does. Raises NotPossible."""
        from playwright.async_api import Error

        try:
            await self._run(self._act(action, node, *args))
        except Error as error:
            what = "the page" if node is None else reach.describe(node)
            raise NotPossible(f"Chromium could not {action} {what}: {error.message}") from None
        invalid = None
        with contextlib.suppress(Error):  # the page has been left meanwhile
            invalid = await self._run(self._tab.evaluate(_AFTER))
        if invalid:
            raise NotPossible(f"the browser does not submit the form: {invalid} is required or does not fit")

    async def disconnect(self) -> None:
        """Lose the socket, and any that the page opens meanwhile."""
        await self._run(self._tab.evaluate("() => livetsTestGlass.drop()"))

    async def reconnect(self) -> None:
        """Sockets can be opened again."""
        await self._run(self._tab.evaluate(_RESUMES))

    async def close(self) -> None:
        """Close the tab."""
        if not self._tab.is_closed():
            await self._run(self._tab.close())

    # Gestures

    async def _act(self, action: str, node: Node | None, *args: Any) -> None:
        if node is None:
            await self._tab.keyboard.press(args[0])
            return
        if action in ("fill", "type"):
            reach.can_write(node)
        elif action in ("click", "double_click"):
            reach.can_use(node, "click on")
        handle = (await self._tab.evaluate_handle("(n) => livetsTestGlass.element(n)", node.number)).as_element()
        if handle is None:
            raise NotPossible(f"{reach.describe(node)} has gone from the page")
        await getattr(self, f"_{action}")(handle, node, *args)

    async def _click(self, handle: ElementHandle, _node: Node, held: frozenset[str] = frozenset()) -> None:
        await handle.click(modifiers=[_SYSTEM[key] for key in held])  # type: ignore[misc]

    async def _double_click(self, handle: ElementHandle, _node: Node) -> None:
        await handle.dblclick()

    async def _hover(self, handle: ElementHandle, _node: Node) -> None:
        await handle.hover()

    async def _focus(self, handle: ElementHandle, _node: Node) -> None:
        await handle.focus()

    async def _blur(self, handle: ElementHandle, _node: Node) -> None:
        await handle.evaluate("(element) => element.blur()")

    async def _fill(self, handle: ElementHandle, _node: Node, text: str) -> None:
        await handle.fill(text)

    async def _type(self, handle: ElementHandle, _node: Node, text: str) -> None:
        await handle.evaluate(_TO_END)
        await self._tab.keyboard.type(text)

    async def _press(self, handle: ElementHandle, _node: Node, keys: str) -> None:
        await handle.press(keys)

    async def _choose(self, handle: ElementHandle, node: Node, wanted: list[str]) -> None:
        options = reach.chosen(node, wanted)
        all_options = [each.number for each in node.elements() if each.tag == "option"]
        await handle.select_option(index=[all_options.index(option.number) for option in options])

    async def _set_checked(self, handle: ElementHandle, node: Node, wanted: bool) -> None:
        reach.can_check(node, wanted)
        await handle.set_checked(wanted)

    async def _submit(self, handle: ElementHandle, _node: Node) -> None:
        await handle.evaluate("(form) => form.requestSubmit()")

    async def _answer(self, dialog: Dialog) -> None:
        if dialog.type != "confirm" or self.questions.answer(dialog.message):
            await dialog.accept()
        else:
            await dialog.dismiss()

    # What passes over the socket; Playwright tells it on the browser's loop

    def _watch(self, socket: WebSocket) -> None:
        if not socket.url.endswith("/livets/socket"):
            return
        socket.on("framesent", lambda data: self._later(lambda: self._has_sent(data)))
        socket.on("framereceived", lambda data: self._later(lambda: self._has_received(data)))

    def _later(self, note: Callable[[], None]) -> None:
        if not self._test_loop.is_closed():
            self._test_loop.call_soon_threadsafe(note)

    def _has_sent(self, data: bytes | str) -> None:
        self.sent.append(Sent(decode(data), len(data.encode() if isinstance(data, str) else data)))

    def _has_received(self, data: bytes | str) -> None:
        frame = unpack(data)
        self.received.append(frame)
        diff: list[Any] = []
        if frame.kind is Frame.JOINED:
            self.view_id, diff = frame.body[0], frame.body[4]
        elif frame.kind is Frame.PATCH:
            diff = frame.body
        elif frame.kind in (Frame.ERROR, Frame.REFUSED):
            self.refusals.append(Refused(frame.body[0], frame.body[1]))
        if diff:
            self.patches.append(Patch(diff, frame.size, frame.seq))
        for op, value in zip(diff[::2], diff[1::2], strict=True):
            if op == ReservedOp.PUSH:
                self.pushed.append((value[0], value[1]))
        self.on_change()

    def _uncaught(self, words: str) -> None:
        self._host.failures.note(TestingError(f"uncaught in the browser: {words}"))

    def _forget(self) -> None:
        self.view_id = ""
        self._picture = None
        for seen in (self.sent, self.received, self.patches):
            seen.clear()

    def _node(self, told: Any) -> Node:
        """A node as the glass describes it."""
        if isinstance(told, str):
            return Node("text", data=told)
        if not told[0]:
            return Node("comment", data=told[1])
        number, tag, space, attributes, children, value, checked, is_visible = told
        node = Node("element", tag, space, number=number)
        node.attributes, node.value, node.checked = attributes, value, checked
        node.put([self._node(child) for child in children])
        if not is_visible:
            self.hidden.add(number)
        return node
