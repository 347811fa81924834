"""Directives beyond the first few: any event, modifiers, named arguments, feedback, what other scripts own."""

from __future__ import annotations

import pytest

from livets.wire.messages import Heal
from tests.e2e.connector.markup import names, static


async def test_any_event_bubbling_or_not_and_custom_ones(script):
    page = await script.open(
        *static(
            '<div ts-on:focus="outer" ts-on:focus.capture="down" ts-on:focusin="in">'
            '<input ts-on:focus="focus" ts-on:blur="blur"></div>'
            '<i ts-on:mouseenter="enter" ts-on:dblclick="double">x</i><b ts-on:my-event="mine" ts-on:a:b="colon">x</b>'
            '<details ts-on:toggle="toggle"><summary>s</summary>d</details><p ts-on:scroll="scroll" id="p"></p>'
        )
    )
    await page.focus("input")
    await page.locator("input").blur()
    await page.hover("i")
    await page.dblclick("i")
    await page.evaluate(
        "const b = document.querySelector('b'); b.dispatchEvent(new CustomEvent('my-event'));"
        "b.dispatchEvent(new CustomEvent('a:b', {bubbles: true})); b.dispatchEvent(new CustomEvent('other'));"
    )
    await page.click("summary")
    await page.evaluate("document.querySelector('#p').dispatchEvent(new Event('scroll'))")
    await script.event(10)
    await script.settled()
    assert sorted(names(script)) == sorted(
        ["focus", "down", "in", "blur", "enter", "double", "mine", "colon", "toggle", "scroll"]
    )


async def test_listeners_come_with_later_patches(script):
    shape = [
        [
            "<!--[--><!--]--><p><!--[--><!--]--></p>",
            [[4, [0], [["<i ts-on:pointerup='up'>x</i>", []]]], [3, [2, 0]]],
        ]
    ]
    page = await script.open("<!--[-1--><!--]--><p><!--[--><!--]--></p>", shape)
    await script.patch(0, [0, []], 1, "<b ts-on:copied='copy'>y</b>")
    await page.click("i")
    await page.evaluate("document.querySelector('b').dispatchEvent(new Event('copied'))")
    await script.event(2)
    assert names(script) == ["up", "copy"]
    await script.patch(-13, ["F2", [["<u>x</u>", [[1, [0], "ts-on:auxclick", "", ""]]]]], -9, [[], ["aux"]])
    await page.click("u", button="middle")
    assert (await script.event(3)).handler == "aux"


async def test_self_global_and_outside(script):
    page = await script.open(
        *static(
            '<div id="d" ts-on:click.self="self"><i>inner</i></div>'
            '<p ts-on:keydown.window.escape="close" ts-on:click.document="any" ts-on:resize.window="size"></p>'
            '<nav ts-on:click.outside="away"><b>menu</b></nav><nav hidden ts-on:click.outside="never">m</nav>'
        ),
    )
    await page.evaluate("document.body.append(document.createElement('hr'))")
    await page.click("i")
    await page.evaluate("document.querySelector('#d').click()")
    await page.click("b")
    await page.keyboard.press("Escape")
    await page.keyboard.press("a")
    await page.evaluate("dispatchEvent(new Event('resize')); document.querySelector('hr').click()")
    await script.event(9)
    await script.settled()
    assert names(script)[:9] == ["any", "away", "self", "any", "away", "any", "close", "size", "any"]
    assert names(script).count("away") == 3  # the last one is the hr's
    assert "never" not in names(script)


async def test_keys_and_system_modifiers(script):
    page = await script.open(
        *static(
            '<input ts-on:keydown.space="space" ts-on:keydown.up="up" ts-on:keydown.tab.shift="back" '
            'ts-on:keydown.ctrl.k.prevent="search" ts-on:keydown.pagedown="page" ts-on:keyup.delete="del">'
            '<i ts-on:click.alt="alt" ts-on:click="plain">x</i>'
        )
    )
    for key in ("Space", "ArrowUp", "ArrowDown", "k", "Control+k", "PageDown", "Delete", "Tab"):
        await page.press("input", key)
    await page.focus("input")
    await page.keyboard.press("Shift+Tab")
    await page.click("i")
    await page.click("i", modifiers=["Alt"])
    await script.event(9)
    await script.settled()
    assert names(script) == ["space", "up", "search", "page", "del", "back", "plain", "alt", "plain"]


