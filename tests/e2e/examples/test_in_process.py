"""The examples by the testing kit, as its users would write tests of them; `--livets-browser` runs them in Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest

from livets import LiveTS
from livets.testing import Client, NoPage, Page


@pytest.fixture
def livets_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LiveTS:
    monkeypatch.setenv("TODO_DB", str(tmp_path / "todo.sqlite"))
    monkeypatch.setenv("CHAT_DB", str(tmp_path / "chat.sqlite"))
    from examples.demo import app

    return app


async def test_the_index_leads_everywhere(livets_client: Client) -> None:
    for name, heading in (("Counter", "Counter"), ("To-do", "To-do"), ("Chat", "Chat")):
        page = await livets_client.open("/")
        await page.find("h2", text=name).click()
        page.find("h1").has_text(heading)


async def test_counter(livets_client: Client) -> None:
    page = await livets_client.open("/counter")
    assert not page.find("#reset").is_enabled
    await page.find("button", text="+10").click()
    await page.find("[aria-label*=subtract]").click()
    page.find("#count").has_text("9")
    await page.find("#reset").click()
    assert page.state["count"] == 0


async def add(page: Page, *titles: str) -> None:
    for title in titles:
        await page.find("#draft").fill(title)
        await page.press("Enter")


async def test_todo_by_keyboard_and_undone_in_place(livets_client: Client) -> None:
    page = await livets_client.open("/todo")
    other = await livets_client.another().open("/todo")
    await add(page, "milk", "bread", "tea")
    await page.find("label", text="bread").find("input").press("F2")
    await page.find(label="Title").fill("rye bread")
    await page.press("Enter")
    assert page.texts("li span") == other.texts("li span") == ["milk", "rye bread", "tea"]
    await page.select("li input")[1].press("Delete")
    assert other.texts("li span") == ["milk", "tea"]
    assert page.find("#undo").is_focused
    page.find(".undo").contains_text("Removed “rye bread”")
    assert not other.has("#undo")
    await page.press("Enter")
    assert page.texts("li span") == other.texts("li span") == ["milk", "rye bread", "tea"]
    assert not page.has("#undo")


async def test_todo_clear_done_can_be_undone(livets_client: Client) -> None:
    page = await livets_client.open("/todo")
    await add(page, "milk", "bread", "tea")
    for box in page.select("li input")[:2]:
        await box.check()
    await page.find("#clear").click()
    assert page.texts("li span") == ["tea"]
    page.find(".undo").contains_text("Removed 2 things")
    await page.find("#undo").click()
    assert page.texts("li span") == ["milk", "bread", "tea"]
    page.find("#left").has_text("1 thing left")


async def enter(client: Client, name: str, room: str = "lobby") -> Page:
    page = await client.open(f"/chat/{room}")
    await page.find("#name").fill(name)
    await page.find(text="Join").click()
    await page.wait_for(".people li", text=name)
    return page


async def test_chat_people_talk_and_see_each_other(livets_client: Client) -> None:
    ann = await enter(livets_client, "Ann")
    bob = await enter(livets_client.another(), "Bob")
    assert ann.texts(".people li") == bob.texts(".people li") == ["Ann", "Bob"]
    await ann.find("#draft").type("hel")
    bob.find(".typing").has_text("Ann is typing …")
    assert ann.find(".typing").text == ""
    await ann.find("#draft").type("lo")
    await ann.press("Enter")
    assert ann.texts(".log li p") == bob.texts(".log li p") == ["hello"]
    assert bob.find(".typing").text == ""
    ann.find("#draft").has_value("")
    ann.find(".log li").has_class("mine")
    await bob.find("a", text="Leave").click()
    assert bob.url == "/"
    assert ann.texts(".people li") == ["Ann"]


async def test_chat_rooms_are_apart_and_the_name_goes_along(livets_client: Client) -> None:
    ann = await enter(livets_client, "Ann", "tea")
    await add(ann, "anybody here?")
    await ann.find("nav a", text="python").click()
    assert ann.url == "/chat/python?name=Ann"
    assert ann.texts(".log li p") == []
    await ann.find("nav a", text="tea").click()
    assert ann.texts(".log li p") == ["anybody here?"]
    with pytest.raises(NoPage, match="404"):
        await livets_client.open("/chat/secret")


async def test_chat_holds_the_last_messages(livets_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("examples.chat.view.SHOWN", 3)
    ann = await enter(livets_client, "Ann")
    await add(ann, *"abcde")
    assert ann.texts(".log li p") == ["c", "d", "e"]
    late = await livets_client.open("/chat/lobby")
    assert late.texts(".log li p") == ["c", "d", "e"]
