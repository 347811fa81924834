"""A view and its URL: patches, redirects, back and forward, rollback, snapshots, and what a browser may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from livets import LiveView, event
from livets.errors import NavigationError, Redirected, UrlRefused
from livets.live.navigation import may_patch
from livets.wire import Event
from tests.unit.live.fakes import DurableStore, FakeOutbox, Stage

NAVIGATE = -5


class Items(LiveView):
    page: int = 1
    tags: list[str] = []
    calls: int = 0
    template = "{{ page }} {{ tags|join(',') }} {{ uri }} {{ params.q }}"

    def handle_params(self, page: int = 1, tag: list[str] = [], tab: str = "all") -> None:  # noqa: B006
        self.page, self.tags = page, tag
        self.calls += 1

    @event
    def go(self, url: str, replace: bool = False) -> None:
        self.patch(url, replace=replace)

    @event
    def go_and_fail(self, url: str) -> None:
        self.patch(url)
        raise ValueError("no")

    @event
    def leave(self, url: str, external: bool = False) -> None:
        self.redirect(url, external=external)


class Other(LiveView):
    template = "other"


class Fixed(LiveView):
    template = "{{ params.id }}"


class Map:
    """Paths of a small application."""

    def find(self, path: str) -> tuple[type, Mapping[str, Any]] | None:
        first, _, rest = path[1:].partition("/")
        if first == "items" and rest:
            return Items, {"tab": rest}
        if first == "fixed":
            return Fixed, {"id": rest}
        return {"items": (Items, {}), "other": (Other, {})}.get(first)  # type: ignore[return-value]

    def url_for(self, target: str | type, values: Mapping[str, Any]) -> str:
        return f"/{target}"

    def static(self, name: str) -> str:
        return f"/static/{name}"


async def show(
    stage: Stage | None = None, url: str = "/items", view: type[LiveView] = Items, **options: Any
) -> tuple[Any, FakeOutbox]:
    found = Map().find(url.partition("?")[0])
    assert found is not None
    settings = {"url": url, "places": Map(), "params": found[1], **options}
    return await (stage or Stage()).show(view, **settings)


def do(ref: int, name: str, *args: Any) -> Event:
    return Event(ref, 0, name, list(args), {}, {})


def moves(outbox: FakeOutbox) -> list[Any]:
    """Every NAVIGATE that was sent."""
    found = []
    for diff, _ in outbox.patches:
        found += [change for address, change in zip(diff[::2], diff[1::2], strict=True) if address == NAVIGATE]
    return found


async def test_the_first_render_follows_the_url() -> None:
    runner, _ = await show(url="/items?page=2&tag=a&tag=b&q=z")
    assert (runner.view.page, runner.view.tags, runner.view.calls) == (2, ["a", "b"], 1)
    assert runner.view.uri == "/items?page=2&tag=a&tag=b&q=z"
    assert runner.view.params == {"page": "2", "tag": "b", "q": "z"}
    with pytest.raises(UrlRefused):
        await show(url="/items?page=two")


async def test_a_patch_is_part_of_the_commit() -> None:
    runner, outbox = await show(prefix="/shop")
    runner.accept(do(1, "go", "?page=3&q=x"))
    await runner.settle()
    assert runner.view.page == 3
    assert moves(outbox) == [[0, "/shop/items?page=3&q=x"]]
    assert outbox.shown == "3  /shop/items?page=3&amp;q=x x"
    runner.accept(do(2, "go", "/shop/items/new?tag=a b", True))
    await runner.settle()
    assert moves(outbox)[1:] == [[1, "/shop/items/new?tag=a%20b"]]
    assert (runner.view.page, runner.view.tags, runner.view.params["tab"]) == (1, ["a b"], "new")


async def test_a_patch_of_a_failed_handler_has_never_been() -> None:
    runner, outbox = await show()
    runner.accept(do(1, "go_and_fail", "?page=3"))
    runner.accept(do(2, "go", "?page=wrong"))
    await runner.settle()
    assert (runner.view.page, runner.view.uri) == (1, "/items")
    assert moves(outbox) == []
    assert [code for code, _, _ in outbox.errors] == ["handler_failed", "bad_arguments"]


@pytest.mark.parametrize(
    "url",
    ["//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "/\t/evil.example", "\n//x",
     "items", "", "/x\x00", "http:/items", "/items?" + "a" * 5000],
)  # fmt: skip
async def test_only_paths_of_this_site_are_gone_to(url: str) -> None:
    runner, outbox = await show()
    for name in ("go", "leave"):
        with pytest.raises(NavigationError):
            getattr(runner.view, {"go": "patch", "leave": "redirect"}[name])(url)
    runner.accept(do(1, "@params", url))
    await runner.settle()
    assert outbox.errors[0][0] == "bad_arguments"
    assert moves(outbox) == []


async def test_another_site_has_to_be_meant() -> None:
    runner, outbox = await show()
    runner.accept(do(1, "leave", "https://example.org/a?b=c", True))
    runner.accept(do(2, "leave", "javascript:alert(1)", True))
    runner.accept(do(3, "leave", "/other"))
    await runner.settle()
    assert moves(outbox) == [[2, "https://example.org/a?b=c"], [2, "/other"]]
    assert [ref for _, _, ref in outbox.errors] == [2]


async def test_a_patch_to_another_view_is_an_error_that_teaches() -> None:
    runner, _ = await show()
    for url in ("/other", "/nowhere"):
        with pytest.raises(NavigationError, match="stays with Items"):
            runner.view.patch(url)


async def test_the_browser_goes_along_links_and_back() -> None:
    runner, outbox = await show()
    runner.accept(do(1, "@params", "/items?page=2#top", 0))
    runner.accept(do(2, "@params", "/items/new?page=3", 1))
    await runner.settle()
    assert moves(outbox) == [[0, "/items?page=2#top"], [1, "/items/new?page=3"]]
    runner.accept(do(3, "@params", "/items?page=2"))
    await runner.settle()
    assert (runner.view.page, runner.view.uri, runner.view.calls) == (2, "/items?page=2", 4)
    assert moves(outbox)[2:] == [[1, "/items?page=2"]]


async def test_what_is_not_this_views_is_a_page_of_its_own() -> None:
    runner, outbox = await show()
    runner.accept(do(1, "@params", "/other?x=1", 0))
    runner.accept(do(2, "@params", "/items?page=wrong"))
    runner.accept(do(3, "@params", "/items?page=wrong", 0))
    await runner.settle()
    assert moves(outbox) == [[2, "/other?x=1"], [2, "/items?page=wrong"]]
    assert [ref for _, _, ref in outbox.errors] == [3]
    assert runner.view.uri == "/items"


@pytest.mark.parametrize("args", [[], [1], ["/items", 2], ["/items", True, 1], [None], [["/items"]], ["/items", "0"]])
async def test_any_other_arguments_are_refused(args: list[Any]) -> None:
    runner, outbox = await show()
    runner.accept(do(1, "@params", *args))
    await runner.settle()
    assert [code for code, _, _ in outbox.errors] == ["bad_arguments"]
    assert runner.view.calls == 1


async def test_what_mount_was_told_does_not_change_behind_its_back() -> None:
    runner, outbox = await show(url="/fixed/1", view=Fixed)
    runner.accept(do(1, "@params", "/fixed/2", 0))
    await runner.settle()
    assert moves(outbox) == [[2, "/fixed/2"]]
    assert runner.view.params == {"id": "1"}
    assert not may_patch(Fixed, {"id": 1}, Fixed, {})
    assert not may_patch(Fixed, {"id": 1}, Items, {"id": 1})
    assert may_patch(Items, {"tab": "a"}, Items, {})


async def test_a_snapshot_knows_the_url_and_a_fill_says_it() -> None:
    stage = Stage(DurableStore())
    runner, _ = await show(stage)
    runner.accept(do(1, "go", "?page=4"))
    await runner.settle()
    await runner.durable()
    options = {"url": "/items", "places": Map(), "params": {}}
    again, _ = await stage.restore(Items, **options)
    assert (again.view.page, again.view.uri, again.view.params) == (4, "/items?page=4", {"page": "4"})
    diff = again.fill(again.rendering.template.fingerprint)
    assert diff[diff.index(NAVIGATE) + 1] == [1, "/items?page=4"]


async def test_what_could_not_be_sent_is_sent_later() -> None:
    runner, outbox = await show()
    outbox.is_ready = False
    runner.accept(do(1, "go", "?page=2"))
    runner.accept(do(2, "go", "?page=3"))
    await runner.settle()
    assert moves(outbox) == []
    outbox.is_ready = True
    runner.flush()
    await runner.settle()
    assert moves(outbox) == [[0, "/items?page=3"]]


async def test_mount_and_the_first_handle_params_may_send_the_visitor_elsewhere() -> None:
    class Door(LiveView):
        template = "{{ undefined_here.x }}"

        def mount(self) -> None:
            self.redirect("/other?next=/items")

    class Canonical(Items):
        def handle_params(self, page: int = 0, tag: list[str] = [], tab: str = "") -> None:  # noqa: B006
            if page < 1:
                self.patch("?page=1")

    with pytest.raises(Redirected, match="/other") as away:
        await Stage().runner(Door).mount()
    assert away.value.url == "/other?next=/items"
    with pytest.raises(Redirected) as better:
        await Stage().runner(Canonical).mount()
    assert better.value.url == "/?page=1"


async def test_handle_params_may_correct_the_url_but_not_for_ever() -> None:
    class Clamped(LiveView):
        page: int = 1
        template = "{{ page }}"

        def handle_params(self, page: int = 1) -> None:
            self.page = page
            if page > 9:
                self.patch("?page=9", replace=True)
            if page < 0:
                self.patch(f"?page={page - 1}")

    runner, outbox = await Stage().show(Clamped)
    runner.accept(do(1, "@params", "/?page=50", 0))
    runner.accept(do(2, "@params", "/?page=-1", 0))
    await runner.settle()
    assert (runner.view.page, runner.view.uri) == (9, "/?page=9")
    assert moves(outbox) == [[1, "/?page=9"]]
    assert "every time" in outbox.errors[0][1]


async def test_a_commit_point_takes_the_url_along() -> None:
    class Long(LiveView):
        page: int = 1
        template = "{{ page }}"

        def handle_params(self, page: int = 1) -> None:
            self.page = page

        @event
        async def work(self) -> None:
            self.patch("?page=2")
            await self.update()
            raise ValueError("later")

    runner, outbox = await Stage().show(Long)
    runner.accept(do(1, "work"))
    await runner.settle()
    assert (runner.view.page, runner.view.uri) == (2, "/?page=2")
    assert moves(outbox) == [[0, "/?page=2"]]
