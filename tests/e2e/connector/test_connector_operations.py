"""Every operation of a diff, against what a fresh render of the new state would be."""

from __future__ import annotations

import random
from typing import Any

import pytest

from livets.wire.messages import Heal, JoinMode


async def test_text_attribute_and_attributes(script, board):
    await script.open(board.markup, board.shape)
    board.count, board.classes, board.note = "<2>", "b c", "x & y"
    board.attributes = {"title": "1"}
    await script.patch(0, "<2>", 1, "b c", 2, {"title": 1}, 3, "x & y")
    board.shows(await script.html())
    board.attributes = {"hidden": ""}
    await script.patch(2, {"hidden": ""})
    board.shows(await script.html())
    board.attributes = {}
    await script.patch(2, {})
    board.shows(await script.html())


async def test_html_and_conditions(script, board):
    await script.open(board.markup, board.shape)
    board.html, board.banner = "t<i>2</i>", None
    await script.patch(7, "t<i>2</i>", 4, [-1])
    board.shows(await script.html())
    board.banner = ("again", None)
    await script.patch(4, [0, ["again", [-1]]])
    board.shows(await script.html())
    board.banner = ("again", "inner")
    await script.patch(4, [[1, [0, ["inner"]]]])
    board.shows(await script.html())
    board.banner = ("same branch, new fill", None)
    await script.patch(4, [0, ["same branch, new fill", [-1]]])
    board.shows(await script.html())
    board.is_over = True
    await script.patch(4, [1, []])
    board.shows(await script.html())


async def test_each_list_operation(script, board):
    await script.open(board.markup, board.shape)
    rows = board.rows

    async def check(*operations):
        await script.patch(board.ROWS, list(operations))
        board.shows(await script.html())

    rows["1"] = ("A", "x")
    await check(0, "1", [0, "A", 1, [0, ["x"]]])
    rows["2"] = ("B", "!")
    await check(16, 2, "B")  # the key as a number is the same key
    board.rows = {"3": rows["3"], "1": rows["1"], "2": rows["2"]}
    await check(1, "3", None)
    board.rows = {"1": rows["1"], "2": rows["2"], "3": rows["3"]}
    await check(1, "3", "2")
    board.rows = {"1": rows["1"], "8": ("h", None), "9": ("i", "y"), "3": rows["3"]}
    await check(3, "1", ["8", board.row("8"), "9", board.row("9")], 2, "2")
    board.rows = {"9": ("i", "y"), "4": ("d", None), "1": ("z", None)}
    await check(5, board.fills)
    board.rows = {}
    await check(5, [])
    board.rows = {"5": ("e", None)}
    await check(3, None, board.fills)
    board.rows = {"6": ("f", None), "5": ("e", None), "7": ("g", None)}
    await check(3, None, ["6", board.row("6")], 3, "5", ["7", board.row("7")])


async def test_index_keyed_list(script, board):
    await script.open(board.markup, board.shape)
    board.radii = [1, 2, 3, 4]
    await script.patch(board.CIRCLES, [3, 1, [2, [3], 3, [4]]])
    board.shows(await script.html())
    board.radii = [1, 2, 5]
    await script.patch(board.CIRCLES, [6, 3, 0, 2, [0, 5]])
    board.shows(await script.html())
    board.radii = [7, 8]
    await script.patch(board.CIRCLES, [5, [0, [7], 1, [8]]])
    board.shows(await script.html())
    board.radii = []
    await script.patch(board.CIRCLES, [6, 0])
    board.shows(await script.html())


async def test_fill_reconciles_and_keeps_nodes(script, board):
    page = await script.open(board.markup, board.shape)
    await page.evaluate("document.querySelectorAll('#livets *').forEach(e => e.served = true)")
    await page.evaluate(
        "() => { window.seen = 0; const root = document.querySelector('#livets');"
        "new MutationObserver(l => seen += l.length).observe(root,"
        "{subtree: true, childList: true, attributes: true, characterData: true}); }"
    )
    await script.patch(-10, board.fill)
    assert await page.evaluate("seen") == 0
    board.count, board.banner = 5, ("on", None)
    board.rows = {"3": ("c", "new"), "1": ("a", None), "9": ("i", None)}
    board.radii = [4]
    await script.patch(-10, board.fill)
    board.shows(await script.html())
    kept = "s => document.querySelector(s).served === true"
    assert [await page.evaluate(kept, s) for s in ("h1", "#r1", "#r3", "b", "circle")] == [True] * 5
    assert script.of(Heal) == []


