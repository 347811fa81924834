"""Where the boxes of a graph stand: layers from left to right, ordered by barycentres, heights evened out.

Owns the algorithm and nothing else: it knows no workflows, no SVG and no views. Milliseconds for 2,000 nodes, so that
the server can draw. Edges over several layers get bends, as long as there are not too many. Called by `picture`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import msgspec

Edge = tuple[int, int]
Point = tuple[float, float]
_SWEEPS = 6
_BENDS_PER_NODE = 6
"""With more bends than this for each node, edges go straight: they could not be told apart anyway."""
_BEND_HEIGHT = 12.0


class Layout(msgspec.Struct):
    """Top left corner of each box, the points that each edge goes through, and the size of the whole."""

    corners: list[Point]
    routes: list[list[Point]]
    width: float
    height: float
    layers: list[int]


def lay_out(
    count: int,
    edges: Sequence[Edge],
    *,
    box: tuple[float, float] = (190.0, 48.0),
    gap: tuple[float, float] = (56.0, 16.0),
    ranks: Sequence[int] | None = None,
    rows_max: int = 0,
) -> Layout:
    """Return where `count` boxes of the size `box` stand; `gap` is the space between layers and between rows.

    `ranks` gives the layers when the caller knows them. With `rows_max` a layer of more boxes is folded into columns.
    Edges that lead back or stay in their layer are drawn, but do not count.

    >>> lay_out(3, [(0, 1), (0, 2)], box=(10.0, 10.0), gap=(10.0, 2.0)).corners
    [(0.0, 6.0), (20.0, 0.0), (20.0, 12.0)]
    """
    layers = list(ranks) if ranks is not None else layers_of(count, edges)
    forward = [(a, b) for a, b in edges if layers[a] < layers[b]]
    rows: list[list[int]] = [[] for _ in range(max(layers, default=-1) + 1)]
    for node, layer in enumerate(layers):
        rows[layer].append(node)
    folds = bool(rows_max) and any(len(row) > rows_max for row in rows)
    bends = sum(layers[b] - layers[a] - 1 for a, b in forward)
    if folds or bends > _BENDS_PER_NODE * count + 100:
        _order(rows, count, forward)
        corners, width, height = _folded(rows, count, box, gap, rows_max or count)
        routes = [_straight(corners[a], corners[b], box) for a, b in edges]
        return Layout(corners, routes, width, height, layers)
    return _evened(layers, edges, rows, box, gap)


def layers_of(count: int, edges: Iterable[Edge]) -> list[int]:
    """Return each node's layer: one more than the last of those it follows; a source stands before its first follower.

    >>> layers_of(4, [(0, 1), (1, 2), (3, 2)])
    [0, 1, 2, 1]
    """
    after: list[list[int]] = [[] for _ in range(count)]
    waits = [0] * count
    for a, b in edges:
        after[a].append(b)
        waits[b] += 1
    is_source = [not number for number in waits]
    layers, order = [0] * count, [node for node in range(count) if is_source[node]]
    for node in order:
        for other in after[node]:
            layers[other] = max(layers[other], layers[node] + 1)
            waits[other] -= 1
            if not waits[other]:
                order.append(other)
    for node in order:
        if is_source[node] and after[node]:
            layers[node] = max(0, min(layers[other] for other in after[node]) - 1)
    return layers


def _order(rows: list[list[int]], count: int, forward: Sequence[Edge]) -> None:
    """Sort each layer by where its neighbours stand, from both sides in turn; fewer crossings, not the fewest."""
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for a, b in forward:
        after[a].append(b)
        before[b].append(a)
    place = [0.0] * count
    for row in rows:
        _note(row, place)
    for sweep in range(_SWEEPS):
        neighbours, sweeping = (before, rows[1:]) if sweep % 2 == 0 else (after, rows[-2::-1])
        for row in sweeping:
            keys = {n: _mean([place[o] for o in neighbours[n]], place[n]) for n in row}
            row.sort(key=keys.__getitem__)
            _note(row, place)


def _note(row: list[int], place: list[float]) -> None:
    """Places run from 0 to 1 in every layer, so that layers of different lengths compare."""
    for number, node in enumerate(row):
        place[node] = (number + 0.5) / len(row)


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _folded(
    rows: list[list[int]], count: int, box: tuple[float, float], gap: tuple[float, float], rows_max: int
) -> tuple[list[Point], float, float]:
    """Layers as blocks of columns, each block centred."""
    (wide, high), (across, down) = box, gap
    corners: list[Point] = [(0.0, 0.0)] * count
    tallest = min(rows_max, max((len(row) for row in rows), default=0))
    height = tallest * (high + down) - down
    left = 0.0
    for row in rows:
        columns = -(-len(row) // rows_max)
        per_column = -(-len(row) // columns) if columns else 0
        for number, node in enumerate(row):
            column, line = divmod(number, per_column)
            top = (height - (per_column * (high + down) - down)) / 2
            corners[node] = (left + column * (wide + down), top + line * (high + down))
        left += columns * (wide + down) - down + across
    return corners, max(wide, left - across), max(high, height)


def _evened(
    layers: list[int], edges: Sequence[Edge], rows: list[list[int]], box: tuple[float, float], gap: tuple[float, float]
) -> Layout:
    """Layers as single columns; long edges bend around boxes, and boxes stand level with what they are connected to."""
    (wide, high), (across, down) = box, gap
    count = len(layers)
    chains: dict[int, list[int]] = {}
    short: list[Edge] = []
    size = count
    for number, (a, b) in enumerate(edges):
        chain = [a]
        for layer in range(layers[a] + 1, layers[b]):
            rows[layer].append(size)
            chain.append(size)
            size += 1
        chains[number] = chain = [*chain, b]
        if layers[a] < layers[b]:
            short += itertools.pairwise(chain)
    _order(rows, size, short)
    heights = [high] * count + [_BEND_HEIGHT] * (size - count)
    tops = _tops(rows, size, short, heights, down)
    shift = min(tops, default=0.0)
    tops = [top - shift for top in tops]
    corners: list[Point] = [(layers[n] * (wide + across), round(tops[n], 1)) for n in range(count)]
    column = {node: layer * (wide + across) for layer, row in enumerate(rows) for node in row}
    routes = []
    for number, (a, b) in enumerate(edges):
        points = [(corners[a][0] + wide, corners[a][1] + high / 2)]
        for bend in chains[number][1:-1]:
            middle = round(tops[bend] + _BEND_HEIGHT / 2, 1)
            points += [(column[bend], middle), (column[bend] + wide, middle)]
        routes.append([*points, (corners[b][0], corners[b][1] + high / 2)])
    width = len(rows) * (wide + across) - across
    height = max((tops[n] + heights[n] for n in range(size)), default=high)
    return Layout(corners, routes, max(wide, width), max(high, height), layers)


def _tops(rows: list[list[int]], size: int, short: Sequence[Edge], heights: list[float], down: float) -> list[float]:
    """The upper edge of everything: as level with its neighbours as the order and the space between allow."""
    before: list[list[int]] = [[] for _ in range(size)]
    after: list[list[int]] = [[] for _ in range(size)]
    for a, b in short:
        after[a].append(b)
        before[b].append(a)
    middle = [0.0] * size
    for row in rows:
        _settle(row, [0.0] * len(row), middle, heights, down)
    for sweep in range(_SWEEPS):
        neighbours, sweeping = (before, rows[1:]) if sweep % 2 == 0 else (after, rows[-2::-1])
        for row in sweeping:
            wanted = [_mean([middle[o] for o in neighbours[n]], middle[n]) for n in row]
            _settle(row, wanted, middle, heights, down)
    return [middle[n] - heights[n] / 2 for n in range(size)]


def _settle(row: list[int], wanted: list[float], middle: list[float], heights: list[float], down: float) -> None:
    """Put a layer's middles as near to `wanted` as can be without overlap (isotonic regression, least squares)."""
    offsets, offset = [], 0.0
    for number, node in enumerate(row):
        if number:
            offset += (heights[row[number - 1]] + heights[node]) / 2 + down
        offsets.append(offset)
    blocks: list[list[float]] = []  # sum, count: blocks of boxes that touch move together
    for want, away in zip(wanted, offsets, strict=True):
        blocks.append([want - away, 1.0])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, number_ = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += number_
    place = 0
    for total, number_ in blocks:
        for _ in range(int(number_)):
            middle[row[place]] = total / number_ + offsets[place]
            place += 1


def _straight(a: Point, b: Point, box: tuple[float, float]) -> list[Point]:
    wide, high = box
    return [(a[0] + wide, a[1] + high / 2), (b[0], b[1] + high / 2)]
