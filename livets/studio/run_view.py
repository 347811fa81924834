"""One run, live: its graph, its nodes as a table, when they ran, what they said, one node in full, and the commands.

What somebody has chosen is state; everything that the journal knows is filled in from the feed, which the views of a
run share. `follow` is called with what has changed, and touches only that.
"""

from __future__ import annotations

from typing import Literal

from livets.engine.errors import EngineError
from livets.errors import NotFound
from livets.flow.model import Workflow
from livets.live import event, field
from livets.render import KeyedList
from livets.studio.details import Detail, find, group_detail, node_detail
from livets.studio.feed import Feed
from livets.studio.files import template
from livets.studio.history import Line, top_of
from livets.studio.news import News
from livets.studio.picture import GROUPS_ABOVE
from livets.studio.scene import ORDER, Item, Scene
from livets.studio.steering import Steering
from livets.studio.summary import Summary, summary_of
from livets.studio.table import Rows, rows_of
from livets.studio.timeline import ROW_HEIGHT, Bar, Tick, bars_of, span_of, ticks_of

ZOOMS = (0.0, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0)
"""Factors by which the graph is enlarged; 0 fits it to the window."""
LINES = 200
"""Lines of the log that the page shows."""
_LEAST = (720.0, 250.0)
"""Smaller graphs are not enlarged to fill the window."""
_WIDE, _WIDE_ZOOM = 1_900.0, 3
"""A graph that is wider than this cannot be read when it fits the window: it is shown larger, and scrolls."""
Tab = Literal["graph", "table", "timeline", "log"]


