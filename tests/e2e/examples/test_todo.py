"""The to-do list, as one person and as several use it. `demo` comes before `page`: pages close before their server."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect


async def add(page: Page, *titles: str) -> None:
    for title in titles:
        await page.fill("#draft", title)
        await page.keyboard.press("Enter")
        await expect(item(page, title)).to_be_visible()


def item(page: Page, title: str) -> Locator:
    return page.locator(".todos li").filter(has=page.locator(f'span:text-is("{title}")'))


def titles(page: Page) -> Locator:
    return page.locator(".todos li span")


async def test_add_finish_filter_and_clear(demo: str, page: Page) -> None:
    await page.goto(f"{demo}/todo")
    await expect(page.locator(".empty")).to_be_visible()
    await expect(page.locator("#draft")).to_be_focused()
    await add(page, "milk", "bread", "<b>cheese</b> & wine")
    await expect(page.locator(".empty")).to_have_count(0)
    await expect(page.locator("#draft")).to_have_value("")
    await expect(page.locator("#left")).to_have_text("3 things left")

    await item(page, "bread").get_by_role("checkbox").check()
    await expect(page.locator("#left")).to_have_text("2 things left")
    await expect(item(page, "bread")).to_have_class("done")

    await page.click("#show-active")
    await expect(titles(page)).to_have_text(["milk", "<b>cheese</b> & wine"])
    await expect(page.locator("#show-active")).to_have_attribute("aria-pressed", "true")
    await page.click("#show-done")
    await expect(titles(page)).to_have_text(["bread"])
    await page.click("#show-all")
    await expect(titles(page)).to_have_text(["milk", "bread", "<b>cheese</b> & wine"])

    await page.click("#clear")
    await expect(titles(page)).to_have_text(["milk", "<b>cheese</b> & wine"])
    await expect(page.locator("#clear")).to_be_disabled()
    await item(page, "milk").get_by_role("button", name="Remove").click()
    await item(page, "<b>cheese</b> & wine").get_by_role("button", name="Remove").click()
    await expect(page.locator(".empty")).to_be_visible()


async def test_edit_in_place(demo: str, page: Page) -> None:
    await page.goto(f"{demo}/todo")
    await add(page, "milk", "bread")
    await item(page, "milk").get_by_role("button", name="Edit").click()
    editor = page.locator("input[name=title]")
    await expect(editor).to_have_value("milk")
    await editor.fill("oat milk")
    await page.keyboard.press("Enter")
    await expect(titles(page)).to_have_text(["oat milk", "bread"])
    await item(page, "bread").get_by_role("button", name="Edit").click()
    await editor.fill("nonsense")
    await page.keyboard.press("Escape")
    await expect(editor).to_have_count(0)
    await expect(titles(page)).to_have_text(["oat milk", "bread"])


async def test_finishing_twice_and_taking_it_back(demo: str, page: Page) -> None:
    await page.goto(f"{demo}/todo")
    await add(page, "milk")
    box = item(page, "milk").get_by_role("checkbox")
    for left in ("0 things left", "1 thing left", "0 things left"):
        await box.click()
        await expect(page.locator("#left")).to_have_text(left)
    await expect(box).to_be_checked()


@pytest.mark.both_transports
async def test_every_window_follows(demo: str, page: Page) -> None:
    await page.goto(f"{demo}/todo")
    await add(page, "milk")
    other = await page.context.new_page()
    await other.goto(f"{demo}/todo")
    await expect(titles(other)).to_have_text(["milk"])
    await add(other, "bread")
    await expect(titles(page)).to_have_text(["milk", "bread"])
    await item(page, "milk").get_by_role("checkbox").check()
    await expect(item(other, "milk").get_by_role("checkbox")).to_be_checked()
    await item(other, "milk").get_by_role("button", name="Remove").click()
    await expect(titles(page)).to_have_text(["bread"])


async def test_what_one_types_survives_what_others_do(demo: str, page: Page) -> None:
    await page.goto(f"{demo}/todo")
    other = await page.context.new_page()
    await other.goto(f"{demo}/todo")
    await page.bring_to_front()
    await page.locator("#draft").press_sequentially("half a thou")
    await add(other, "something else")
    await expect(titles(page)).to_have_text(["something else"])
    await page.locator("#draft").press_sequentially("ght")
    await expect(page.locator("#draft")).to_have_value("half a thought")
    await expect(page.locator("#draft")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(titles(other)).to_have_text(["something else", "half a thought"])


async def test_many_are_added_in_order(demo: str, page: Page) -> None:
    await page.goto(f"{demo}/todo")
    await page.evaluate(
        """() => {
          const draft = document.getElementById('draft'), form = document.getElementById('new');
          for (let i = 0; i < 40; i++) {
            draft.value = 'n' + i;
            draft.dispatchEvent(new Event('input', {bubbles: true}));
            form.requestSubmit();
          }
        }"""
    )
    await expect(titles(page)).to_have_text([f"n{i}" for i in range(40)])


async def test_focus_goes_to_what_takes_the_place_of_a_pressed_button(demo: str, page: Page) -> None:
    await page.goto(f"{demo}/todo")
    await add(page, "milk")
    await item(page, "milk").get_by_role("button", name="Edit").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("input[name=title]")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(item(page, "milk").get_by_role("checkbox")).to_be_focused()


async def test_a_removal_can_be_undone_by_keyboard_alone(demo: str, page: Page) -> None:
    await page.goto(f"{demo}/todo")
    other = await page.context.new_page()
    await other.goto(f"{demo}/todo")
    await page.bring_to_front()
    await add(page, "milk", "bread", "tea")
    await item(page, "bread").get_by_role("checkbox").focus()
    await page.keyboard.press("Delete")
    await expect(titles(other)).to_have_text(["milk", "tea"])
    await expect(page.locator("#undo")).to_be_focused()
    await expect(page.locator(".undo")).to_contain_text("Removed “bread”")
    await page.keyboard.press("Enter")
    for window in (page, other):
        await expect(titles(window)).to_have_text(["milk", "bread", "tea"])
    await expect(item(page, "bread").get_by_role("checkbox")).to_be_focused()
    await expect(page.locator("#undo")).to_have_count(0)


async def test_an_entry_is_edited_by_keyboard_alone(demo: str, page: Page) -> None:
    await page.goto(f"{demo}/todo")
    await add(page, "milk")
    await item(page, "milk").get_by_role("checkbox").focus()
    await page.keyboard.press("Space")
    await expect(page.locator("#left")).to_have_text("0 things left")
    await page.keyboard.press("F2")
    await expect(page.locator("input[name=title]")).to_be_focused()
    await page.keyboard.press("End")
    await page.keyboard.type(" and eggs")
    await page.keyboard.press("Enter")
    await expect(titles(page)).to_have_text(["milk and eggs"])
