"""The examples without a mouse: Tab, Enter, Space and the keys that the page names; the focus is always seen."""

from __future__ import annotations

from playwright.async_api import Page, expect

NAME = """() => { const it = document.activeElement;
  return it.ariaLabel || it.labels?.[0]?.innerText || it.innerText || it.tagName; }"""
IS_SEEN = """() => { const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2; }"""


async def connected(page: Page, url: str) -> None:
    await page.goto(url)
    await page.wait_for_selector(".livets-connected")


async def focus(page: Page) -> str:
    """What the focus is on, by name; it has to be visible there."""
    assert await page.evaluate(IS_SEEN), f"no outline: {await page.evaluate(NAME)}"
    return str(await page.evaluate(NAME)).strip()


async def focused_soon(page: Page, name: str) -> bool:
    """Wait until the focus has come there by itself."""
    await page.wait_for_function(f"(name) => ({NAME})().trim() === name", arg=name)
    return await focus(page) == name


async def tab_to(page: Page, name: str, key: str = "Tab") -> list[str]:
    """Press Tab until the focus is there; what it went by."""
    passed: list[str] = []
    while (here := await focus(page)) != name:
        assert len(passed) < 20, f"{name!r} can't be reached: {passed}"
        passed.append(here)
        await page.keyboard.press(key)
    return passed


async def test_counter(demo: str, page: Page) -> None:
    await connected(page, f"{demo}/counter")
    await page.keyboard.press("Tab")
    order = await tab_to(page, "+10: add ten")
    assert order == ["\N{MINUS SIGN}1: subtract one", "+1: add one"]
    await page.keyboard.press("Enter")
    await page.keyboard.press("Space")
    await expect(page.locator("#count")).to_have_text("20")
    await tab_to(page, "Reset")
    await page.keyboard.press("Enter")
    await expect(page.locator("#count")).to_have_text("0")


async def test_todo(demo: str, page: Page) -> None:
    await connected(page, f"{demo}/todo")
    for title in ("Milk", "Bread"):
        await page.keyboard.type(title)
        await page.keyboard.press("Enter")
        await expect(page.locator(".todos li").last).to_contain_text(title)
    assert await focus(page) == "What is to be done?"
    assert await tab_to(page, "Bread") == ["What is to be done?", "Add", "Milk", "Edit Milk", "Remove Milk"]

    await page.keyboard.press("Space")
    await expect(page.locator("li.done")).to_have_count(1)
    assert await focus(page) == "Bread"

    await page.keyboard.press("F2")
    await expect(page.locator("form.edit")).to_be_visible()
    assert await focus(page) == "Title"
    await page.keyboard.press("Control+a")
    await page.keyboard.type("Cake")
    await page.keyboard.press("Enter")
    await expect(page.locator("li.done span")).to_have_text("Cake")
    assert await focus(page) == "Cake"

    await page.keyboard.press("Delete")
    assert await focused_soon(page, "Undo")
    await page.keyboard.press("Enter")
    assert await focused_soon(page, "Cake")
    assert await tab_to(page, "Done") == ["Cake", "Edit Cake", "Remove Cake", "All", "Active"]
    await page.keyboard.press("Enter")
    await expect(page.locator(".todos li")).to_have_count(1)
    await tab_to(page, "Clear done")
    await page.keyboard.press("Enter")
    assert await focused_soon(page, "Clear done")
    await expect(page.locator(".none")).to_have_text("Nothing is done.")


async def test_chat(demo: str, page: Page) -> None:
    await connected(page, f"{demo}/chat")
    assert await focus(page) == "Your name"
    await page.keyboard.type("Ada")
    await page.keyboard.press("Enter")
    assert await focused_soon(page, "Message to lobby")
    await page.keyboard.type("Hello")
    await page.keyboard.press("Enter")
    await expect(page.locator(".log li")).to_contain_text("Hello")
    assert await focus(page) == "Message to lobby"
    assert await tab_to(page, "tea", "Shift+Tab") == ["Message to lobby", "Messages"]
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/chat/tea?name=Ada")
    await page.wait_for_selector(".livets-connected")
