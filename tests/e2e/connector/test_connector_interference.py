"""Other scripts change the page: their changes survive, or the block is asked for again; never a wrong write."""

from __future__ import annotations

import pytest

from livets.wire.messages import Heal


async def test_node_inserted_before_the_content(script, board):
    page = await script.open(board.markup, board.shape)
    await page.evaluate("document.querySelector('#livets').prepend(Object.assign(document.createElement('aside')))")
    await script.patch(0, 2, 4, [1, []], 5, [16, "2", "B", 2, "1"])
    board.count, board.is_over = 2, True
    board.rows = {"2": ("B", "!"), "3": ("", None)}
    html = await script.html()
    assert html.startswith("<aside></aside>")
    board.shows(html.removeprefix("<aside></aside>"))
    assert script.of(Heal) == []


async def test_node_injected_into_the_list(script, board):
    page = await script.open(board.markup, board.shape)
    await page.evaluate(
        "document.querySelector('#r1').after(Object.assign(document.createElement('li'), {textContent: 'ad'}))"
    )
    board.rows = {"3": ("c", None), "1": ("A", None), "4": ("d", None)}
    await script.patch(5, [16, "1", "A", 1, "3", None, 2, "2", 3, "1", ["4", board.row("4")], 16, "3", "c"])
    assert (await script.html()).count("<li>ad</li>") == 1
    order = "[...document.querySelectorAll('li')].map(e => e.textContent)"
    assert await page.evaluate(order) == ["c", "A", "d", "ad"]
    await script.patch(5, [5, board.fills])
    await script.patch(5, [5, []])
    assert await page.evaluate("document.querySelector('ul').children.length") == 1
    assert script.of(Heal) == []


async def test_rows_sorted_by_a_script(script, board):
    page = await script.open(board.markup, board.shape)
    await page.evaluate("const u = document.querySelector('ul'); [...u.children].reverse().forEach(e => u.append(e))")
    order = "[...document.querySelectorAll('li')].map(e => e.id + e.textContent)"
    assert await page.evaluate(order) == ["r3", "r2b!", "r1a"]
    await script.patch(5, [16, "1", "A", 3, "2", ["4", ["d", [-1], "4"]], 0, "3", [1, [0, ["?"]]]])
    assert await page.evaluate(order) == ["r3?", "r2b!", "r4d", "r1A"]
    await script.patch(5, [2, "2", 1, "1", "3"])
    assert await page.evaluate(order) == ["r3?", "r1A", "r4d"]
    await script.patch(5, [5, ["1", ["a", [-1], "1"], "3", ["c", [-1], "3"]]])
    assert await page.evaluate(order) == ["r1a", "r3c"]
    assert script.of(Heal) == []


async def test_cell_wrapped_by_a_widget(script, board):
    page = await script.open(board.markup, board.shape)
    await page.evaluate(
        "const s = document.querySelector('#r1 span'), b = document.createElement('b'); b.append(...s.childNodes);"
        " s.append(b)"
    )
    await script.patch(5, [16, "1", "A"])
    assert await script.heal() == [5, "1"]
    await script.patch(5, [16, "1", "ignored", 16, "2", "B"])
    board.rows["1"], board.rows["2"] = ("AA", "x"), ("B", "!")
    await script.patch(-9, [[5, "1"], board.row("1")])
    board.shows(await script.html())
    await script.patch(5, [16, "1", "a"])
    board.rows["1"] = ("a", "x")
    board.shows(await script.html())
    assert len(script.of(Heal)) == 1


TRANSLATE = """s => { const t = document.querySelector(s).firstChild, f = document.createElement('font');
    f.textContent = 'TRADUIT'; t.replaceWith(f); }"""


@pytest.mark.parametrize(
    ("selector", "diff", "address"),
    [
        ("h1", [0, 2], []),
        ("#r2 u", [5, [0, "2", [1, [[0, "?"]]]]], [5, "2", 1]),
        ("b", [4, [[0, "off"]]], [4]),
    ],
)
async def test_translated_text(script, board, selector, diff, address):
    page = await script.open(board.markup, board.shape)
    await page.evaluate(TRANSLATE, selector)
    await script.patch(*diff)
    assert await script.heal() == address
    assert "TRADUIT" in await script.html()
    await script.patch(-9, [[], board.fill])
    board.shows(await script.html())


async def test_split_text(script, board):
    page = await script.open(board.markup, board.shape)
    await page.evaluate("document.querySelector('h1').firstChild.splitText(3)")
    await script.patch(0, 2)
    assert await script.heal() == []


