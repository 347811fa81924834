"""What is drawn of a workflow: a box for each node, or one for many, and the lines between them as two paths of SVG.

A graph of more than `GROUPS_ABOVE` nodes is drawn as groups: nodes of one layer whose names differ in numbers only.
Too many layers are taken together as well. Static: what changes while a run goes on is `scene`'s. Called by `scene`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

import msgspec

from livets.flow.model import NodeSpec, Workflow
from livets.studio.layout import Layout, Point, lay_out, layers_of

GROUPS_ABOVE = 150
"""Graphs of more nodes are shown as groups, unless all of their nodes are asked for."""
LABELS_UP_TO = 300
"""When more boxes are drawn, they are small and have no labels."""
MARGIN = 12.0
_BOX, _GAP = (190.0, 48.0), (46.0, 18.0)
_TILE, _TILE_GAP = (26.0, 26.0), (70.0, 8.0)
_ROWS_MAX = 40
_SMALL = 4
_DIGITS = re.compile(r"[-_.#]*\d+")
_LABEL = 19


class Box(msgspec.Struct, frozen=True):
    """Where something is drawn; `members` are the nodes that a group stands for, `query` names it in URLs."""

    id: str
    label: str
    title: str
    x: float
    y: float
    query: str
    members: tuple[str, ...] = ()


class Picture(msgspec.Struct):
    """Boxes of one size, and the lines: `lines` and `heads` are path data."""

    boxes: list[Box]
    owner: dict[str, str]
    """Which box shows a node."""
    lines: str
    heads: str
    width: float
    height: float
    box: tuple[float, float]
    is_labelled: bool
    links: dict[str, list[str]]
    """Path data of the lines at each box."""


def draw(workflow: Workflow, *, grouped: bool, opened: frozenset[str] = frozenset()) -> Picture:
    """Return the picture of `workflow`; `grouped` nodes are one box, but for the groups in `opened`."""
    specs = {spec.id: spec for spec in workflow.nodes}
    edges = _edges(workflow)
    ranks: list[int] | None = None
    if grouped:
        groups, ranks = _boxes(groups_of(workflow), opened)
    else:
        groups = {id: [id] for id in specs}
    owner = {member: name for name, members in groups.items() for member in members}
    place = {name: at for at, name in enumerate(groups)}
    names = list(specs)
    drawn = sorted({(place[owner[names[a]]], place[owner[names[b]]]) for a, b in edges})
    drawn = [(a, b) for a, b in drawn if a != b]
    is_labelled = len(groups) <= LABELS_UP_TO
    box, gap = (_BOX, _GAP) if is_labelled else (_TILE, _TILE_GAP)
    layout = lay_out(len(groups), drawn, box=box, gap=gap, ranks=ranks, rows_max=0 if is_labelled else _ROWS_MAX)
    boxes = [
        _box(name, members, specs, corner)
        for (name, members), corner in zip(groups.items(), layout.corners, strict=True)
    ]
    return _with_lines(boxes, owner, drawn, layout, box, is_labelled)


def _edges(workflow: Workflow) -> list[tuple[int, int]]:
    number = {spec.id: place for place, spec in enumerate(workflow.nodes)}
    return sorted({(number[one.from_node], number[one.to_node]) for one in workflow.connections})


class Group(msgspec.Struct, frozen=True):
    """Nodes that are drawn as one box, and its layer."""

    members: list[str]
    layer: int


def groups_of(workflow: Workflow) -> dict[str, Group]:
    """Return the groups of a workflow by id; a node that is like no other is a group of one."""
    names = [spec.id for spec in workflow.nodes]
    layers = layers_of(len(names), _edges(workflow))
    stems = [_DIGITS.sub("", name) or "nodes" for name in names]
    bands = list(layers)
    distinct = len(set(zip(bands, stems, strict=True)))
    if distinct > GROUPS_ABOVE:
        kinds = max(1, len(set(stems)))
        wanted = max(1, GROUPS_ABOVE // kinds)
        deep = -(-(max(layers) + 1) // wanted)
        bands = [layer // deep for layer in layers]
    found: dict[str, Group] = {}
    for name, stem, band in zip(names, stems, bands, strict=True):
        found.setdefault(f"{stem} @{band}", Group([], band)).members.append(name)
    return found


def _boxes(groups: dict[str, Group], opened: frozenset[str]) -> tuple[dict[str, list[str]], list[int]]:
    """What becomes a box, with the nodes in it; and the layer of each. Small groups are drawn node by node, if few."""
    small = sum(len(group.members) for group in groups.values() if len(group.members) < _SMALL)
    least = _SMALL if small <= GROUPS_ABOVE // 2 else 2
    boxes: dict[str, list[str]] = {}
    ranks: list[int] = []
    for key, group in groups.items():
        if len(group.members) < least or key in opened:
            boxes |= {member: [member] for member in group.members}
            ranks += [group.layer] * len(group.members)
        else:
            boxes[key] = group.members
            ranks.append(group.layer)
    return boxes, ranks


def _box(name: str, members: list[str], specs: dict[str, NodeSpec], corner: Point) -> Box:
    x, y = corner[0] + MARGIN, corner[1] + MARGIN
    if len(members) == 1 and name in specs:
        spec = specs[name]
        title = spec.name or name
        about = f"{title} ({spec.type})" if title == name else f"{title} ({name}, {spec.type})"
        return Box(name, _cut(title), about, x, y, quote(name, safe=""))
    stem = name.rpartition(" @")[0]
    label = f"{_cut(stem, _LABEL - 6)} x {len(members)}"
    return Box(name, label, f"{len(members)} nodes {stem}", x, y, quote(name, safe=""), tuple(members))


def _cut(text: str, length: int = _LABEL) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _with_lines(
    boxes: list[Box],
    owner: dict[str, str],
    edges: list[tuple[int, int]],
    layout: Layout,
    box: tuple[float, float],
    is_labelled: bool,
) -> Picture:
    lines, heads = [], []
    links: dict[str, list[str]] = {one.id: [] for one in boxes}
    for (a, b), route in zip(edges, layout.routes, strict=True):
        line = _curve([(x + MARGIN, y + MARGIN) for x, y in route])
        lines.append(line)
        links[boxes[a].id].append(line)
        links[boxes[b].id].append(line)
        x, y = route[-1]
        heads.append(f"M{_n(x + MARGIN)} {_n(y + MARGIN)}l-7 -3.5v7z")
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    shown_heads = "".join(heads) if is_labelled else ""
    return Picture(boxes, owner, "".join(lines), shown_heads, width, height, box, is_labelled, links)


def _curve(points: Iterable[Point]) -> str:
    """Path data through all points; what leads from layer to layer leaves and arrives level."""
    (x, y), *rest = points
    path = [f"M{_n(x)} {_n(y)}"]
    for place, (to_x, to_y) in enumerate(rest):
        if place % 2 and to_y == y:
            path.append(f"H{_n(to_x)}")
        else:
            half = (to_x - x) / 2 if to_x > x else 40.0
            path.append(f"C{_n(x + half)} {_n(y)} {_n(to_x - half)} {_n(to_y)} {_n(to_x)} {_n(to_y)}")
        x, y = to_x, to_y
    return "".join(path)


def _n(value: float) -> str:
    """A coordinate, as short as it can be."""
    return f"{value:.1f}".removesuffix(".0")