async def test_passive_and_capture(script):
    page = await script.open(
        *static('<div ts-on:wheel.passive="wheel" ts-on:click.capture="down"><i ts-on:click="up">x</i></div>')
    )
    await page.click("i")
    await page.evaluate(
        "const w = new WheelEvent('wheel', {bubbles: true, cancelable: true});"
        "document.querySelector('i').dispatchEvent(w)"
    )
    await script.event(3)
    assert names(script) == ["down", "up", "wheel"]


async def test_named_arguments_and_data(script):
    page = await script.open(
        *static('<i ts-on:click="pick(1)" ts-value:item-id="7" ts-value:note="a b" data-row-kind="x">x</i>')
    )
    await page.click("i")
    event = await script.event()
    assert (event.handler, event.args) == ("pick", [1])
    assert event.payload == {"named": {"item_id": "7", "note": "a b"}, "data": {"row_kind": "x"}}


async def test_ignored_content_belongs_to_others(script):
    item = ["<li><div ts-ignore><b>x</b></div></li>", [
        [1, [0], "id", "", ""], [1, [0, 0], "title", "", ""], [0, [0, 0, 0, 0], "", ""]]]  # fmt: skip
    shape = [["<p ts-ignore><b>x</b>!</p><ul><!--[--><!--]--></ul>", [
        [1, [0], "title", "", ""], [0, [0, 0, 0], "", ""], [5, [1, 0], item, ["id", "", ""]]]]]  # fmt: skip
    body = '<p ts-ignore title="t"><b>1</b>!</p><ul><!--[--><li id="a"><div ts-ignore title="t">'
    body += "<b>1</b></div></li><!--]--></ul>"
    foreign = (
        "document.querySelector('p').innerHTML = '<canvas></canvas>';"
        "document.querySelector('li div').innerHTML = 'mine'"
    )
    page = await script.open(body, shape, foreign=foreign)
    await script.patch(0, "T", 1, "2", 2, [17, "a", "U", 18, "a", "9", 3, "a", ["b", ["b", "V", "5"]]])
    await page.evaluate("document.querySelector('#b b').append(' theirs')")
    await script.patch(2, [18, "b", "6"])
    await script.patch(-10, ["T", "3", ["a", ["a", "U", "7"], "b", ["b", "W", "8"]]])
    html = await script.html()
    assert html == (
        '<p ts-ignore="" title="T"><canvas></canvas></p><ul><!--[-->'
        '<li id="a"><div ts-ignore="" title="U">mine</div></li>'
        '<li id="b"><div ts-ignore="" title="W"><b>5 theirs</b></div></li><!--]--></ul>'
    )
    assert [message for message in script.received if type(message).__name__ == "Heal"] == []


async def test_model_modifiers_and_groups(script):
    markup = (
        '<input id="n" ts-model.number="n"><input id="t" ts-model.trim="t"><input id="b" ts-model.debounce.50ms="b">'
        '<input type="checkbox" id="c1" value="x" ts-model="tags">'
        '<input type="checkbox" id="c2" value="y" ts-model="tags">'
        '<input type="date" ts-model="d"><input type="range" ts-model="r" max="9"><input type="number" ts-model="i">'
    )
    page = await script.open(*static(markup))
    await page.fill("#n", "4.5")
    await page.fill("#n", "4x")
    await page.fill("#t", "  a b ")
    await page.check("#c2")
    await page.check("#c1")
    await page.uncheck("#c2")
    await page.fill("[type=date]", "2026-01-02")
    await page.fill("[type=range]", "7")
    await page.fill("[type=number]", "3")
    await page.fill("#b", "later")
    await script.event(10)
    assert [event.fields for event in script.events] == [
        {"n": 4.5}, {"n": "4x"}, {"t": "a b"}, {"tags": ["y"]}, {"tags": ["x", "y"]}, {"tags": ["x"]},
        {"d": "2026-01-02"}, {"r": "7"}, {"i": "3"}, {"b": "later"},
    ]  # fmt: skip


