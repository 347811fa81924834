"""Pages in this process, as a user of the testing kit writes tests."""

from __future__ import annotations

import asyncio
import re

import pytest
from starlette.requests import Request
from starlette.responses import Response

from livets import LiveTS
from livets.testing import Client, Gone, NoPage, NotAwaited, NotFound, NotPossible, Refused, TimedOut
from tests.unit.testing.views import Account, Controls, Counter, Pager, Room, Rows, Trouble


@pytest.fixture
def livets_app() -> LiveTS:
    app = LiveTS("a secret of at least 32 characters!!")
    app.live("/", Counter)
    app.live("/room/{room}", Room)
    app.live("/account", Account)
    return app


async def test_a_click_is_an_event_and_its_patch_shows(livets_client: Client) -> None:
    page = await livets_client.open("/")
    await page.find("button", text="+1").click()
    page.find("h1").has_text("1")
    await page.find("button", text="+10").click()
    assert page.find("h1").text == "11"
    assert page.state["count"] == 11
    assert page.title == "Counter 11"
    assert [patch.diff[:2] for patch in page.patches] == [[0, 1], [0, 11]]
    assert all(5 < patch.size < 60 for patch in page.patches)
    assert page.sent[-1].message.handler == "add"
    assert page.sent[-1].size < 80


async def test_path_parameters_reach_mount(livets_client: Client) -> None:
    page = await livets_client.mount(Counter, start=5)
    page.find("h1").has_text("5")


async def test_lists_grow_and_shrink_and_clicks_bubble(livets_client: Client) -> None:
    page = await livets_client.mount(Rows)
    for name in ("milk", "tea"):
        await page.find("form").submit(name=name)
    assert page.texts("li b") == ["milk", "tea"]
    assert page.has("#none")
    await page.find("b", text="tea").click()
    page.find("#chosen").has_text("tea")
    assert not page.has("#none")
    await page.find(label="Remove milk").click()
    assert page.texts("li b") == ["tea"]
    page.find("#chosen").has_text("tea")


async def test_every_kind_of_control(livets_client: Client) -> None:
    page = await livets_client.mount(Controls)
    await page.find(label="Text").type("ab")
    await page.find(label="Lazy").fill("later")
    page.find("#text").has_text("ab")
    page.find("#lazy").has_text("")
    await page.find(label="I agree").check()
    page.find("#lazy").has_text("later")
    page.find("#agreed").has_text("True")
    await page.find(label="I agree").uncheck()
    page.find("#agreed").has_text("False")
    await page.find(label="Colour").choose("Green")
    page.find("#colour").has_text("green")
    await page.find(label="Colours").choose("a", "c")
    page.find("#colours").has_text("a,c")
    await page.find(label="Large").check()
    page.find("#size").has_text("L")
    assert page.find(label="Large").is_checked
    assert not page.find(label="Small").is_checked
    assert page.select("input:checked") == [page.find(label="Large")]


async def test_keys_and_debounced_input(livets_client: Client) -> None:
    page = await livets_client.mount(Controls)
    keys = page.find(label="Keys")
    await keys.press("Enter")
    await page.find(label="Slow").type("abc")
    page.find("#heard").has_text("enter,abc")
    assert page.find(label="Slow").is_focused


async def test_keys_that_are_held_down(livets_client: Client) -> None:
    page = await livets_client.mount(Controls)
    await page.find(label="Keys").press("k")
    await page.press("Control+k")
    page.find("#heard").has_text("ctrl k")


async def test_people_in_rooms_hear_each_other(livets_client: Client) -> None:
    ann = await livets_client.open("/room/tea")
    bob = await livets_client.another().open("/room/tea")
    other = await livets_client.open("/room/milk")
    await ann.find(label="Say").fill("hello")
    await ann.press("Enter")
    assert ann.texts("p") == bob.texts("p") == ["hello"]
    assert other.texts("p") == []
    assert livets_client.broadcasts == [("room:tea", "hello")]
    await livets_client.broadcast("room:milk", "from outside")
    assert other.texts("p") == ["from outside"]


async def test_what_nobody_could_click(livets_client: Client) -> None:
    page = await livets_client.open("/")
    with pytest.raises(NotPossible, match="disabled"):
        await page.find(text="never").click()
    with pytest.raises(NotPossible, match="hidden"):
        await page.find(text="secret").click()
    assert page.state["count"] == 0


async def test_required_fields_stop_a_form(livets_client: Client) -> None:
    page = await livets_client.mount(Rows)
    with pytest.raises(NotPossible, match="required"):
        await page.find("form").submit()


async def test_what_is_not_there_is_said_with_what_is_near(livets_client: Client) -> None:
    page = await livets_client.open("/")
    with pytest.raises(NotFound, match=re.escape('<button ts-on:click="add">+1</button>')):
        page.find("button", text="+2")
    with pytest.raises(NotFound, match=r"(?s)4 elements fit.*1\. <button"):
        page.find("button")
    with pytest.raises(NotFound, match="no CSS selector"):
        page.find("!!")


