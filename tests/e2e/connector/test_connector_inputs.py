"""Form controls: the server writes, the person types."""

from __future__ import annotations

import pytest_asyncio

from livets.wire.messages import Frame, JoinMode, Resume

SHAPE = [
    [
        '<input id="v"><input id="b" ts-model="b"><textarea id="a">x</textarea><input id="c" type="checkbox">'
        '<select id="s"><option id="o1" value="1">1</option><option id="o2" value="2">2</option></select>'
        '<textarea id="d" ts-model="d">x</textarea><input id="k" type="checkbox" ts-model.lazy="k">'
        "<!--[--><!--]-->",
        [
            [1, [0], "value", "", ""],
            [1, [1], "value", "", ""],
            [0, [2, 0], "", ""],
            [2, [3], ["checked"]],
            [2, [4, 0], ["selected"]],
            [2, [4, 1], ["selected"]],
            [0, [5, 0], "", ""],
            [2, [6], ["checked"]],
            [5, [7], ["<p><input><b>x</b></p>", [[1, [0], "id", "r", ""], [1, [0, 0], "name", "", ""],
             [1, [0, 0], "value", "", ""], [0, [0, 1, 0], "", ""]]], ["id", "r", ""]],
        ],
    ]
]  # fmt: skip
V, B, A, C, O1, O2, D, K, ROWS = range(9)
BODY = (
    '<input id="v" value="0"><input id="b" ts-model="b" value="0"><textarea id="a">0</textarea>'
    '<input id="c" type="checkbox"><select id="s"><option id="o1" value="1">1</option>'
    '<option id="o2" value="2" selected>2</option></select><textarea id="d" ts-model="d"></textarea>'
    '<input id="k" type="checkbox" ts-model.lazy="k"><!--[--><p id="r1"><input name="n" value="1"><b>1</b></p>'
    '<p id="r2"><input name="n" value="2"><b>2</b></p><!--]-->'
)


@pytest_asyncio.fixture(loop_scope="session")
async def form(script):
    await script.open(BODY, SHAPE)
    return script.page


async def test_pristine_controls_follow_the_server(script, form):
    await script.patch(
        V, "1", B, "2", A, "3", C, {"checked": ""}, O1, {"selected": ""}, O2, {}, D, "4", K, {"checked": ""}
    )
    assert [await form.input_value(s) for s in ("#v", "#b", "#a", "#s", "#d")] == ["1", "2", "3", "1", "4"]
    assert await form.is_checked("#c")
    assert await form.is_checked("#k")
    await script.patch(C, {}, K, {}, O1, {}, O2, {"selected": ""})
    assert not await form.is_checked("#c")
    assert not await form.is_checked("#k")
    assert await form.input_value("#s") == "2"


async def test_pristine_again_once_the_server_says_the_same(script, form):
    await form.fill("#v", "typed")
    await form.locator("#v").blur()
    await script.patch(V, "1")
    assert await form.input_value("#v") == "typed"
    await script.patch(V, "typed")
    await script.patch(V, "2")
    assert await form.input_value("#v") == "2"


async def test_typed_text_outlives_a_remounted_view(script, form):
    await form.fill("#v", "mine")
    await form.fill("#b", "sent")
    await script.event()
    await script.send(Frame.ACK, done=1)
    fill = ["s", "server", "0", {}, {}, {"selected": ""}, "", {}, []]

    async def remount(message):
        if isinstance(message, Resume):
            script.done = 0
            await script.joined(JoinMode.REMOUNTED, [-9, [[], fill], -1, "again"])

    script.answer = remount
    await script.cut()
    await form.wait_for_function("() => document.title === 'again'")
    assert await form.input_value("#v") == "mine"
    assert await form.input_value("#b") == "server"
    await script.patch(B, "server 2")
    assert await form.input_value("#b") == "server 2"


async def test_dirty_controls_are_not_overwritten(script, form):
    await form.fill("#v", "mine")
    await form.fill("#a", "mine")
    await form.check("#c")
    await form.select_option("#s", "1")
    await form.locator("#s").blur()
    await script.patch(V, "1", A, "1", O2, {}, C, {"checked": ""})
    assert [await form.input_value(s) for s in ("#v", "#a", "#s")] == ["mine", "mine", "1"]
    assert await form.get_attribute("#v", "value") == "1"
    assert await form.is_checked("#c")


async def test_a_focused_control_is_written_when_it_is_left(script, form):
    await form.focus("#v")
    await script.patch(V, "1")
    assert await form.input_value("#v") == "0"
    await script.patch(V, "2")
    await form.locator("#v").blur()
    assert await form.input_value("#v") == "2"


async def test_a_focused_control_that_was_typed_in_stays(script, form):
    await form.focus("#v")
    await script.patch(V, "1")
    await form.locator("#v").press_sequentially("9")
    await form.locator("#v").blur()
    assert "9" in await form.input_value("#v")


