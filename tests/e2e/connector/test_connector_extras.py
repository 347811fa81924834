"""The connection banner, and modules that come when they are needed."""

from __future__ import annotations

from livets.wire.messages import Frame, Heal, JoinMode

BANNER = (
    '<div id="livets-status" role="status" hidden data-offline="Weg." data-connecting="Weg." data-failed="Zu alt.">'
    "</div>"
)
TEXT = [["<p>x</p>", [[0, [0, 0], "", ""]]]]
HTML = [["<p><!--[--><!--]--></p>", [[3, [0, 0]]]]]


async def test_the_banner_stays_away_for_short_drops(script):
    script.around = BANNER
    script.mode = JoinMode.REPLAYED
    page = await script.open("<p>0</p>", TEXT)
    await page.evaluate(
        "() => { const banner = document.querySelector('#livets-status'), timeout = setTimeout; banner.shown = [];"
        "new MutationObserver(() => banner.shown.push(banner.textContent)).observe(banner, {childList: true});"
        "banner.later = []; setTimeout = (f, ms) => ms === 1500 ? banner.later.push(f) : timeout(f, ms); }"
    )
    patience_ends = "document.querySelector('#livets-status').later.forEach(f => f())"
    await script.cut()
    await script.wait(lambda: script.sockets == 2)
    await page.wait_for_selector(".livets-connected")
    await page.evaluate(patience_ends)
    assert await page.evaluate("document.querySelector('#livets-status').shown") == []
    script.refuse_sockets = True
    await script.cut()
    await page.wait_for_selector(".livets-offline")
    await page.evaluate(patience_ends)
    await page.wait_for_selector("#livets-status:not([hidden])")
    assert await script.text("#livets-status") == "Weg."
    script.refuse_sockets = False
    await page.evaluate("dispatchEvent(new Event('online'))")
    await page.wait_for_selector("#livets-status[hidden]", state="attached")
    assert await page.evaluate("document.querySelector('#livets-status').shown") == ["Weg.", ""]
    await script.send(Frame.REFUSED, ["expired", "old"])
    await page.wait_for_function("() => document.querySelector('#livets-status').textContent === 'Zu alt.'")


async def test_errors_are_shown_for_a_while_in_the_words_of_the_page(script):
    script.around = BANNER.replace(" hidden", ' hidden data-too_large="Zu viel."')
    page = await script.open("<p>0</p>", TEXT)
    await page.evaluate(
        "() => { const timeout = setTimeout; setTimeout = (f, ms) => timeout(f, ms === 10000 ? 300 : ms); }"
    )
    banner = page.locator("#livets-status")
    await script.send(Frame.ERROR, ["handler_failed", "Something went wrong (error 12ab).", 1])
    await banner.wait_for(state="visible")
    assert await banner.text_content() == "Something went wrong (error 12ab)."
    await banner.wait_for(state="hidden")
    await script.send(Frame.ERROR, ["too_large", "save", 2])
    await banner.wait_for(state="visible")
    assert await banner.text_content() == "Zu viel."


async def test_an_error_just_after_the_page_has_come_stays_to_be_read(script):
    script.around = BANNER
    page = await script.open("<p>0</p>", TEXT)
    await script.send(Frame.ERROR, ["handler_failed", "Wrong (error 12ab).", 1])
    await page.locator("#livets-status").wait_for(state="visible")
    await page.evaluate("() => new Promise(done => setTimeout(done, 1700))")  # longer than a drop is put up with
    assert await script.text("#livets-status") == "Wrong (error 12ab)."


async def test_a_page_without_a_banner_is_a_page(script):
    page = await script.open("<p>0</p>", TEXT)
    await script.send(Frame.ERROR, ["handler_failed", "Something went wrong (error 12ab).", 1])
    await script.patch(0, "on")
    assert await page.locator("#livets-status").count() == 0


async def test_a_hidden_page_does_not_come_back_because_the_network_does(script):
    page = await script.open("<p>0</p>", TEXT)
    await page.evaluate("Object.defineProperty(document, 'hidden', {get: () => !document.documentElement.shown})")
    script.refuse_sockets = True
    await script.cut()
    await page.wait_for_selector(".livets-offline")
    script.refuse_sockets = False
    await page.evaluate("for (let n = 0; n < 5; n++) dispatchEvent(new Event('online'))")
    await page.wait_for_function("() => !document.querySelector('.livets-connecting')")
    assert script.sockets == 1
    await page.evaluate("document.documentElement.shown = 1; dispatchEvent(new Event('online'))")
    await script.wait(lambda: script.sockets == 2)


async def test_directives_that_edits_bring_are_heard(script):
    page = await script.open("<p><!--[--><b>1</b><!--]--></p>", HTML)
    await script.patch(0, [2, 1, [0, "b"], "ts-on:pointerdown", "down"])
    await page.click("b")
    assert (await script.event()).handler == "down"


async def test_edits_of_html_come_with_their_module(script):
    page = await script.open("<p><!--[--><b>1</b><i>2</i><!--]--></p>", HTML)
    await page.evaluate("document.querySelector('b').kept = true")
    await script.patch(0, [4, 0, [0, 0, "b"], "one", 3, [1, ""], [-1, "<u ts-on:click='go'>3</u>"]])
    assert await script.html("p") == '<!--[--><b>one</b><u ts-on:click="go">3</u><!--]-->'
    assert await page.evaluate("document.querySelector('b').kept")
    await page.click("u")
    assert (await script.event()).handler == "go"
    await script.patch(0, "<s>whole</s>")
    await script.patch(0, [2, 0, [0, 0, "s"], "part"])
    assert await script.html("p") == "<!--[--><s>part</s><!--]-->"
    await script.patch(0, [9, 0, [0, 0, "s"], "wrong count"])
    assert await script.heal() == []


async def test_without_their_module_the_block_is_asked_for(script):
    script.missing = {"edits.js"}
    await script.open("<p><!--[--><b>1</b><!--]--></p>", HTML)
    await script.patch(0, [2, 0, [0, 0, "b"], "one"])
    assert await script.heal() == []
    await script.patch(-9, [[], ["<b>one</b>"]])
    assert await script.html("p") == "<!--[--><b>one</b><!--]-->"
    assert len(script.of(Heal)) == 1


async def test_a_page_without_html_slots_loads_one_file(script):
    page = await script.open("<p>0</p>", TEXT)
    files = (
        "() => performance.getEntriesByType('resource').map(e => e.name.split('/').pop())"
        ".filter(n => /js$/.test(n) && n !== 'http.js')"  # that one stands for the WebSocket
    )
    assert await page.evaluate(files) == ["connector.js"]
    await script.patch(-5, [1, "/?q=2"])
    await page.wait_for_function("() => location.search === '?q=2'")
    assert await page.evaluate(files) == ["connector.js", "navigation.js"]


async def test_where_navigation_cannot_be_had_the_browser_goes_there(script):
    script.missing = {"navigation.js"}
    page = await script.open("<p>0</p>", TEXT)
    await script.send(Frame.PATCH, [-5, [0, "/?q=3"]])
    await page.wait_for_function("() => location.search === '?q=3'")
