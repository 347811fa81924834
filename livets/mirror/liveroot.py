"""The live part of a page: the root block under its shape, and the operations of a patch.

Owns the root block, and which reserved operations exist. Applies what the server sends, strictly: whatever does not
fit is a Misfit. Used by `local`; `tests/support` uses it to check the renderer.
"""

from __future__ import annotations

from typing import Any

from livets.mirror.blocks import Block, Blocks, Slot, Surface
from livets.mirror.hydration import hydrate
from livets.mirror.misfit import Misfit
from livets.mirror.nodes import BODY, Node, parse, serialise
from livets.wire import ReservedOp, SlotKind


class LiveRoot:
    """A view's nodes below its root element.

    `shape`: of its template; then either the first `html`, or the element `root` that holds it, or a `fill`.
    """

    def __init__(
        self,
        shape: list[Any],
        html: str | None = None,
        fill: list[Any] | None = None,
        *,
        root: Node | None = None,
        surface: Surface | None = None,
    ) -> None:
        self.shape = shape
        self.fingerprint = ""
        self.element = root or Node("element", "div")
        self.block: Block
        self._blocks = Blocks(surface)
        if fill is None:
            nodes = self.element.children if html is None else parse(html)
            self.block = hydrate(shape[0], self.element, nodes)
        else:
            self._put(self._blocks.build(shape[0], fill, BODY))

    def apply(self, diff: list[Any]) -> list[tuple[int, Any]]:
        """A diff as it comes in a frame; returns the operations which are not about nodes, such as a title."""
        others: list[tuple[int, Any]] = []
        for address, change in zip(diff[::2], diff[1::2], strict=True):
            if address >= 0:
                self._blocks.change_slot(self.block.slots[address], change)
            elif address == ReservedOp.FILL:
                self._blocks.fill(self.block, change)
            elif address == ReservedOp.SHAPE:
                self.fingerprint, self.shape = change
            elif address == ReservedOp.BUILD:
                self._build(*change)
            else:
                others.append((address, change))
        return others

    def html(self) -> str:
        """Normalised."""
        return serialise(self.element.children)

    def _put(self, block: Block) -> None:
        self.block = block
        self.element.put(block.nodes)

    def _build(self, address: list[Any], fill: Any) -> None:
        """Throw a block's nodes away and build them afresh."""
        if not address:
            self._put(self._blocks.build(self.shape[0], fill, BODY))
            return
        block, rest = self.block, list(address)
        while True:
            slot = block.slots[rest.pop(0)]
            if not rest:
                _empty(slot)
                self._blocks.put(slot, fill)
                return
            if slot.description[0] == SlotKind.FOR:
                key = str(rest.pop(0))
                if not rest:
                    slot.rows[key] = self._blocks.build(slot.description[2], fill, slot.context)
                    slot.node.put([node for row in slot.rows.values() for node in row.nodes])
                    return
                block = slot.rows[key]
            elif slot.inner is None:
                raise Misfit(f"there is no block at {address}")
            else:
                block = slot.inner


def _empty(slot: Slot) -> None:
    slot.node.put([])
    slot.rows = {}
    slot.inner = None
