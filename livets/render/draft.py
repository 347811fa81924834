"""A block while it is built: where the builder stands among elements, what it has written, which slots there are.

It owns paths and the order of pieces. It decides nothing. The builder and its parts (texts, attributes) write to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from livets.render.items import Branches, Item, Loop, Static, Value, definitions, to_nodes
from livets.render.loops import target_names
from livets.render.names import Names, reads
from livets.render.outputs import is_html
from livets.render.plans import Context, SlotPlan
from livets.wire import SlotKind

_HTML_INSIDE_SVG = frozenset({"foreignobject", "desc", "title"})


@dataclass(slots=True)
class Frame:
    """An open element: its place among its siblings, its namespace ("" for HTML), its children so far."""

    tag: str
    index: int
    space: str
    parent: str
    lineno: int = 1
    count: int = 0
    model: str | None = None
    implied: tuple[Item, int] | None = None
    chooser: str | None = None
    """The field of the <select> that it is, or is in."""
    is_implied: bool = False
    """True for a <tbody> that a parser adds by itself."""

    @property
    def inner_space(self) -> str:
        """The namespace of its children."""
        return "" if self.space == "svg" and self.tag in _HTML_INSIDE_SVG else self.space


class Draft:
    """What a block is so far: open elements, source and HTML in pieces, slots."""

    def __init__(self, context: Context, items: list[Item], names: Names, around: Frame) -> None:
        self.context = context
        self.items = items
        self.names = names
        self.top = Frame("", -1, around.space, around.tag, chooser=around.chooser)
        self.stack = [self.top]
        self.source: list[str | int] = []
        self.html: list[str | int] = []
        self.slots: list[SlotPlan] = []
        self.tops: list[str] = []

    def emit(self, source: str) -> None:
        """Source and HTML at once."""
        self.source.append(source)
        self.html.append(source)

    def count(self, kind: str) -> None:
        """One more node among its siblings."""
        if len(self.stack) == 1:
            self.tops.append(kind)
        self.stack[-1].count += 1

    def path(self) -> list[int]:
        """The path of the next node."""
        return [*(frame.index for frame in self.stack[1:]), self.stack[-1].count]

    def around(self) -> Frame:
        """What a block that begins here has around it."""
        top = self.stack[-1]
        tag = top.tag or self.top.parent
        return Frame(tag, -1, top.inner_space, tag, chooser=top.chooser)

    def slot(self, kind: SlotKind, path: list[int], index: int, parts: list[Item]) -> SlotPlan:
        """A new slot of the item `index`."""
        body = to_nodes(parts) if parts else []
        found = reads(self.context.environment, self.names, body)
        slot = SlotPlan(kind, path, self.items[index].lineno, index, self.names, found, parts)
        around = self.around()
        slot.parent, slot.namespace = around.tag, around.space
        self.slots.append(slot)
        return slot

    def open_range(self) -> None:
        """The latest slot is a range, and stands here."""
        self.source.append(len(self.slots) - 1)
        self.html.append(len(self.slots) - 1)
        self.count("#range")
        self.stack[-1].count += 1

    def row(self, loop: Loop) -> Draft:
        """A draft whose names are those inside of a loop; nothing is written to it."""
        names = self.names.row(target_names(loop.target))
        return Draft(self.context, [], names, Frame("", -1, "", ""))

    def is_text(self, item: Item) -> bool:
        """True when an item writes text and nothing else, so that it can be a part of one text node."""
        match item:
            case Static():
                return "<" not in item.text
            case Value():
                is_markup = item.site in self.context.promoted or is_html(item.node, self.names)
                return not is_markup and reads(self.context.environment, self.names, [item.node]).plain
            case Branches():
                inside = all(self.is_text(part) for body in item.bodies for part in body)
                return inside and reads(self.context.environment, self.names, item.tests).plain
            case Loop():
                inner = self.row(item)
                sources = [item.source, *([item.test] if item.test is not None else [])]
                inside = all(map(inner.is_text, item.body)) and all(map(self.is_text, item.orelse))
                return inside and reads(self.context.environment, inner.names, sources).plain
        return False

    def is_raw(self, parts: list[Item]) -> bool:
        """True when the parts can't be told apart by escaping the decoded whole."""
        for part in parts:
            match part:
                case Static():
                    if set(part.text) & set("&<>\"'"):
                        return True
                case Value():
                    if part.site in self.context.promoted or is_html(part.node, self.names):
                        return True
                    if not reads(self.context.environment, self.names, [part.node]).plain:
                        return True
                case Loop():
                    inner = self.row(part)
                    sources = [part.source, *([part.test] if part.test is not None else [])]
                    if inner.is_raw(part.body) or self.is_raw(part.orelse):
                        return True
                    if not reads(self.context.environment, inner.names, sources).plain:
                        return True
                case Branches():
                    if definitions([part]) or any(self.is_raw(body) for body in part.bodies):
                        return True
                    if not reads(self.context.environment, self.names, part.tests).plain:
                        return True
                case _:
                    return True
        return False
