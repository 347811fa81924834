"""What the compiler knows of a block before it becomes code: its HTML, its slots, where each of them stands.

It owns plain data and the JSON form of a shape. The builder fills it in, the verifier checks it, the
generator turns it into functions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jinja2
from jinja2 import nodes

from livets.render.changers import Changers
from livets.render.items import Item, Loop
from livets.render.lines import Advice, OpaquePart
from livets.render.names import Names, Reads
from livets.render.values import Site
from livets.wire import SlotKind


@dataclass(slots=True)
class SlotPlan:
    """One slot of a block; which fields are used follows from `kind`."""

    kind: SlotKind
    path: list[int]
    lineno: int
    item: int
    """Index of the item in the block's list, to make it opaque when verification fails."""
    names: Names
    reads: Reads
    parts: list[Item] = field(default_factory=list)
    part_names: list[Names] | None = None
    """What each part sees, where that differs."""
    raw: bool = False
    """True when the value is kept as HTML source and decoded for the wire."""
    prefix: str = ""
    suffix: str = ""
    tag: str = ""
    """The element that an attribute belongs to."""
    attribute: str = ""
    candidates: list[str] = field(default_factory=list)
    told: int | None = None
    """The number of a region of attributes when only rendering tells its names."""
    taken: frozenset[str] = frozenset()
    """Names that a static attribute before the region has already."""
    tests: list[nodes.Expr] = field(default_factory=list)
    blocks: list[BlockPlan] = field(default_factory=list)
    loop: Loop | None = None
    empty_of: Loop | None = None
    """For the `else` of a loop: the loop that must be empty."""
    row_names: Names | None = None
    ranged: bool = False
    """True when each row is a range: its block has one slot, the IF whose only branch is the body."""
    key: tuple[str, str, str] | None = None
    key_slot: int | None = None
    bound: str | None = None
    """The field of the control's ts-model, for value slots."""
    ends: tuple[int, str] | None = None
    """For an attribute in quotes that may hold markup: an output in it, and the quote that would end it."""
    models: frozenset[str] = frozenset()
    """For HTML: the fields that controls in it are bound to, as far as its source says."""
    called: list[nodes.Node] | None = None
    """For HTML: the macros and set blocks that write a part of it, once `samples` has found them."""
    trims_newline: bool = False
    promotes: bool = False
    """True when markup must turn it into an HTML slot: a text between nodes."""
    literal: bool = False
    """The text of a <script> or <style>: its HTML source is what the browser has."""
    svg: bool = False
    parent: str = ""
    """Tag of the element that the slot's nodes are in, "" at the top."""
    namespace: str = ""

    @property
    def body(self) -> BlockPlan:
        """The block of a loop's body: the row, or what is in the range that the row is."""
        return self.blocks[0].slots[0].blocks[0] if self.ranged else self.blocks[0]

    def description(self) -> list[Any]:
        """The slot as docs/protocol.md describes it."""
        kind = int(self.kind)
        match self.kind:
            case SlotKind.TEXT:
                return [kind, self.path, self.prefix, self.suffix]
            case SlotKind.ATTR:
                return [kind, self.path, self.attribute, self.prefix, self.suffix]
            case SlotKind.ATTRS:
                return [kind, self.path, self.candidates]
            case SlotKind.HTML:
                return [kind, self.path, self.namespace] if self.namespace else [kind, self.path]
            case SlotKind.IF:
                return [kind, self.path, [block.description() for block in self.blocks]]
            case SlotKind.FOR:
                return [kind, self.path, self.blocks[0].description(), list(self.key) if self.key else None]


@dataclass(slots=True)
class BlockPlan:
    """One block: its static HTML, its source in pieces (text, or the number of a slot), its slots."""

    pieces: list[str | int]
    """Its static HTML; a number stands for the range of that slot."""
    source: list[str | int]
    slots: list[SlotPlan]
    namespace: str
    parent: str
    """Tag of the element around the block, for parsing it in the right context."""
    tops: list[str] = field(default_factory=list)
    """Kinds of the top-level nodes: "#space", "#text", "#comment", "#range", or an element's tag (SVG has a <text>)."""

    def html(self, expanded: dict[int, str] | None = None) -> str:
        """Its static HTML, with some ranges filled."""
        inner = expanded or {}
        return "".join(
            piece if isinstance(piece, str) else f"<!--[-->{inner.get(piece, '')}<!--]-->" for piece in self.pieces
        )

    def description(self) -> list[Any]:
        """The block as docs/protocol.md describes it."""
        described: list[Any] = [self.html(), [slot.description() for slot in self.slots]]
        return [*described, self.namespace] if self.namespace else described


@dataclass(slots=True)
class Findings:
    """What the compiler notes on its way."""

    opaque: list[OpaquePart] = field(default_factory=list)
    advice: set[Advice] = field(default_factory=set)
    expansions: int = 0
    """Calls of macros that were written out."""
    models: set[str] = field(default_factory=set)
    handlers: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Context:
    """What all blocks of one compilation share."""

    environment: jinja2.Environment
    name: str
    promoted: frozenset[Site]
    changers: Changers = field(default_factory=Changers)
    findings: Findings = field(default_factory=Findings)
