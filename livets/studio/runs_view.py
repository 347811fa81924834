"""The list of runs: newest first, by workflow and state, a page at a time, kept up to date. State lives in the URL."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from livets.engine.encoding import from_json
from livets.engine.errors import EngineError, ValueFault
from livets.live import event, field
from livets.studio.files import template
from livets.studio.index import RunLine
from livets.studio.view import StudioView
from livets.studio.wording import duration, moment

PAGE = 25
STATES = ("running", "interrupted", "completed", "failed", "cancelled")


class RunRow(msgspec.Struct, frozen=True):
    """One run, in words."""

    id: str
    query: str
    workflow: str
    status: str
    started: str
    took: str


class RunsView(StudioView):
    """`/`: what has run, and what runs."""

    template = template("runs.html")
    title = "Runs"

    workflow: str = ""
    status: str = ""
    page: int = 1
    states: tuple[str, ...] = STATES
    rows: list[RunRow] = field([], persist=False)
    workflows: list[str] = field([], persist=False)
    startable: list[str] = field([], persist=False)
    notice: str = ""
    total: int = field(0, persist=False)
    pages: int = field(1, persist=False)

    async def mount(self) -> None:
        if await self.admitted():
            await self._open()

    async def resumed(self) -> None:
        if await self.admitted():
            await self._open()
            self._fill()

    async def handle_params(self, workflow: str = "", status: str = "", page: int = 1) -> None:
        self.workflow, self.status, self.page = workflow, status, page
        self._fill()

    async def follow(self) -> None:
        """The index has something new."""
        self._fill()

    @event
    async def choose(self, form: dict[str, str]) -> None:
        self.patch(self._url(form.get("workflow", ""), form.get("status", ""), 1), replace=True)

    @event(policy="drop")
    async def start(self, form: dict[str, str]) -> None:
        """Begin a run of one of the studio's workflows, and go to its page."""
        if not await self.desk.access.allows(self.session, self.request):
            self.notice = "You may not do this any more: load the page again."
            return
        try:
            inputs = from_json(form.get("inputs") or "{}")
            if not isinstance(inputs, dict):
                raise ValueFault('an object with the inputs is wanted, such as {"name": "Ann"}')
            run = await self.desk.commands.start(form.get("name", ""), inputs)
        except (EngineError, ValueFault) as error:
            self.notice = str(error)
        else:
            self.redirect(self.url_for("studio.run", run=run))

    async def _open(self) -> None:
        self.startable = [one.id for one in self.desk.commands.startable()]
        await self.desk.index.refresh()
        self.desk.index.watch(self)

    def _fill(self) -> None:
        found = self.desk.index.newest(self.workflow, self.status)
        self.total, self.pages = len(found), max(1, -(-len(found) // PAGE))
        page = min(max(1, self.page), self.pages)
        self.rows = [_row(one) for one in found[(page - 1) * PAGE : page * PAGE]]
        self.workflows = self.desk.index.workflows()

    def _url(self, workflow: str, status: str, page: int) -> str:
        values = {"workflow": workflow or None, "status": status or None, "page": page if page > 1 else None}
        return self.url_for("studio.runs", **values)

    @property
    def newer(self) -> str:
        """The URL of the page before."""
        return self._url(self.workflow, self.status, self.page - 1) if self.page > 1 else ""

    @property
    def older(self) -> str:
        """The URL of the page after."""
        return self._url(self.workflow, self.status, self.page + 1) if self.page < self.pages else ""


def _row(one: RunLine) -> RunRow:
    query = quote(one.run, safe="")
    took = "" if one.status == "running" else duration(one.seconds)
    return RunRow(one.run, query, one.workflow, one.status, moment(one.started), took)
