"""A draft with what is pending: the run of text that no tag has ended yet, and what a parser does before it.

It owns the run, the line end that a parser drops behind <pre>, and the names that statements define on the way. It
never looks at tags. The builder is one; `ranges` writes to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from jinja2 import nodes

from livets.render.draft import Draft, Frame
from livets.render.items import (
    Branches,
    Define,
    Item,
    Static,
    defined,
    definitions,
    may_start_with_line_end,
    to_nodes,
)
from livets.render.lines import Advice, file_of
from livets.render.markup import Hard
from livets.render.names import Names
from livets.render.plans import BlockPlan, Context
from livets.render.texts import Part, write_run

_LINE_END: Final = "a line end at the start of an element that drops it"

Build = Callable[[Context, list[Item], Names, Frame], BlockPlan]


class Run(Draft):
    """A draft and its pending run of text."""

    def __init__(self, context: Context, items: list[Item], names: Names, around: Frame, build: Build) -> None:
        super().__init__(context, items, names, around)
        self.build = build
        self.run_parts: list[Part] = []
        self.run_names: list[Names] = []
        self.trim = False
        """A parser drops a line end here."""
        self.may_trim = False
        """It would, were it not for the markers of ranges that may be empty."""

    def block(self, items: list[Item], names: Names) -> BlockPlan:
        """The plan of a block that begins here. Raises Unbalanced."""
        return self.build(self.context, items, names, self.around())

    # Names

    def define(self, item: Define | Branches) -> None:
        """The names that a statement sets, from here on."""
        targets = defined([item])
        node = to_nodes([item])[0]
        assert isinstance(node, nodes.Stmt)
        if isinstance(item, Define):
            self.names = self.names.define(node, targets, body=item.body, aliases=item.aliases, frame=item.frame)
        else:
            self.names = self.names.define(node, targets, definite=False)

    def export(self, items: list[Item]) -> None:
        """The names that are still set after the items."""
        for kept in definitions(items):
            assert isinstance(kept, Define | Branches)
            self.define(kept)

    # Text

    def text(self, source: str, index: int) -> None:
        """Static text."""
        if self.may_trim and not self.run_parts and source.startswith("\n"):
            raise Hard(index, _LINE_END, enclosing=True)
        if self.trim and not self.run_parts:
            self.trim = False
            if source.startswith("\n"):
                self.emit("\n")
                source = source[1:]
                if not source:
                    return
        if self.run_parts and isinstance(self.run_parts[-1], str):
            self.run_parts[-1] += source
        else:
            self.run_parts.append(source)

    def add(self, item: Item, index: int) -> None:
        """A dynamic part of the run. Raises Hard."""
        if self.may_trim and not self.run_parts:
            raise Hard(index, _LINE_END, enclosing=True)
        self.run_names.append(self.names)
        self.run_parts.append((item, index))
        self.export([item])

    def flush(self) -> None:
        """A text run has ended: one text node, and a slot when something in it is dynamic."""
        parts, self.run_parts = self.run_parts, []
        seen, self.run_names = self.run_names, []
        newline, self.trim, self.may_trim = self.trim and bool(parts), False, False
        if parts:
            write_run(self, parts, seen, newline=newline)

    def _trims(self) -> bool:
        """True when a parser may drop a line end here: nothing but empty values and ranges since <pre>."""
        return (self.trim or self.may_trim) and not any(isinstance(part, str) for part in self.run_parts)

    def check_newline(self, items: list[Item], index: int) -> bool:
        """Right after <pre> a parser drops a line end, but not after a marker comment: Jinja2 must write both."""
        trims = self._trims()
        if trims and may_start_with_line_end(items):
            raise Hard(index, _LINE_END, enclosing=True)
        return trims

    # Places

    def line(self, at: tuple[int, int]) -> int:
        """The line of a place in the source."""
        item = self.items[at[0]]
        return item.lineno + (item.text.count("\n", 0, at[1]) if isinstance(item, Static) else 0)

    def where(self, at: tuple[int, int]) -> str:
        """File and line of a place, for messages."""
        line = self.line(at)
        return f"{file_of(line, self.context.name)}, line {line}"

    def advise(self, lineno: int, message: str) -> None:
        """Note what `livets check` tells the author."""
        advice = Advice(file_of(lineno, self.context.name), int(lineno), message)
        self.context.findings.advice.add(advice)
