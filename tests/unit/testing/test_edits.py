"""Edits of HTML slots on the kit's nodes, one by one, and from a view that draws itself."""

from __future__ import annotations

import pytest

from livets.mirror import edits
from livets.mirror.nodes import Node, parse, serialise
from livets.testing import Client, Misfit
from tests.unit.testing.views import Drawn


def range_of(html: str) -> Node:
    top = Node("range")
    top.put(parse(html))
    return top


def write(node: Node, name: str, value: str | None) -> None:
    if not name:
        node.data = value or ""
    elif value is None:
        node.attributes.pop(name, None)
    else:
        node.attributes[name] = value


@pytest.mark.parametrize(
    ("html", "ops", "wanted"),
    [
        ("<p>a</p>", [2, 0, [0, 0, "p"], "b"], "<p>b</p>"),
        ("<p class='x'>a</p>", [2, 2, [0, "p"], "x", None, 1, [0, "p"], "title", "t"], '<p title="t">a</p>'),
        ("<ul><li id='a'>1</li><li id='b'>2</li></ul>", [5, 3, ["a", "ul"], [-1, 1, [0, 1]]],
         '<ul><li id="b">2</li><li id="a">1</li></ul>'),
        ("<ul><li id='a'>1</li></ul>", [3, 3, ["a", "ul"], [1, "<li id='c'>3</li>"]],
         '<ul><li id="a">1</li><li id="c">3</li></ul>'),
        ("<textarea>a</textarea><b>x</b>", [3, 0, [0, "textarea"], "new", 3, [1, ""], [-1, "<i>y</i>z"]],
         "<textarea>new</textarea><i>y</i>z"),
        ("<svg><g id='g'></g></svg>", [2, 3, ["g", 0, "g"], ["<path d='M0'></path>"]],
         '<svg><g id="g"><path d="M0"></path></g></svg>'),
    ],
)  # fmt: skip
def test_each_edit(html: str, ops: list[object], wanted: str) -> None:
    top = range_of(html)
    edits.apply(top, ("div", ""), ops, write)
    assert serialise(top.children) == wanted


@pytest.mark.parametrize(
    "ops", [[3, 0, [0, 0, "p"], "b"], [2, 0, [5, "p"], "b"], [2, 0, [0, 0, "div"], "b"], [2, 1, ["no", "p"], "a", "b"],
            [2, 2, [0, "p"], "x", "y"], [2, 3, [0, ""], [-9]]],
)  # fmt: skip
def test_what_does_not_fit_is_told(ops: list[object]) -> None:
    with pytest.raises(Misfit):
        edits.apply(range_of("<p>a</p>"), ("div", ""), ops, write)


async def test_a_view_with_render_is_edited(livets_client: Client) -> None:
    page = await livets_client.mount(Drawn)
    for number in (3, 30, 7):
        await page.find(label=f"show {number}").click()
        assert len(page.select("li")) == number
    assert isinstance(page.patches[-1].diff[1], str | list)
