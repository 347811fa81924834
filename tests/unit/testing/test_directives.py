"""Modifiers, places, keys and values: pages without a browser do what the connector does (run in Chromium as well)."""

from __future__ import annotations

from typing import Any

import pytest

from livets import LiveView, event
from livets.testing import Client, NotPossible


class Listener(LiveView):
    heard: list[str] = []
    tags: list[str] = ["b"]
    agreed: bool = False
    tidy: str = ""
    amount: float = 0.0
    template = """
    <section ts-on:click.capture="hear('down')" ts-on:focus="hear('never')" ts-on:focus.capture="hear('focus down')">
      <div ts-on:click="hear('up')"><b ts-on:click="hear('inner')">inner</b>
        <i ts-on:click.stop="hear('stopped')">stop</i></div>
      <div ts-on:click.self="hear('self')"><u>in self</u></div>
      <input id="field" ts-on:focus="hear('focus')" ts-on:keydown.up="hear('up key')"
        ts-on:keydown.k.ctrl="hear('ctrl k')">
    </section>
    <p ts-on:keydown.window.escape="hear('escape')" ts-on:click.outside="hear('outside')">p</p>
    <p hidden ts-on:click.outside="hear('hidden')">p</p>
    <a href="#x" ts-on:click.prevent="hear('link')">link</a>
    <button ts-on:click="named" ts-value:by-name="x" data-other="y">named</button>
    <button ts-on:click="hear('sure')" ts-confirm="Sure?">sure</button>
    <form id="sure" ts-on:submit="hear('sent')"><button ts-confirm="Really?">send</button></form>
    <button ts-on:click="hear('never')" aria-disabled="true">not now</button>
    <label><input type="checkbox" value="a" ts-model="tags">a</label>
    <label><input type="checkbox" value="b" ts-model="tags">b</label>
    <label><input type="checkbox" ts-model="agreed">ok</label>
    <input id="tidy" ts-model.trim="tidy"><input id="amount" ts-model.number="amount">"""

    @event
    async def hear(self, what: str) -> None:
        self.heard = [*self.heard, what]

    @event
    async def named(self, by_name: str, data: dict[str, str]) -> None:
        self.heard = [*self.heard, by_name, data["other"]]


def heard(page: Any) -> list[str]:
    """What was heard, without clicks outside of the paragraph."""
    return [what for what in page.state["heard"] if what != "outside"]


async def test_the_way_of_an_event(livets_client: Client) -> None:
    page = await livets_client.mount(Listener)
    await page.find("b").click()
    assert page.state["heard"] == ["down", "inner", "up", "outside"]
    await page.find("i").click()
    assert page.state["heard"][4:] == ["down", "stopped"]


async def test_self_and_events_that_do_not_bubble(livets_client: Client) -> None:
    page = await livets_client.mount(Listener)
    await page.find("u").click()
    assert "self" not in page.state["heard"]
    await page.find("#field").focus()
    assert heard(page) == ["down", "focus down", "focus"]


async def test_keys_and_places(livets_client: Client) -> None:
    page = await livets_client.mount(Listener)
    field = page.find("#field")
    await field.focus()
    for keys in ("ArrowUp", "k", "Control+k", "Escape", "ArrowDown"):
        await field.press(keys)
    assert heard(page)[2:] == ["up key", "ctrl k", "escape"]


async def test_links_with_keys_held_down_and_named_arguments(livets_client: Client) -> None:
    page = await livets_client.mount(Listener)
    await page.find("a").click()
    await page.find("button", text="named").click()
    await page.find("button", text="sure").click()
    assert heard(page) == ["link", "x", "y", "sure"]


async def test_a_person_can_say_no(livets_client: Client) -> None:
    page = await livets_client.mount(Listener)
    with page.declining() as questions:
        await page.find("button", text="sure").click()
        await page.find("#sure").submit()
    assert questions == ["Sure?", "Really?"]
    assert heard(page) == []
    await page.find("button", text="sure").click()
    await page.find("#sure").submit()
    assert heard(page) == ["sure", "sent"]
    assert page.questions == ["Sure?", "Really?"] * 2


async def test_what_says_that_it_is_disabled_is_not_clicked(livets_client: Client) -> None:
    page = await livets_client.mount(Listener)
    button = page.find("button", text="not now")
    assert not button.is_enabled
    with pytest.raises(NotPossible, match=r"it says that it is disabled \(aria-disabled\)"):
        await button.click()


async def test_values_of_bound_controls(livets_client: Client) -> None:
    page = await livets_client.mount(Listener)
    await page.find("[value=a]").check()
    assert page.state["tags"] == ["a", "b"]
    await page.find("[value=b]").uncheck()
    assert page.state["tags"] == ["a"]
    await page.find("label", text="ok").click()
    assert page.state["agreed"] is True
    await page.find("#tidy").fill("  two words ")
    assert page.state["tidy"] == "two words"
    await page.find("#amount").fill("2.5")
    assert page.state["amount"] == 2.5


class Widget(LiveView):
    count: int = 0
    template = '<div ts-ignore title="{{ count }}"><b>{{ count }}</b></div><button ts-on:click="add">+1</button>'

    @event
    async def add(self) -> None:
        self.count += 1


async def test_what_is_in_ts_ignore_is_not_held_against_the_page(livets_client: Client) -> None:
    page = await livets_client.mount(Widget)
    await page.find("button").click()
    page.find("div[ts-ignore]").has_attribute("title", "1")