async def test_split_text_of_which_a_part_is_marked(script, board):
    page = await script.open(board.markup, board.shape)
    await page.evaluate(
        "{ const rest = document.querySelector('h1').firstChild.splitText(3), mark = document.createElement('mark');"
        " rest.replaceWith(mark); mark.append(rest); }"
    )
    await script.patch(0, 2)
    assert await script.heal() == []


async def test_split_and_normalised_text(script, board):
    page = await script.open(board.markup, board.shape)
    await page.evaluate("document.querySelector('ul').normalize()")
    await script.patch(5, [16, "2", "B", 1, "3", None, 2, "1"])
    assert await page.evaluate("[...document.querySelectorAll('li')].map(e => e.textContent)") == ["", "B!"]
    assert script.of(Heal) == []


async def test_comments_removed(script, board):
    page = await script.open(board.markup, board.shape)
    await page.evaluate(
        "const w = document.createTreeWalker(document.querySelector('#livets'), 128), c = [];"
        "while (w.nextNode()) c.push(w.currentNode); c.forEach(n => n.remove())"
    )
    await script.patch(0, 2, 4, [[0, "still"]], 5, [16, "1", "A", 3, "1", ["9", ["i", [-1], "9"]], 2, "2"])
    board.count, board.banner = 2, ("still", "deep")
    board.rows = {"1": ("A", None), "9": ("i", None), "3": ("", None)}
    board.shows(await script.html())
    assert script.of(Heal) == []
    await script.patch(4, [-1])
    assert await script.heal() == []
    await script.patch(-9, [[], board.fill])
    board.shows(await script.html())


async def test_list_comment_removed_and_insert_at_the_head(script, board):
    page = await script.open(board.markup, board.shape)
    await page.evaluate("document.querySelector('ul').firstChild.remove()")
    await script.patch(5, [3, None, ["9", ["i", [-1], "9"]]])
    assert await script.heal() == []


async def test_row_taken_away(script, board):
    page = await script.open(board.markup, board.shape)
    await page.evaluate("document.querySelector('#r2').remove()")
    await script.patch(5, [3, "2", ["9", ["i", [-1], "9"]]])
    assert await script.heal() == [5]
    board.rows["9"] = ("i", None)
    await script.patch(-9, [[5], board.fills])
    board.shows(await script.html())


async def test_build_of_a_row_that_is_gone_asks_for_the_list(script, board):
    page = await script.open(board.markup, board.shape)
    await page.evaluate("document.querySelector('#r2').remove()")
    await script.patch(5, [16, "2", "x"])
    assert await script.heal() == [5, "2"]
    await script.patch(-9, [[5, "2"], board.row("2")])
    assert await script.heal(2) == [5]
    await script.patch(-9, [[5], board.fills])
    board.shows(await script.html())


async def test_container_taken_out_of_the_page(script, board):
    page = await script.open(board.markup, board.shape)
    await page.evaluate("document.querySelector('ul').remove()")
    await script.patch(5, [3, None, ["9", ["i", [-1], "9"]]])
    assert await script.heal() == []
    await script.patch(-9, [[], board.fill])
    board.shows(await script.html())


async def test_classes_attributes_and_listeners_of_other_scripts_survive(script, board):
    page = await script.open(board.markup, board.shape)
    await page.evaluate(
        "const h = document.querySelector('h1'); h.classList.add('theirs'); h.dataset.theirs = 1; h.theirs = 1;"
        "document.querySelector('p').title = 'theirs'; document.querySelector('p').dataset.x = 1"
    )
    await script.patch(1, "b c")
    assert set((await page.get_attribute("h1", "class")).split()) == {"b", "c", "theirs"}
    await script.patch(1, "")
    assert (await page.get_attribute("h1", "class")).split() == ["theirs"]
    await script.patch(1, "a\u00a0b")
    await script.patch(1, "a")
    assert set((await page.get_attribute("h1", "class")).split()) == {"a", "theirs"}
    await script.patch(2, {"hidden": ""})
    assert await page.evaluate("document.querySelector('p').dataset.x") == "1"
    assert await page.evaluate("[h1 = document.querySelector('h1'), h1.theirs + h1.dataset.theirs][1]") == "11"


async def test_foreign_nodes_die_only_with_the_condition_they_are_in(script, board):
    page = await script.open(board.markup, board.shape)
    await page.evaluate(
        "document.querySelector('b').after(document.createElement('s')); document.querySelector('ul').before('T')"
    )
    await script.patch(4, [-1])
    html = await script.html()
    assert "<s>" not in html
    assert "T<ul>" in html
    assert script.of(Heal) == []
