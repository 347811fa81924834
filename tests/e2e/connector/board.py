"""A page with a slot of every kind, as a scripted server serves it and as it must look afterwards."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import Any


@dataclass
class Board:
    """A page with a slot of every kind: its shape, its HTML and its fill for one state."""

    count: int | str = 1
    classes: str = "a"
    attributes: dict[str, str] = field(default_factory=dict)
    note: str = ""
    banner: tuple[str, str | None] | None = None
    """Text, and text of the inner condition."""
    is_over: bool = False
    rows: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    radii: list[int] = field(default_factory=list)
    html: str = ""

    COUNT, CLASS, ATTRIBUTES, NOTE, BANNER, ROWS, CIRCLES, HTML = range(8)

    @property
    def shape(self) -> list[Any]:
        row = [
            "\n<li><span>x</span><!--[--><!--]--></li>\n",
            [
                [0, [1, 0, 0], "", ""],
                [4, [1, 1], [["<u>x</u>", [[0, [0, 0], "", ""]]]]],
                [1, [1], "id", "r", ""],
            ],
        ]
        inner = [4, [1], [["<i>x</i>", [[0, [0, 0], "", ""]]]]]
        return [
            [
                "<h1>x</h1><p>x</p><!--[--><!--]--><ul><!--[--><!--]--></ul><svg><!--[--><!--]--></svg>"
                "<div><!--[--><!--]--></div>",
                [
                    [0, [0, 0], "Count: ", "!"],
                    [1, [0], "class", "", ""],
                    [2, [1], ["hidden", "title"]],
                    [0, [1, 0], "", ""],
                    [
                        4,
                        [2],
                        [["<b>x</b><!--[--><!--]-->", [[0, [0, 0], "", ""], inner]], ["<em>over</em>", []]],
                    ],
                    [5, [4, 0], row, ["id", "r", ""]],
                    [5, [5, 0], ["<circle></circle>", [[1, [0], "r", "", ""]], "svg"], None],
                    [3, [6, 0]],
                ],
            ]
        ]

    @property
    def markup(self) -> str:
        attributes = "".join(f' {name}="{escape(value)}"' for name, value in self.attributes.items())
        if self.is_over:
            banner = "<!--[1--><em>over</em><!--]-->"
        elif self.banner is None:
            banner = "<!--[-1--><!--]-->"
        else:
            text, inner = self.banner
            banner = f"<!--[0--><b>{escape(text)}</b>{self._optional('i', inner)}<!--]-->"
        rows = "".join(
            f'\n<li id="r{key}"><span>{escape(text)}</span>{self._optional("u", mark)}</li>\n'
            for key, (text, mark) in self.rows.items()
        )
        circles = "".join(f'<circle r="{radius}"></circle>' for radius in self.radii)
        return (
            f'<h1 class="{self.classes}">Count: {escape(str(self.count))}!</h1>'
            f"<p{attributes}>{escape(self.note)}</p>{banner}"
            f"<ul><!--[-->{rows}<!--]--></ul><svg><!--[-->{circles}<!--]--></svg><div><!--[-->{self.html}<!--]--></div>"
        )

    @staticmethod
    def _optional(tag: str, text: str | None) -> str:
        return "<!--[-1--><!--]-->" if text is None else f"<!--[0--><{tag}>{escape(text)}</{tag}><!--]-->"

    @staticmethod
    def condition(text: str | None) -> list[Any]:
        return [-1] if text is None else [0, [text]]

    def row(self, key: str) -> list[Any]:
        text, mark = self.rows[key]
        return [text, self.condition(mark), key]

    @property
    def fills(self) -> list[Any]:
        return [part for key in self.rows for part in (key, self.row(key))]

    @property
    def fill(self) -> list[Any]:
        if self.is_over:
            banner: list[Any] = [1, []]
        elif self.banner is None:
            banner = [-1]
        else:
            banner = [0, [self.banner[0], self.condition(self.banner[1])]]
        circles = [part for index, radius in enumerate(self.radii) for part in (index, [radius])]
        return [
            self.count, self.classes, self.attributes, self.note, banner, self.fills, circles, self.html,
        ]  # fmt: skip

    def shows(self, live: str) -> None:
        """The page is what a fresh render of this state would be, comments aside."""
        assert _plain(live) == _plain(self.markup)


def _plain(markup: str) -> str:
    return re.sub(r"<!--(\[-?\d*|\])-->", "", markup)
