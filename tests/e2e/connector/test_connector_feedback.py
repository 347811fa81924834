"""What people are asked, and what they see while an event is on its way."""

from __future__ import annotations

from livets.wire.messages import Frame
from tests.e2e.connector.markup import names, static


async def test_confirm(script):
    page = await script.open(
        *static(
            '<i ts-on:click="go" ts-confirm="Sure?">x</i>'
            '<form ts-on:submit="save"><button ts-confirm="Really?">x</button></form>'
        )
    )
    asked = []
    answers = [False, True, False, True]

    async def answer(dialog):
        asked.append(dialog.message)
        await (dialog.accept() if answers[len(asked) - 1] else dialog.dismiss())

    page.on("dialog", answer)
    for selector in ("i", "i", "button", "button"):
        await page.click(selector)
    await script.event(2)
    await script.settled()
    assert names(script) == ["go", "save"]
    assert asked == ["Sure?", "Sure?", "Really?", "Really?"]
    assert page.url.endswith("/?q=1")


FORM = (
    '<form ts-on:submit="save" ts-loading="busy faded"><button ts-disable-with="Saving…">Save</button></form>'
    '<i ts-on:click="add" class="own">x</i>'
)


async def test_feedback_until_the_result_shows(script):
    shape = [[FORM.replace("Save<", "x<").replace(' class="own"', ""), [
        [0, [0, 0, 0], "", ""], [2, [0, 0], ["disabled"]], [1, [1], "class", "", ""]]]]  # fmt: skip
    page = await script.open(FORM, shape)
    await page.focus("button")
    await page.click("button")
    await script.event()
    state = "() => { const it = document.activeElement; return [it.textContent, it.ariaDisabled, it.disabled]; }"
    assert await page.evaluate(state) == ["Saving…", "true", False]  # it has the focus still
    assert (await page.get_attribute("form", "class")).split() == ["livets-loading", "busy", "faded"]
    await page.click("button", force=True)
    await page.keyboard.press("Enter")
    await page.keyboard.press("Space")
    await script.settled()
    assert names(script) == ["save"]
    await script.send(Frame.ACK, done=1)
    await page.wait_for_function("() => !document.querySelector('button').ariaDisabled")
    assert await page.evaluate(state) == ["Save", None, False]
    assert await page.get_attribute("form", "class") is None
    await page.click("button")
    await script.patch(0, "Saved", 1, {"disabled": ""}, done=3)
    assert await page.text_content("button") == "Saved"
    assert await page.is_disabled("button")


async def test_a_form_is_not_sent_twice_by_enter(script):
    form = '<form ts-on:submit="save"><input name="n" value="x"><button ts-disable-with="…">Save</button></form>'
    page = await script.open(form, static(form)[1])
    await page.press("input", "Enter")
    await script.event()
    await page.press("input", "Enter")
    await script.settled()
    assert names(script) == ["save"]
    await script.send(Frame.ACK, done=1)
    await page.wait_for_function("() => !document.querySelector('button').ariaDisabled")
    await page.press("input", "Enter")
    await script.event(3)  # `settled` has sent one, too
    assert names(script) == ["save", "save"]


async def test_loading_stays_until_the_last_of_several(script):
    page = await script.open(FORM, static(FORM)[1])
    await page.click("i")
    await page.click("i")
    await script.event(2)
    await script.patch(done=1)
    assert "livets-loading" in await page.get_attribute("i", "class")
    await script.patch(done=2)
    assert await page.get_attribute("i", "class") == "own"
