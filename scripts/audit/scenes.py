"""What is looked at: for each site its pages, and what somebody does there until the page looks as it should.

A scene begins in a new browser context. Those that take the server away stand last. Called by `__main__`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from scripts.audit.barriers import WCAG
from tests.support.command import Command


@dataclass(frozen=True)
class Scene:
    """A page of a site in a certain state."""

    name: str
    path: str = "/"
    walk: Callable[[Page, Command], None] = lambda page, site: None
    tags: tuple[str, ...] | None = None
    """axe's rules by tag; all, best practices too, if None."""
    status: int = 200


def live(page: Page) -> None:
    """Wait until the page is connected."""
    page.wait_for_selector(".livets-connected", state="attached")


def clicking(*selectors: str, shows: str = "") -> Callable[[Page, Command], None]:
    """Click these, one after the other; then wait for `shows`."""

    def walk(page: Page, site: Command) -> None:
        live(page)
        for selector in selectors:
            page.click(selector)
        if shows:
            page.wait_for_selector(shows)

    return walk


def filled(page: Page, site: Command) -> None:
    """A to-do list with one thing done."""
    live(page)
    for title in ("Water the plants", "Write to Ada about the very long journey that she has planned for the summer"):
        page.fill("#draft, [name=draft]", title)
        page.press("#draft, [name=draft]", "Enter")
        page.get_by_text(title, exact=True).first.wait_for()
    page.locator("li input[type=checkbox]").first.check()
    page.locator("li.done").first.wait_for()


def editing(page: Page, site: Command) -> None:
    live(page)
    page.locator("button.edit").first.click()
    page.wait_for_selector("form.edit")


def removing(page: Page, site: Command) -> None:
    live(page)
    page.locator("li button[aria-label^=Remove]").first.click()
    page.wait_for_selector(".undo button")


def talking(page: Page, site: Command) -> None:
    """Somebody has come in and said something."""
    live(page)
    page.fill("#name, [name=name]", "Ada")
    page.press("#name, [name=name]", "Enter")
    page.wait_for_selector("#draft")
    page.fill("#draft", "Is anybody here?")
    page.press("#draft", "Enter")
    page.wait_for_selector(".log li")


def asking(tab: str) -> Callable[[Page, Command], None]:
    """A run of the example's workflow has come as far as it can alone, and one looks at it this way."""

    def walk(page: Page, site: Command) -> None:
        live(page)
        page.click("#start button")
        page.wait_for_url("**/runs/*")
        live(page)
        page.locator("#asks a").first.click()
        page.wait_for_selector("#approve")
        page.click(f"#tab-{tab}")
        page.wait_for_selector(f"#tab-{tab}[aria-pressed=true]")

    return walk


def cut_off(page: Page, site: Command) -> None:
    """The server goes away: the banner tells of it."""
    live(page)
    site.stop()
    page.wait_for_selector("#livets-status:not([hidden])")


def exploding(page: Page, site: Command) -> None:
    """A handler fails: the banner tells of it; in development the overlay."""
    live(page)
    page.get_by_text("Explode").click()
    page.wait_for_selector("#livets-status:not([hidden]), [data-livets-dev] dialog[open]")


BANNER = Scene("banner", walk=cut_off)
DOCS = {
    "docs-readme": ("/",),
    "docs-guide": ("/", "/room/tea"),
    "docs-directives": ("/",),
    "docs-tutorial": ("/",),
    "docs-testing_apps": ("/", "/room"),
}
SCENES: dict[str, tuple[Scene, ...]] = {
    "demo": (
        Scene("index"),
        Scene("counter", "/counter"),
        Scene("counter-used", "/counter", clicking("#inc10", "#inc10", shows="#reset:enabled")),
        Scene("todo-empty", "/todo"),
        Scene("todo-filled", "/todo", filled),
        Scene("todo-none-shown", "/todo", clicking("#show-active", ".item input >> nth=0")),
        Scene("todo-editing", "/todo", editing),
        Scene("todo-removed", "/todo", removing),
        Scene("chat-entrance", "/chat"),
        Scene("chat-talking", "/chat", talking),
        Scene("flow-none", "/flow"),
        *(Scene(f"flow-{tab}", "/flow", asking(tab)) for tab in ("graph", "table", "timeline", "log")),
        Scene("flow-runs", "/flow"),
        Scene("unknown", "/nowhere", status=404),
        Scene("banner", "/todo", cut_off),
    ),
    "broken": (
        Scene("works", walk=clicking('text="Press"', shows="text=Pressed 1 times")),
        Scene("error", walk=exploding),
        Scene("no-page", "/mount", status=500),
        Scene("unknown", "/nowhere", status=404),
    ),
    "new-counter": (Scene("start"), Scene("used", walk=clicking(".primary", shows=".quiet:enabled")), BANNER),
    "new-todo": (Scene("empty"), Scene("filled", walk=filled), Scene("removed", walk=removing), BANNER),
    "new-chat": (Scene("entrance"), Scene("talking", walk=talking), Scene("unknown", "/nowhere", status=404), BANNER),
    **{name: tuple(Scene(path, path, tags=tuple(WCAG)) for path in paths) for name, paths in DOCS.items()},
}
"""By the site's name. The docs' examples are pieces of pages: they need not have landmarks."""