async def test_an_element_that_is_gone_says_so(livets_client: Client) -> None:
    page = await livets_client.mount(Rows)
    await page.find("form").submit(name="milk")
    row, removal = page.select("li")[0], page.find(label="Remove milk")
    await removal.click()
    with pytest.raises(Gone, match="no longer on the page"):
        _ = row.text
    with pytest.raises(Gone):
        await removal.click()
    assert not row.exists


async def test_an_element_found_again_when_its_nodes_were_built_again(livets_client: Client) -> None:
    page = await livets_client.mount(Rows)
    await page.find("form").submit(name="milk")
    remove = page.find(label="Remove milk")
    await remove.click()
    await page.find("form").submit(name="milk")
    await remove.click()
    assert page.texts("li") == []


async def test_a_handlers_exception_is_raised_here(livets_client: Client) -> None:
    page = await livets_client.mount(Trouble)
    with pytest.raises(ZeroDivisionError, match="on purpose") as caught:
        await page.find(text="fail").click()
    assert any(entry.name == "fail" for entry in caught.traceback)
    page.find("p").has_text("0")
    with livets_client.expect_errors() as errors:
        await page.find(text="fail").click()
    assert isinstance(errors[0], ZeroDivisionError)
    assert page.errors[-1].code == "handler_failed"


async def test_a_refused_event_is_raised_here(livets_client: Client) -> None:
    page = await livets_client.mount(Trouble)
    with pytest.raises(Refused, match=r"unknown_event.*nothing"):
        await page.find(text="nothing").click()
    with pytest.raises(Refused, match="bad_arguments"):
        await page.find(text="typed").click()


async def test_a_field_changed_behind_livets_back_is_found(livets_client: Client) -> None:
    page = await livets_client.mount(Trouble)
    with pytest.raises(Exception, match="touch"):
        await page.find(text="behind").click()


async def test_a_handler_may_go_on(livets_client: Client) -> None:
    Trouble.release = asyncio.Event()
    page = await livets_client.mount(Trouble)
    await page.find(text="slow").click(wait=False)
    await page.wait_for("p", text="1")
    Trouble.release.set()
    await page.wait_for(lambda: page.state["count"] == 2)
    await page.settle()
    page.find("p").has_text("2")


async def test_waiting_has_an_end(livets_client: Client) -> None:
    page = await livets_client.open("/")
    with pytest.raises(TimedOut, match="'h1', text='7' on /"):
        await page.wait_for("h1", text="7", timeout_s=0.02)


async def test_a_forgotten_await_is_told(livets_client: Client) -> None:
    page = await livets_client.open("/")
    page.find(text="+1").click()
    with pytest.raises(NotAwaited, match=r"click\(\) on <Element <button"):
        page.find("h1")


async def test_no_such_page(livets_client: Client) -> None:
    with pytest.raises(NoPage, match="404"):
        await livets_client.open("/nowhere")
    assert (await livets_client.get("/nowhere")).status == 404


async def test_a_lost_connection_is_resumed(livets_client: Client) -> None:
    page = await livets_client.open("/")
    await page.disconnect()
    await page.find(text="+1").click(wait=False)
    page.find("h1").has_text("0")
    await page.reconnect()
    page.find("h1").has_text("1")


async def test_links_patches_back_and_forward(livets_client: Client) -> None:
    page = await livets_client.mount(Pager)
    await page.find("a", text="two").click()
    assert (page.url, page.find("h1").text) == ("/?number=2", "2")
    joins = len([sent for sent in page.sent if type(sent.message).__name__ == "Join"])
    assert joins == 1
    await page.find("button", text="next").click()
    assert page.url == "/?number=3"
    await page.back()
    assert (page.url, page.find("h1").text) == ("/?number=2", "2")
    await page.forward()
    page.find("h1").has_text("3")
    await page.find("a", text="four").click()
    assert (page.url, page.find("h1").text) == ("/?number=4", "4")
    await page.back()
    assert (page.url, page.find("h1").text) == ("/?number=3", "3")
    await page.find("button", text="away").click()
    assert (page.url, page.find("h1").text) == ("/?number=9", "9")


async def test_who_is_signed_in(livets_client: Client) -> None:
    page = await livets_client.open("/account")
    page.find("p").has_text("nobody")
    await livets_client.login("ada", {"theme": "dark"})
    page = await livets_client.open("/account")
    page.find("p").has_text("ada dark")
    page = await livets_client.mount(Account)
    page.find("p").has_text("ada dark")
    page = await livets_client.another().open("/account")
    page.find("p").has_text("nobody")


async def test_endpoints_beside_the_views(livets_client: Client, livets_app: LiveTS) -> None:
    async def echo(request: Request) -> Response:
        return Response((await request.form())["word"], 201)

    livets_app.route("/echo", echo, methods=["POST"])
    answer = await livets_client.post("/echo", {"word": "hello"})
    assert (answer.status, answer.text) == (201, "hello")
