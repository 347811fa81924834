"""Taking over the nodes that the server has rendered."""

from __future__ import annotations

import pytest

from livets.wire.messages import Heal, JoinMode


async def marked(page) -> None:
    """Give every element an expando, to see later which ones are still the served ones."""
    await page.evaluate("document.querySelectorAll('#livets *').forEach(e => e.served = true)")


async def replaced(page) -> list[str]:
    return await page.evaluate(
        "[...document.querySelectorAll('#livets *')].filter(e => !e.served).map(e => e.outerHTML)"
    )


async def test_served_nodes_are_kept_and_written(script, board):
    page = await script.open(board.markup, board.shape)
    await marked(page)
    board.count, board.note, board.banner, board.radii = 2, "now", ("off", "deeper"), [1, 9]
    board.rows["3"] = ("c", None)
    await script.patch(
        board.COUNT, 2, board.NOTE, "now", board.BANNER, [[0, "off", 1, [[0, "deeper"]]]],
        board.ROWS, [0, "3", [0, "c"]], board.CIRCLES, [16, 1, 9],
    )  # fmt: skip
    board.shows(await script.html())
    assert await replaced(page) == []
    assert script.of(Heal) == []


async def test_nothing_shown_yet(script, board):
    board.banner, board.rows, board.radii, board.html = None, {}, [], ""
    await script.open(board.markup, board.shape)
    board.is_over, board.rows, board.radii, board.html = True, {"7": ("g", "h")}, [5], "<b>x</b>"
    await script.patch(
        board.BANNER, [1, []], board.ROWS, [3, None, board.fills], board.CIRCLES, [3, None, [0, [5]]],
        board.HTML, "<b>x</b>",
    )  # fmt: skip
    board.shows(await script.html())
    assert await script.page.evaluate("document.querySelector('circle').namespaceURI.endsWith('svg')")


async def test_white_space_between_rows_belongs_to_them(script, board):
    await script.open(board.markup, board.shape)
    await script.patch(board.ROWS, [2, "2"])
    assert await script.text("ul") == "\na\n\n\n"
    await script.patch(board.ROWS, [2, "1", 2, "3"])
    assert await script.text("ul") == ""


@pytest.mark.parametrize(
    ("old", "new", "address"),
    [
        ("<h1", "<h2>foreign</h2><h1", []),
        ("<i>deep</i>", "<i>deep</i><i>more</i>", [4, 1]),
        ("<i>deep</i>", "<s>deep</s>", [4, 1]),
        ("<span>a</span>", "<span><font>a</font></span>", [5, "1"]),
        ("<u>!</u>", "<u>!</u>?", [5, "2", 1]),
        ("<ul><!--[-->", "<ul><!--[--><li>ad</li>", [5]),
        ('<circle r="2">', '<rect></rect><circle r="2">', [6]),
    ],
)
async def test_what_does_not_fit_is_asked_for_again(script, board, old, new, address):
    markup = board.markup.replace(old, new)
    assert markup != board.markup
    await script.open(markup, board.shape)
    assert await script.heal() == address
    fill = board.fill
    for step in address:
        fill = fill[step] if not isinstance(step, str) else fill[fill.index(step) + 1]
        if address[:2] == [4, 1] and step == 4:
            fill = fill[1]
    await script.patch(-9, [address, fill])
    board.shows(await script.html())
    await script.settled()
    assert len(script.of(Heal)) == 1


async def test_pending_heals_are_sent_again_on_a_new_connection(script, board):
    await script.open(board.markup.replace("<i>deep", "<i>deep<s></s>"), board.shape)
    assert await script.heal() == [4, 1]
    script.mode = JoinMode.REPLAYED
    await script.cut()
    await script.wait(lambda: script.sockets == 2 and script.of(Heal))
    await script.patch(-9, [[4, 1], [0, ["deep"]]])
    board.shows(await script.html())


async def test_svg_and_math_blocks_have_their_namespace(script):
    shape = [
        [
            "<svg><!--[--><!--]--></svg><math><!--[--><!--]--></math><svg><!--[--><!--]--></svg>",
            [
                [4, [0, 0], [["<g><path></path></g>", [[1, [0, 0], "d", "M", ""]], "svg"]]],
                [4, [1, 0], [["<mi>x</mi>", [[0, [0, 0], "", ""]], "math"]]],
                [3, [2, 0], "svg"],
            ],
        ]
    ]
    body = "<svg><!--[-1--><!--]--></svg><math><!--[0--><mi>a</mi><!--]--></math><svg><!--[--><!--]--></svg>"
    page = await script.open(body, shape)
    await script.patch(0, [0, ["1 1"]], 1, [-1], 2, "<circle></circle>")
    await script.patch(1, [0, ["z"]])
    spaces = "s => document.querySelector(s).namespaceURI.split('/').pop()"
    assert [await page.evaluate(spaces, s) for s in ("path", "mi", "circle")] == ["svg", "MathML", "svg"]
    assert await page.get_attribute("path", "d") == "M1 1"


async def test_empty_text_beside_elements(script):
    shape = [["<p>x<b></b>x</p><textarea>x</textarea>", [
        [0, [0, 0], "", ""], [0, [0, 2], "", ""], [0, [1, 0], "", ""]]]]  # fmt: skip
    await script.open("<p><b></b></p><textarea></textarea>", shape)
    await script.patch(0, "l", 1, "r", 2, "t")
    assert await script.html() == "<p>l<b></b>r</p><textarea>t</textarea>"


ITEM = ["<i>x</i>", [[1, [0], "id", "", ""], [0, [0, 0], "", ""]]]
ITEMS = [["<!--[--><!--]-->", [[5, [0], ITEM, ["id", "", ""]]]]]


async def test_rows_of_the_same_key_are_named_by_the_server(script):
    await script.open('<!--[--><i id="b">1</i><i id="b~2">2</i><i id="b">3</i><i id="">4</i><!--]-->', ITEMS)
    assert await script.heal() == [0]
    await script.patch(-9, [[0], ["b", ["b", "1"], "b~2", ["b~2", "2"], "b~3", ["b", "3"], "", ["", "4"]]])
    await script.patch(0, [17, "b", "one", 17, "b~2", "two", 17, "b~3", "three", 17, "", "four"])
    assert await script.text() == "onetwothreefour"
    assert len(script.of(Heal)) == 1