class RunView(Steering):
    """`/runs/{run}`, `?node=` chooses a node or a group."""

    template = template("run.html")

    node: str = ""
    tab: Tab = "graph"
    grouped: bool = False
    opened: frozenset[str] = frozenset()
    zoom: int = 0
    only: str = ""
    text: str = ""
    page: int = 1
    timer: int | None = None
    states: tuple[str, ...] = ORDER

    boxes: KeyedList[Item] = field(KeyedList(), persist=False)
    lines: str = field("", persist=False)
    heads: str = field("", persist=False)
    near: str = field("", persist=False)
    extent: tuple[float, float] = field((0.0, 0.0), persist=False)
    box: tuple[float, float] = field((0.0, 0.0), persist=False)
    is_labelled: bool = field(True, persist=False)
    can_group: bool = field(False, persist=False)
    chosen: tuple[float, float] | None = field(None, persist=False)
    summary: Summary | None = field(None, persist=False)
    detail: Detail | None = field(None, persist=False)
    rows: Rows = field(Rows((), 0, 1, 1), persist=False)
    bars: KeyedList[Bar] = field(KeyedList(), persist=False)
    ticks: list[Tick] = field([], persist=False)
    span: float = field(1.0, persist=False)
    log: list[Line] = field([], persist=False)
    said: str = field("", persist=False)

    # -- life

    async def mount(self, run: str) -> None:
        self.run, self.title = run, run
        if await self.admitted():
            feed = await self._open()
            self.grouped = len(feed.workflow.nodes) > GROUPS_ABOVE
            self._draw()
            self.zoom = _WIDE_ZOOM if self.is_labelled and self.extent[0] > _WIDE else 0

    async def resumed(self) -> None:
        if await self.admitted():
            await self._open()
            self._draw()
            await self._fill()

    async def handle_params(self, node: str = "") -> None:
        self.node, self.comment, self.answer_text = node, "", ""
        await self._fill()

    async def unmount(self) -> None:
        if "_feed" in self.__dict__:
            self._feed.leave(self)

    async def _open(self) -> Feed:
        try:
            self._feed = await self.desk.feeds.open(self.run)
        except EngineError as error:
            raise NotFound(str(error)) from None
        self._known = News(self._feed.history)
        self._feed.watch(self)
        return self._feed

    async def follow(self, paths: set[str]) -> None:
        """These nodes, or the run itself, have changed."""
        items, owner = self._scene.items, self._scene.picture.owner
        for id in {owner[path] for path in paths if path in owner}:
            if self.boxes.get(id) is not items[id]:
                self.boxes.replace(items[id])
        self.show_run()
        if self.tab != "graph":
            self._fill_tab()
        if self.node and (self.detail is None or self.detail.is_group or self.node in paths or self._feeds_node(paths)):
            await self._fill_node()

    async def tick(self) -> None:
        """Time has gone on, and the run with it."""
        self.show_run()
        if self.tab == "timeline":
            self._fill_tab()

    # -- what the page shows

    def _draw(self) -> None:
        scene: Scene = self._feed.scene(grouped=self.grouped, opened=self.opened)
        self._scene, picture = scene, scene.picture
        self.boxes = KeyedList(scene.items.values())
        self.lines, self.heads, self.box, self.is_labelled = (
            picture.lines,
            picture.heads,
            picture.box,
            picture.is_labelled,
        )
        self.extent = (picture.width, picture.height)
        self.can_group = len(self.workflow.nodes) > GROUPS_ABOVE
        self._point()

    async def _fill(self) -> None:
        self.show_run()
        self._fill_tab()
        await self._fill_node()

    @property
    def workflow(self) -> Workflow:
        return self._feed.workflow

    def show_run(self) -> None:
        self.summary = summary_of(self._feed, self.desk.runtime.lease.holder(self._feed.history.runner))
        self.said = self._known.since(self._feed.history) or self.said
        runs = self._feed.history.status == "running"
        if runs and self.timer is None:
            self.timer = self.every(1.0, self.tick)
        elif not runs and self.timer is not None:
            self.cancel_timer(self.timer)
            self.timer = None

    def _fill_tab(self) -> None:
        history = self._feed.history
        if self.tab == "table":
            self.rows = rows_of(self.workflow, history, state=self.only, text=self.text, page=self.page)
        elif self.tab == "timeline":
            self.span = span_of(history)
            self.ticks = ticks_of(self.span)
            _put(self.bars, bars_of(history))
        elif self.tab == "log":
            found = [
                line for line in history.lines if not self.text or self.text in line.node or self.text in line.text
            ]
            self.log = found[-LINES:]

    async def _fill_node(self) -> None:
        self._point()
        box = self._scene.picture.owner.get(self.node)
        if not self.node:
            self.detail = None
        elif self.node in self._feed.groups and box is None:
            is_open = self.node not in self._scene.items
            self.detail = group_detail(self._feed, self.node, is_open=is_open)
        else:
            self.detail = await node_detail(self._feed, self.desk.runtime, self.node)
            if self.detail is None and box is None:
                self.detail = Detail(self.node, self.node, line="There is no such node in this run.")

    def _feeds_node(self, paths: set[str]) -> bool:
        """Has one of the nodes changed that the chosen one gets its inputs from?"""
        found = find(self.workflow, self.node)
        if found is None:
            return False
        workflow, spec, prefix = found
        return any(one.to_node == spec.id and prefix + one.from_node in paths for one in workflow.connections)

    def _point(self) -> None:
        """Mark the box of the chosen node, and the lines that lead to and from it."""
        picture = self._scene.picture
        id = self.node if self.node in self._scene.items else picture.owner.get(top_of(self.node), "")
        item = self._scene.items.get(id)
        self.chosen = None if item is None else (item.x, item.y)
        self.near = "".join(picture.links.get(id, ()))

    @property
    def view_box(self) -> str:
        """The part of the plane that is drawn: all of the graph, in the middle."""
        (width, height), (least_width, least_height) = self.extent, _LEAST
        wide, high = max(width, least_width), max(height, least_height)
        return f"{(width - wide) / 2:.0f} {(height - high) / 2:.0f} {wide:.0f} {high:.0f}"

    @property
    def size(self) -> tuple[str, str]:
        """Width and height of the graph on the page."""
        factor = ZOOMS[self.zoom]
        if not factor:
            return "100%", "100%"
        return f"{max(self.extent[0], _LEAST[0]) * factor:.0f}", f"{max(self.extent[1], _LEAST[1]) * factor:.0f}"

    @property
    def bars_height(self) -> float:
        """Height of the timeline."""
        return max(1, len(self.bars)) * ROW_HEIGHT

    # -- looking around

    @event
    async def show(self, tab: Tab) -> None:
        self.tab, self.text, self.only, self.page = tab, "", "", 1
        self._fill_tab()

    @event
    async def group(self, on: bool) -> None:
        self.grouped, self.opened = on, frozenset()
        self._draw()
        await self._fill_node()

    @event
    async def unfold(self, on: bool) -> None:
        """Show the nodes of the chosen group in the graph, or all groups folded again."""
        if not on:
            self.opened = frozenset()
        elif self.node in self._feed.groups:
            self.grouped, self.opened = True, self.opened | {self.node}
        self._draw()
        await self._fill_node()

    @event
    async def enlarge(self, by: int) -> None:
        self.zoom = 0 if not by else min(max(self.zoom + (4 if by > 0 and not self.zoom else by), 0), len(ZOOMS) - 1)

    @event
    async def press(self, key: str) -> None:
        """A key in the graph: arrows scroll it, these enlarge it."""
        by = {"+": 1, "=": 1, "-": -1, "0": 0}.get(key)
        if by is not None:
            await self.enlarge(by)

    @event
    async def search(self, form: dict[str, str]) -> None:
        self.text, self.only, self.page = form.get("text", "")[:200], form.get("state", ""), 1
        self._fill_tab()

    @event
    async def turn(self, page: int) -> None:
        self.page = page
        self._fill_tab()


def _put(kept: KeyedList[Bar], bars: list[Bar]) -> None:
    """Make `kept` hold `bars`, touching only what differs; bars only ever come at the end."""
    if [bar.id for bar in bars[: len(kept)]] != kept.keys():
        kept.clear()
    for bar in bars:
        if bar.id not in kept:
            kept.append(bar)
        elif kept[bar.id] != bar:
            kept.replace(bar)