async def test_build_at_every_kind_of_address(script, board):
    page = await script.open(board.markup, board.shape)
    await page.evaluate("document.querySelector('#r2').old = document.querySelector('#r1').old = true")

    async def lost(selector: str, *diff: Any) -> list[Any]:
        """Somebody else's node is where ours was; a diff that meets it asks for the block."""
        await page.evaluate("s => document.querySelector(s).firstChild.replaceWith('lost', new Comment())", selector)
        await script.patch(*diff)
        await script.settled()
        return script.of(Heal)[-1].address

    assert await lost("#r2 span", 5, [16, "2", "x"]) == [5, "2"]
    board.rows["2"] = ("bb", "??")
    await script.patch(-9, [[5, "2"], board.row("2")])
    board.shows(await script.html())
    assert await page.evaluate("[document.querySelector('#r2').old, document.querySelector('#r1').old]") == [None, True]
    assert await lost("#r2 u", 5, [0, "2", [1, [[0, "x"]]]]) == [5, "2", 1]
    board.rows["2"] = ("bb", "3")
    await script.patch(-9, [[5, "2", 1], [0, ["3"]]])
    board.shows(await script.html())
    assert await lost("#r1 span", 5, [16, "none", "x"]) == [5]
    board.rows = {"4": ("d", None), "2": ("b", None)}
    await script.patch(-9, [[5], board.fills])
    board.shows(await script.html())
    assert await lost("b", 4, [[0, "x"]]) == [4]
    board.banner = ("built", "in")
    await script.patch(-9, [[4], board.fill[4]])
    board.shows(await script.html())
    board.count, board.radii = 77, [3]
    await script.patch(-9, [[], board.fill])
    board.shows(await script.html())
    board.count = 78
    await script.patch(0, 78)
    board.shows(await script.html())
    await script.patch(-9, [[4], [-1]])  # nobody asked
    board.shows(await script.html())


async def test_a_new_shape(script, board):
    await script.open(board.markup, board.shape)
    await script.patch(-13, ["F2", [["<h2>x</h2>", [[0, [0, 0], "", ""]]]]], -9, [[], ["new"]])
    assert await script.html() == "<h2>new</h2>"
    await script.patch(0, "newer")
    assert await script.html() == "<h2>newer</h2>"
    await script.cut()
    await script.wait(lambda: script.sockets == 2 and script.received)
    assert script.received[0].fingerprint == "F2"


async def test_title_and_unknown_operations(script, board):
    page = await script.open(board.markup, board.shape)
    await script.patch(-1, "T & t", -4, ["info", "x"], -99, None, 0, 2)
    assert await page.title() == "T & t"
    assert "Count: 2!" in await script.html()


async def test_joined_carries_a_diff(script, board):
    async def answer(message):
        await script.joined(JoinMode.FILLED, [-10, board.fill])

    markup = board.markup
    board.count, board.rows = 50, {"3": ("z", None)}
    script.answer = answer
    await script.open(markup, board.shape)
    board.shows(await script.html())


@pytest.mark.parametrize("seed", range(3))
async def test_random_resets(script, board, seed):
    await script.open(board.markup, board.shape)
    chance = random.Random(seed)
    for _ in range(25):
        keys = chance.sample([str(n) for n in range(12)], chance.randrange(12))
        board.rows = {key: (chance.choice("xyz"), chance.choice([None, "m"])) for key in keys}
        await script.patch(board.ROWS, [5, board.fills])
        board.shows(await script.html())
    assert script.of(Heal) == []


async def test_a_fault_in_a_diff_ends_in_a_new_view(script, board):
    await script.open(board.markup, board.shape)
    await script.patch(99, "no such slot")
    assert await script.heal() == []
    await script.patch(0, "ignored")
    await script.patch(-9, [[], board.fill])
    board.shows(await script.html())