async def test_trimmed_text_is_not_written_back_while_it_is_typed(script):
    shape = [['<input ts-model.trim="t">', [[1, [0], "value", "", ""]]]]
    page = await script.open('<input ts-model.trim="t" value="">', shape)
    await page.locator("input").press_sequentially("a ")
    event = await script.event(2)
    await script.patch(0, "a", done=event.ref)
    assert await page.input_value("input") == "a "
    await script.patch(0, "b")
    assert await page.input_value("input") == "b"


async def test_set_input_of_a_group(script):
    markup = '<input type="checkbox" value="x" ts-model="tags"><input type="checkbox" value="y" ts-model="tags">'
    page = await script.open(*static(markup))
    await script.patch(-6, ["tags", ["y"]])
    assert await page.evaluate("[...document.querySelectorAll(':checked')].map(e => e.value)") == ["y"]


@pytest.mark.parametrize("link", ["", 'target="_blank"', "download"])
async def test_links_stay_native(script, link):
    page = await script.open(*static(f'<a href="#n" {link} ts-on:click="n">x</a>'))
    prevented = await page.evaluate(
        "() => new Promise(done => { addEventListener('click', e => { done(e.defaultPrevented); e.preventDefault(); });"
        "document.querySelector('a').click(); })"
    )
    assert prevented is False
    assert (await script.event()).handler == "n"


async def test_what_people_opened_and_selected_stays(script, board):
    page = await script.open(board.markup + "", board.shape)
    await page.evaluate(
        """() => { const l = document.querySelector('#r2');
        l.insertAdjacentHTML('beforeend', '<details open><summary>s</summary>d</details><dialog>x</dialog>');
        l.querySelector('dialog').show(); l.addEventListener('click', () => l.heard = true);
        const range = new Range(); range.selectNodeContents(l.querySelector('summary'));
        getSelection().removeAllRanges(); getSelection().addRange(range);
        document.querySelector('div > div').style.cssText = 'height: 20px; overflow: auto';
        document.querySelector('div > div').insertAdjacentHTML('beforeend', '<br>'.repeat(50));
        document.querySelector('div > div').scrollTop = 30; }"""
    )
    await script.patch(0, 2, 5, [1, "1", "2", 16, "2", "B", 3, "1", ["9", ["i", [-1], "9"]]], 4, [1, []])
    await page.evaluate("document.querySelector('#r2').click()")
    assert await page.evaluate(
        "() => [document.querySelector('#r2 details').open, document.querySelector('#r2 dialog').open,"
        " document.querySelector('#r2').heard, getSelection().toString(),"
        " document.querySelector('div > div').scrollTop]"
    ) == [True, True, True, "s", 30]


async def test_capture_goes_from_the_outside_in_and_stop_ends_it(script):
    page = await script.open(
        *static(
            '<div ts-on:click.capture="1"><p ts-on:click.capture.stop="2">'
            '<b ts-on:click.capture="never">x</b></p></div>'
            '<div ts-on:click="5"><p ts-on:click.stop="4"><i ts-on:click="3">y</i></p></div>'
        )
    )
    await page.click("b")
    await page.click("i")
    await script.event(4)
    await script.settled()
    assert names(script) == ["1", "2", "3", "4"]


async def test_once_self_and_times(script):
    page = await script.open(
        *static(
            '<b ts-on:click.once="once">x</b><i ts-on:click.throttle.5s="seldom">y</i>'
            '<u ts-on:click.debounce.20ms="later">z</u>'
        )
    )
    for tag in ("b", "i", "u"):
        await page.evaluate("tag => [1, 2, 3].forEach(() => document.querySelector(tag).click())", tag)
    await script.event(3)
    await script.settled()
    assert names(script) == ["once", "seldom", "later"]


async def test_a_global_directive_does_not_open_its_element_to_other_events(script):
    page = await script.open(*static('<p ts-on:click="own" ts-on:click.window.ctrl="all">p</p><b>x</b>'))
    await page.click("b")
    await page.click("b", modifiers=["Control"])
    await page.click("p")
    await script.event(2)
    await script.settled()
    assert names(script) == ["all", "own"]


