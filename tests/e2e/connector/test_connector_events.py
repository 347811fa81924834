"""Directives: what the browser sends when a person acts."""

from __future__ import annotations

import pytest


def static(markup: str) -> tuple[str, list]:
    return markup, [[markup, []]]


@pytest.mark.parametrize(
    ("source", "handler", "args"),
    [
        ("save", "save", []),
        (" save ( ) ", "save", []),
        ("add(1, -2.5, true, null)", "add", [1, -2.5, True, None]),
        ("add('x', &quot;y&quot;)", "add", ["x", "y"]),
        (r"add('it\'s', 'say &quot;hi&quot;', '(a, b)')", "add", ["it's", 'say "hi"', "(a, b)"]),
        ("add([1, {&quot;a&quot;: 'b'}])", "add", [[1, {"a": "b"}]]),
        ("add('é€😀', 9007199254740991, -9007199254740991, 200, -33, 70000)", "add",
         ["é€😀", 9007199254740991, -9007199254740991, 200, -33, 70000]),
        ("add('" + "long " * 50 + "')", "add", ["long " * 50]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("wire", ["msgpack", "json"])
async def test_handlers_and_arguments(script, source, handler, args, wire):
    page = await script.open(*static(f'<i ts-on:click="{source}">x</i>'), wire=wire)
    await page.click("i")
    event = await script.event()
    assert (event.ref, event.handler, event.args, event.payload, event.fields) == (1, handler, args, {}, {})
    assert [type(a) for a in event.args] == [type(a) for a in args]


async def test_payloads(script):
    markup = (
        '<button ts-on:click="a" value="7"><b>x</b></button><button id="plain" ts-on:click="b">x</button>'
        '<input id="t" ts-on:input="c"><input id="k" ts-on:keydown="d"><input id="c" type="checkbox" ts-on:change="e">'
        '<select ts-on:change="f"><option>1</option><option>2</option></select><p ts-on:change="g" ts-on:input="h">'
        '<select id="m" multiple><option>1</option><option>2</option><option>3</option></select></p>'
    )
    page = await script.open(*static(markup))
    await page.click("button b")
    assert (await script.event(1)).payload == {"value": "7"}
    await page.click("#plain")
    assert (await script.event(2)).payload == {}
    await page.fill("#t", "text")
    assert (await script.event(3)).payload == {"value": "text"}
    await page.press("#k", "Enter")
    assert (await script.event(4)).payload == {"value": "", "key": "Enter"}
    await page.check("#c")
    assert (await script.event(5)).payload == {"value": "on", "checked": True}
    await page.select_option("select", "2")
    assert (await script.event(6)).payload == {"value": "2"}
    await page.select_option("#m", ["1", "3"])
    assert [(e.handler, e.payload) for e in [await script.event(7), await script.event(8)]] == [
        ("h", {"value": ["1", "3"]}),
        ("g", {"value": ["1", "3"]}),
    ]


async def test_forms(script):
    markup = (
        '<form ts-on:submit="save" ts-on:change="check"><input name="a">'
        '<input name="b" value="1"><input name="b" value="2">'
        '<input type="checkbox" name="c"><input type="file" name="f"><input name="type" value="t">'
        '<button name="go" value="now">x</button></form>'
    )
    page = await script.open(*static(markup))
    await page.fill("[name=a]", "x")
    await page.click("button")
    check, save = await script.event(1), await script.event(2)
    form = {"a": "x", "b": ["1", "2"], "f": "", "type": "t"}
    assert (check.handler, check.payload) == ("check", {"value": "x", "form": form})
    assert (save.handler, save.payload) == ("save", {"form": form | {"go": "now"}})
    assert page.url == script.origin + "/?q=1"


async def test_innermost_first_then_outward_unless_stopped(script):
    page = await script.open(
        *static(
            '<div ts-on:click="outer"><p ts-on:click="middle"><i ts-on:click="inner">x</i></p>'
            '<p ts-on:click="never"><b ts-on:click.stop="stopped">x</b></p></div>'
        )
    )
    await page.click("i")
    await page.click("b")
    await script.settled()
    assert [e.handler for e in script.events[:-1]] == ["inner", "middle", "outer", "stopped"]


async def test_prevent_and_native_links(script):
    markup = (
        '<a id="p" href="#p" ts-on:click.prevent="p">x</a><a id="n" href="#n" ts-on:click="n">x</a>'
        '<a id="h" ts-on:click="h">x</a><input type="checkbox" ts-on:click.prevent="c">'
    )
    page = await script.open(*static(markup))
    await page.click("#p")
    assert not page.url.endswith("#p")
    await page.click("#n")
    assert page.url.endswith("#n")
    await page.click("#h")
    await page.click("input")
    assert not await page.is_checked("input")
    script.refuse_sockets = True  # of the tabs that open now
    async with page.context.expect_page():
        await page.click("#p", modifiers=["Control"])
    async with page.context.expect_page():
        await page.click("#p", button="middle")
    await script.settled()
    assert [e.handler for e in script.events[:-1]] == ["p", "n", "h", "c"]


async def test_key_filters(script):
    page = await script.open(
        *static('<input ts-on:keydown.enter="enter" ts-on:keydown.escape.prevent="escape" ts-on:keydown.a.b="ab">')
    )
    for key in ("x", "Enter", "Escape", "b", "Tab"):
        await page.press("input", key)
    await script.settled()
    assert [e.handler for e in script.events[:-1]] == ["enter", "escape", "ab"]


async def test_once(script):
    page = await script.open(*static('<i ts-on:click.once="one">x</i><b ts-on:click.once="two">x</b>'))
    for selector in ("i", "i", "b", "i"):
        await page.click(selector)
    await script.settled()
    assert [e.handler for e in script.events[:-1]] == ["one", "two"]


async def test_debounce_and_throttle(script):
    markup = (
        '<input id="d" ts-on:input.debounce.500ms="search"><i ts-on:click.throttle.1s="tick">x</i>'
        '<b ts-on:click.debounce="default">x</b>'
    )
    page = script.page
    await page.clock.install()
    await script.open(*static(markup))
    await page.clock.pause_at(await page.evaluate("Date.now() / 1000 + 5"))
    await page.locator("#d").press_sequentially("abc")
    await page.clock.run_for(400)
    await page.locator("#d").press_sequentially("d")
    await page.clock.run_for(499)
    assert script.events == []
    await page.clock.run_for(2)
    event = await script.event()
    assert (event.handler, event.payload) == ("search", {"value": "abcd"})
    for _ in range(3):
        await page.click("i")
    await page.clock.run_for(1001)
    await page.click("i")
    await page.click("b")
    await page.clock.run_for(301)
    await script.event(4)
    assert [e.handler for e in script.events] == ["search", "tick", "tick", "default"]


async def test_what_was_typed_goes_first(script):
    markup = (
        '<input ts-model.debounce.60s="q"><button ts-on:click="go">x</button>'
        '<form ts-on:submit="send"><input id="f" ts-model.debounce.60s="draft"></form>'
    )
    page = await script.open(*static(markup))
    await page.fill("input", "typed")
    await page.evaluate("document.querySelector('button').click()")
    await script.event(2)
    await page.fill("#f", "hello")
    await page.press("#f", "Enter")
    await script.event(4)
    await page.fill("#f", "bye")
    await page.locator("#f").blur()
    await script.event(5)
    assert [(e.handler, e.fields) for e in script.events] == [
        ("", {"q": "typed"}), ("go", {}), ("", {"draft": "hello"}), ("send", {}), ("", {"draft": "bye"}),
    ]  # fmt: skip


async def test_models(script):
    markup = (
        '<input id="t" ts-model="t"><input id="l" ts-model.lazy="l"><textarea ts-model="a"></textarea>'
        '<input type="checkbox" ts-model="c"><input type="radio" name="r" value="1" ts-model="r">'
        '<input type="radio" name="r" value="2" id="r2" ts-model="r"><select ts-model="s"><option>x</option>'
        '<option>y</option></select><select id="m" multiple ts-model="m"><option>x</option><option>y</option></select>'
    )
    page = await script.open(*static(markup))
    await page.fill("#t", "1")
    await page.fill("#l", "2")
    await page.fill("textarea", "3 4")
    await page.check("[type=checkbox]")
    await page.uncheck("[type=checkbox]")
    await page.check("#r2")
    await page.select_option("select >> nth=0", "y")
    await page.select_option("#m", ["x", "y"])
    await script.settled()
    fields = [
        {"t": "1"},
        {"l": "2"},
        {"a": "3 4"},
        {"c": True},
        {"c": False},
        {"r": "2"},
        {"s": "y"},
        {"m": ["x", "y"]},
    ]
    assert [e.fields for e in script.events[:-1]] == fields
    assert all(e.handler == "" and e.args == [] and e.payload == {} for e in script.events[:-1])


async def test_directives_written_by_the_server_and_events_outside_of_the_root(script, board):
    shape = [["<!--[--><!--]-->", [[4, [0], [["<i>x</i>", [[1, [0], "ts-on:click", "pick(", ")"]]]]]]]]
    page = await script.open("<!--[-1--><!--]-->", shape)
    await page.evaluate(
        "document.body.append(Object.assign(document.createElement('s'), {id: 'out', textContent: 'x'}));"
        "document.querySelector('#out').setAttribute('ts-on:click', 'no')"
    )
    await script.patch(0, [0, [5]])
    await page.click("#out")
    await page.click("i")
    event = await script.event()
    assert (event.handler, event.args) == ("pick", [5])
