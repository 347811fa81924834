"""What a change becomes, construct by construct: small edits where they are safe, doubt elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from livets.render.strings.census import take
from livets.render.strings.edits import edit
from livets.render.strings.tokens import Doubt, decoded
from tests.support import edit_model


def change(old: str, new: str, parent: str = "div", namespace: str = "") -> list[Any]:
    """The edits, less the count of nodes; they have been applied, and gave the new page."""
    ops, _ = edit(old, new, take(old, parent, namespace), parent, namespace)
    nodes = edit_model.parse(old, parent, namespace)
    edit_model.apply(nodes, ops)
    assert nodes == edit_model.parse(new, parent, namespace)
    return ops[1:]


def rows(*numbers: int, tail: str = "\n") -> str:
    """A long table."""
    lines = tail.join(
        f'<tr id="r{number}"><td>{number}</td><td class="label">row {number}</td></tr>' for number in numbers
    )
    return f'<table><tbody id="rows">{lines}{tail}</tbody></table>'


@pytest.mark.parametrize(
    ("old", "new", "ops"),
    [
        ("<h1>5</h1><p>x</p>", "<h1>6</h1><p>x</p>", [0, [0, 0, "h1"], "6"]),
        ("<p>a</p>", "<p>&lt;b&gt; &copy; &#x41;</p>", [0, [0, 0, "p"], "<b> © A"]),
        ('<p><b id="k">1</b></p>', '<p><b id="k">2</b></p>', [0, ["k", 0, "b"], "2"]),
        ('<i data-key="a"></i><b>1</b>', '<i data-key="a"></i><b>2</b>', [0, ["a", -1, 0, "b"], "2"]),
        ("<input>", "<input disabled>", [1, [0, "input"], "disabled", ""]),
        ("<input checked value=1>", "<input value=2>",
         [1, [0, "input"], "checked", None, 1, [0, "input"], "value", "2"]),
        ('<p class="a">x</p>', '<p class="a b">x</p>', [2, [0, "p"], "a", "a b"]),
        ("<textarea>a</textarea>", "<textarea>\n\nb &amp; c</textarea>", [0, [0, "textarea"], "\nb & c"]),
        ("<ul><li>a</li></ul>", "<ul><li>a</li><li>b</li></ul>", [3, [0, 1, "ul"], ["<li>b</li>"]]),
        ('<b id="x">x</b><i>y</i>', '<u id="z">x</u><i>y</i>', [3, [0, ""], ['<u id="z">x</u>', -1]]),
        ("<p>a</p><hr><p>b</p>", "<p>a</p><p>b</p>", [3, [1, ""], [-1]]),
        ("<p>a</p><!--x-->", "<p>a</p><!--y-->", [3, [1, ""], ["<!--y-->", -1]]),
        ("<p>a b</p>", "<p>a <b>b</b></p>", [0, [0, 0, "p"], "a ", 3, [0, 1, "p"], ["<b>b</b>"]]),
        ("<template><b>1</b></template>", "<template><b>2</b></template>",
         [3, [0, ""], ["<template><b>2</b></template>", -1]]),
        ("<select><option selected>a</option><option>b</option></select>",
         "<select><option>a</option><option selected>b</option></select>",
         [1, [0, 0, "option"], "selected", None, 1, [0, 1, "option"], "selected", ""]),
        ('<svg><circle r="1"/></svg>', '<svg><circle r="2"/></svg>', [1, [0, 0, "circle"], "r", "2"]),
        ("<svg></svg>", '<svg><path d="M0"/></svg>', [3, [0, 0, "svg"], ['<path d="M0"/>']]),
        ("<svg viewBox='0 0 1 1'></svg>", "<svg viewBox='0 0 2 2'></svg>",
         [3, [0, ""], ["<svg viewBox='0 0 2 2'></svg>", -1]]),
        ("<math><mi>x</mi></math>", "<math><mi>y</mi></math>", [0, [0, 0, 0, "mi"], "y"]),
        ("<div ts-ignore><b>1</b></div><p>1</p>", "<div ts-ignore><b>2</b></div><p>2</p>", [0, [1, 0, "p"], "2"]),
    ],
)  # fmt: skip
def test_one_change(old: str, new: str, ops: list[Any]) -> None:
    if "ts-ignore" in old:
        assert edit(old, new, take(old, "div", ""), "div", "")[0][1:] == ops
    else:
        assert change(old, new) == ops


def test_rows_come_go_move_and_change() -> None:
    every = range(100)
    assert change(rows(*every), rows(*every[:50], *every[51:])) == [3, ["r49", -1, None], [-2]]
    assert change(rows(*every), rows(*every, 100))[2][0].strip().startswith('<tr id="r100">')
    assert change(rows(*every), rows(0, 98, *every[2:98], 1, 99)) == [
        3, ["r0", -2, None], [[194, 2], -2, 192, [0, 2], -2],
    ]  # fmt: skip
    changed = rows(*every).replace("row 10<", "ten<").replace("row 90<", "ninety<")
    assert change(rows(*every), changed) == [0, ["r90", 1, 0, "td"], "ninety", 0, ["r10", 1, 0, "td"], "ten"]


def test_rows_beside_other_changes() -> None:
    """Before, behind and among long runs of rows that stay; the runs are compared at once."""
    every = range(200)
    table = rows(*every)
    texts = [0, ["r150", 1, 0, "td"], "far", 0, ["r3", 1, 0, "td"], "near"]
    changed = table.replace("row 3<", "near<").replace("row 150<", "far<")
    assert change(table, changed) == texts
    assert change(f"<p>1</p>{table}", f"<p>2</p>{changed}") == [*texts, 0, [0, 0, "p"], "2"]
    assert change(f"{table}<p>1</p>", f"{changed}<p>2</p>") == [0, [1, 0, "p"], "2", *texts]
    assert change(table, f"&#0;{changed}") == [*texts, 3, [0, ""], ["&#0;"]]
    gone = rows(*[number for number in every if number != 199]).replace("row 3<", "near<")
    assert change(table, gone)[-1] == [-2]
    assert len(change(table, table.replace("row ", "line "))) == 3 * 200


def test_a_row_that_begins_like_the_old_one_is_not_it() -> None:
    """Something stood behind an old row that is there no more: the rows after it are still found."""
    table = rows(*range(200), tail="")
    more = table.replace("row 100</td></tr>", "row 100</td></tr><tr><td>a row without a key</td></tr>")
    changed = table.replace("row 3<", "near<").replace("row 190<", "far<")
    assert change(more, changed) == [
        0, ["r190", 1, 0, "td"], "far", 3, ["r100", -1, None], [-1], 0, ["r3", 1, 0, "td"], "near",
    ]  # fmt: skip


def test_keys_that_stand_twice_are_no_addresses() -> None:
    assert change('<p><b id="k">1</b></p><i id="k">x</i>', '<p><b id="k">2</b></p><i id="k">x</i>') == [
        0, [0, 0, 0, "b"], "2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "old",
    [
        "<table><tr><td>1</td></tr></table>",  # an implied <tbody>
        "<p>1<div>x</div>",
        "<ul><li>1<li>2</ul>",
        "<b><i>1</b></i>",
        "<table>1</table>",
        "<button><button>1</button></button>",
        "<div/>1",
        "1 < 2 <b",
        '<p title="a<b">1</p>',
        "1\0",
        "<div>" * 300 + "1" + "</div>" * 300,
    ],
)
def test_markup_that_a_parser_mends_is_doubt(old: str) -> None:
    with pytest.raises(Doubt):
        take(old, "div", "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<p>a</p>", "<p>a<div>x</div></p>"),  # <div> closes <p>
        ("<a href=x><b>1</b></a>", "<a href=x><b>1<a>2</a></b></a>"),
        ("<form><p></p></form>", "<form><p><form></form></p></form>"),
        ("<table><tbody><tr> </tr></tbody></table>", "<table><tbody><tr>x</tr></tbody></table>"),
        ("<p>x</p>", "<p>x</p><li>y"),
        ("<pre></pre>", "<pre>\n x</pre>"),  # the line end would be dropped
        ("<p>x</p>", "<p>x</p></div>"),
    ],
)
def test_new_markup_that_does_not_belong_there_is_doubt(old: str, new: str) -> None:
    with pytest.raises(Doubt):
        change(old, new)


def test_character_references_as_a_parser_reads_them() -> None:
    for source in (
        "&amp;",
        "&ampx",
        "&notit;",
        "&#0;",
        "&#x80;",
        "&#1;",
        "&",
        "&;",
        "&#;",
        "&lt",
        "&nbsp;x",
        "&CounterClockwiseContourIntegral;",
    ):
        node = edit_model.parse(f"<p>x{source}</p>")[0]
        assert "x" + decoded(source) == node.children[0].data
        attribute = edit_model.parse(f'<p a="{source}=1">')[0].attributes["a"]
        assert decoded(f"{source}=1", attribute=True) == attribute


@pytest.mark.parametrize(
    ("row", "ops"),
    [
        ('<li id="{}"><b>{}</b></li>', [0, 0, "b"]),
        ('<li id="{}"><br><i>x</i><br/>{}<hr>y</li>', [3, "li"]),
        ('<li id="{}"><br>x<img alt=i>{}</li>', [3, "li"]),
        ('<li id="{}">a<!-- c --><b title=x>{}</b></li>', [2, 0, "b"]),
        ('<li title="a > b" id="{}">{}</li>', [0, "li"]),
        ('<li id="{}"><a href="x/">{}</a></li>', [0, 0, "a"]),
        ('<li id="{}"><ul><li>x</li><li>{}</li></ul></li>', [0, 1, 0, "li"]),
        ('<li id="{}"><svg><path d="M0"/><desc>{}</desc></svg></li>', [0, 1, 0, "desc"]),
        ('<hr id="{}">{}', None),
    ],
)
def test_texts_of_many_rows(row: str, ops: list[Any] | None) -> None:
    before = [row.format(f"k{number}", f"text {number} {'long ' * 20}") for number in range(40)]
    after = [row.replace("text 3", "other 3").replace("text 2", "second 2") for row in before]
    edits = change("".join(before), "".join(after), "ul" if row.startswith("<li") else "div")
    if ops is not None:
        numbers = [number for number in range(40) if before[number] != after[number]]
        assert edits[1::3] == [[f"k{number}", *ops] for number in reversed(numbers)]
