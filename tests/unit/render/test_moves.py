"""Every way from one order of a few keys to another, tried out: the operations lead there, and none is wasted."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import Any

import pytest

from livets.render.moves import reorder
from livets.wire import ListOp

ORDERS = [order for size in range(5) for keys in combinations(range(5), size) for order in permutations(keys)]


def applied(old: list[int], ops: list[Any]) -> list[int]:
    """Keys after operations, as docs/protocol.md defines them."""
    keys, at = list(old), 0

    def place(run: list[int], after: int | None) -> None:
        start = 0 if after is None else keys.index(after) + 1
        keys[start:start] = run

    while at < len(ops):
        kind, at = ops[at], at + 1
        if kind == ListOp.DELETE:
            keys.remove(ops[at])
            at += 1
        elif kind == ListOp.MOVE:
            keys.remove(ops[at])
            place([ops[at]], ops[at + 1])
            at += 2
        elif kind == ListOp.INSERT:
            place(ops[at + 1][::2], ops[at])
            at += 2
        else:
            assert kind == ListOp.RESET
            keys = ops[at][::2]
            at += 1
    return keys


def moves(ops: list[Any]) -> int:
    """How many rows are moved (keys are below the codes' reach in these tests only at their places)."""
    count, at = 0, 0
    while at < len(ops):
        width = {ListOp.DELETE: 2, ListOp.RESET: 2}.get(ops[at], 3)
        count += ops[at] == ListOp.MOVE
        at += width
    return count


@pytest.mark.parametrize("size", range(5))
def test_operations_lead_from_every_order_to_every_other(size: int) -> None:
    for old in (order for order in ORDERS if len(order) == size):
        for new in ORDERS:
            ops = reorder(old, new, lambda index: [index])
            assert applied(list(old), ops) == list(new), (old, new, ops)


def test_one_row_that_goes_elsewhere_is_one_move() -> None:
    old = list(range(6))
    for taken in old:
        rest = [key for key in old if key != taken]
        for place in range(6):
            new = [*rest[:place], taken, *rest[place:]]
            assert moves(reorder(old, new, lambda index: [index])) == (new != old), (new, old)