async def test_something_that_prevents_counts_for_all_of_its_type(script):
    page = await script.open(*static('<i ts-on:wheel.passive="look">x</i><b ts-on:wheel.prevent="stay">y</b>'))
    prevented = (
        "tag => { const w = new WheelEvent('wheel', {bubbles: true, cancelable: true});"
        " return !document.querySelector(tag).dispatchEvent(w); }"
    )
    assert await page.evaluate(prevented, "b") is True
    assert await page.evaluate(prevented, "i") is False


async def test_a_passive_listener_does_not_hold_up_scrolling(script):
    page = await script.open(*static('<i ts-on:touchmove.passive="look">x</i><b ts-on:touchend="end">y</b>'))
    cdp = await page.context.new_cdp_session(page)
    found = []
    for target in ("document", "window"):
        answer = await cdp.send("Runtime.evaluate", {"expression": target})
        listeners = await cdp.send("DOMDebugger.getEventListeners", {"objectId": answer["result"]["objectId"]})
        found += [(each["type"], each["passive"]) for each in listeners["listeners"]]
    assert ("touchmove", True) in found
    assert ("touchmove", False) not in found
    assert ("touchend", False) in found


async def test_keys_without_a_name_in_the_list_go_by_what_they_type(script):
    page = await script.open(*static('<input ts-on:keydown.a="a" ts-on:keydown.7="seven" ts-on:keyup.f2="f2">'))
    for key in ("a", "A", "7", "8", "F2"):
        await page.press("input", key)
    await script.event(4)
    await script.settled()
    assert names(script) == ["a", "a", "seven", "f2"]


async def test_keys_of_an_input_method_are_not_keys(script):
    page = await script.open(*static('<input ts-on:keydown.enter="enter">'))
    await page.evaluate(
        "() => { const press = isComposing => document.querySelector('input').dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, isComposing})); press(true); press(false); }"
    )
    await script.event()
    await script.settled()
    assert names(script) == ["enter"]


CLOBBERING = (
    "attributes", "closest", "getAttribute", "hasAttribute", "getAttributeNames", "elements", "id", "name", "action",
    "method", "children", "parentNode", "insertBefore", "classList", "className", "matches", "contains", "submit",
    "data",
)  # fmt: skip


async def test_a_form_whose_controls_are_named_like_members_of_a_form(script):
    controls = "".join(f'<input ts-model="{name}" name="{name}" value="v">' for name in CLOBBERING)
    form = (
        f'<form ts-on:submit="save" ts-on:click.shift="look" class="a">{controls}<p>x</p><button>Save</button></form>'
    )
    markup = form.replace(">x<", ">1<").replace("<form", '<form title="1"')
    page = await script.open(markup, [[form.replace(' class="a"', ""), [
        [1, [0], "title", "", ""], [1, [0], "class", "", ""],
        [0, [0, len(CLOBBERING), 0], "", ""]]]])  # fmt: skip
    # Playwright's own clicks ask the form, too, and fail
    await page.evaluate("document.querySelector('input[name=closest]').select()")
    await page.keyboard.type("w")
    await page.keyboard.press("Tab")
    assert (await script.event()).fields == {"closest": "w"}
    await page.evaluate("document.querySelector('button').click()")
    event = await script.event(2)
    assert event.handler == "save"
    assert event.payload["form"] == {name: "w" if name == "closest" else "v" for name in CLOBBERING}
    assert page.url.endswith("/?q=1")
    await page.evaluate(
        "document.querySelector('p').dispatchEvent(new MouseEvent('click', { bubbles: true, shiftKey: true }))"
    )
    assert (await script.event(3)).handler == "look"
    await script.patch(0, "2", 1, "b", 2, "2", done=3)
    seen = "() => { const f = document.forms[0]; return [f.title, f.outerHTML.split('>')[0], f.innerText]; }"
    title, start, text = await page.evaluate(seen)
    assert title == "2"
    assert "2" in text
    assert 'class="b"' in start
    assert script.of(Heal) == []
