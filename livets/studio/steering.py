"""What somebody can do to a run on its page: cancel, resume, run again, answer. Each asks whether they (still) may.

The handlers run beside other events, so that the page goes on while a run takes its time to end. Subclassed by the
view of a run, which shows what comes of it.
"""

from __future__ import annotations

from typing import Any

from livets.engine.encoding import from_json
from livets.engine.errors import EngineError, ValueFault
from livets.flow.model import Workflow
from livets.live import event
from livets.studio.details import find
from livets.studio.view import StudioView


class Steering(StudioView):
    """The commands over the run called `run`."""

    run: str = ""
    notice: str = ""
    comment: str = ""
    answer_text: str = ""

    @property
    def workflow(self) -> Workflow:
        """The definition of the run."""
        raise NotImplementedError

    def show_run(self) -> None:
        """Bring up to date what is shown of the run as a whole."""
        raise NotImplementedError

    @event(policy="parallel")
    async def cancel_run(self) -> None:
        await self._command(self.desk.commands.cancel, self.run, self.who)

    @event(policy="parallel")
    async def resume_run(self) -> None:
        await self._command(self.desk.commands.resume, self.run)

    @event(policy="drop")
    async def run_again(self) -> None:
        """A new run of the same, and its page."""
        if not await self._may():
            return
        try:
            run = await self.desk.commands.again(self.run)
        except (EngineError, ValueFault) as error:
            self.notice = str(error)
        else:
            self.redirect(self.url_for("studio.run", run=run))

    @event(policy="parallel")
    async def retry_node(self, node: str) -> None:
        await self._command(self.desk.commands.retry, self.run, [node])

    @event(policy="parallel")
    async def approve(self, node: str, approved: bool) -> None:
        found = find(self.workflow, node)
        value: Any = approved
        if found is not None and found[1].type == "flow.approval":
            value = {"approved": approved, "by": self.who, "comment": self.comment.strip()[:2_000]}
        await self._command(self.desk.commands.signal, self.run, node, value)

    @event(policy="parallel")
    async def answer(self, node: str) -> None:
        try:
            value = from_json(self.answer_text)
        except ValueFault:
            value = self.answer_text
        await self._command(self.desk.commands.signal, self.run, node, value)

    async def _command(self, command: Any, *arguments: Any) -> None:
        """Do it, if who asks still may; what goes wrong is said on the page."""
        said = ""
        if await self._may():
            try:
                await command(*arguments)
            except (EngineError, ValueFault) as error:
                said = str(error)
            async with self.commit():
                self.notice = said
                self.show_run()

    async def _may(self) -> bool:
        """May who asks still do so? Says it when not."""
        if await self.desk.access.allows(self.session, self.request):
            return True
        async with self.commit():
            self.notice = "You may not do this any more: load the page again."
        return False