async def test_bound_control_is_written_when_the_server_differs(script, form):
    await form.fill("#b", " typed ")
    event = await script.event()
    assert event.fields == {"b": " typed "}
    await script.patch(B, "older", done=event.ref - 1)
    assert await form.input_value("#b") == " typed "
    await script.patch(B, " typed ", done=event.ref)
    assert await form.input_value("#b") == " typed "
    await script.patch(B, "typed")
    assert await form.input_value("#b") == "typed"
    assert await form.evaluate("document.activeElement.id") == "b"


async def test_bound_control_without_input_is_written_even_in_focus(script, form):
    await form.focus("#b")
    await script.patch(B, "1")
    assert await form.input_value("#b") == "1"


async def test_a_value_that_waits_to_be_sent_is_newer(script):
    shape = [['<input ts-model.lazy="b">', [[1, [0], "value", "", ""]]]]
    page = await script.open('<input ts-model.lazy="b" value="0">', shape)
    await page.locator("input").press_sequentially("1")
    await script.patch(0, "server")
    assert await page.input_value("input") != "server"
    await page.locator("input").blur()
    await script.event()
    await script.patch(0, "server 2", done=1)
    assert await page.input_value("input") == "server 2"


async def test_bound_textarea_and_checkbox(script, form):
    await form.fill("#d", "text")
    await script.event()
    await form.check("#k")
    await script.event(2)
    await script.patch(D, "old", K, {}, done=0)
    assert await form.input_value("#d") == "text"
    assert await form.is_checked("#k")
    await script.patch(D, "new", K, {"checked": ""}, done=2)
    assert await form.input_value("#d") == "new"
    assert await form.is_checked("#k")
    await script.patch(K, {})
    assert not await form.is_checked("#k")


async def test_set_input_always_writes(script, form):
    await form.fill("#b", "typed")
    await form.fill("#d", "typed")
    await form.check("#k")
    await script.patch(-6, ["b", ""], -6, ["d", "x"], -6, ["k", False])
    assert [await form.input_value(s) for s in ("#b", "#d")] == ["", "x"]
    assert not await form.is_checked("#k")


async def test_set_input_of_radios_and_selects(script):
    markup = (
        '<input type="radio" name="r" value="1" ts-model="r"><input type="radio" name="r" value="2" ts-model="r">'
        '<select ts-model.lazy="s"><option>x</option><option>y</option></select>'
        '<select multiple ts-model="m"><option>1</option><option>2</option><option>3</option></select>'
    )
    page = await script.open(markup, [[markup, []]])
    await script.patch(-6, ["r", "2"], -6, ["s", "y"], -6, ["m", ["1", "3"]])
    assert await page.evaluate("[...document.querySelectorAll(':checked')].map(e => e.value)") == ["2", "y", "1", "3"]


CARET = (
    "[document.activeElement.id || document.activeElement.name,"
    " document.activeElement.selectionStart, document.activeElement.selectionEnd]"
)


async def test_focus_and_caret_survive_moves_and_writes(script, form):
    await form.focus("#r2 input")
    await form.evaluate("document.activeElement.value = 'longer'; document.activeElement.setSelectionRange(2, 4)")
    await script.patch(ROWS, [1, "2", None])
    assert await form.evaluate(CARET) == ["n", 2, 4]
    await script.patch(ROWS, [5, ["9", ["9", "n", "9", "9"], "1", ["1", "n", "1", "1"], "2", ["2", "n", "2", "2"]]])
    assert await form.evaluate(CARET) == ["n", 2, 4]
    await form.fill("#b", "  word")
    await form.evaluate("document.activeElement.setSelectionRange(3, 3)")
    await script.event()
    await script.patch(B, "  Word", done=1)
    assert await form.evaluate(CARET) == ["b", 3, 3]


async def test_focus_caret_and_dirty_values_survive_a_rebuild(script, form):
    await form.fill("#r1 input", "one")
    await form.fill("#r2 input", "two!")
    await form.evaluate("document.activeElement.setSelectionRange(1, 2)")
    await form.fill("#a", "area")
    await form.check("#c")
    await form.focus("#r2 input")
    fill = ["0", "0", "0", {}, {}, {"selected": ""}, "", {}]
    await script.patch(-9, [[], [*fill, ["2", ["2", "n", "2", "2"], "1", ["1", "n", "1", "1"]]]])
    assert [await form.input_value(s) for s in ("#r1 input", "#r2 input", "#a")] == ["one", "two!", "area"]
    assert await form.is_checked("#c")
    assert await form.evaluate(CARET) == ["n", 1, 2]
    assert await form.evaluate("document.activeElement.parentNode.id") == "r2"
    await form.evaluate("document.querySelector('#r2 b').firstChild.remove()")
    await script.patch(ROWS, [19, "2", "x"])
    await script.patch(-9, [await script.heal(), ["2", "n", "2", "x"]])
    assert await form.evaluate(CARET) == ["n", 1, 2]
    assert await form.input_value("#r2 input") == "two!"


async def test_a_rebuilt_bound_control_shows_the_server(script, form):
    await form.fill("#b", "typed")
    await script.event()
    fill = ["0", "server", "0", {}, {}, {"selected": ""}, "", {}, []]
    await script.patch(-9, [[], fill])
    assert await form.input_value("#b") == "typed"
    await script.patch(-9, [[], fill], done=1)
    assert await form.input_value("#b") == "server"
