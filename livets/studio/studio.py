"""Studio: live pages over the runs of a workflow runtime, added to an application or served alone.

Owns what its views share: who may see them, the feeds, the index, the commands. The only part of livets beside the
command line that knows both the engine and the web.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from typing import Any

from livets.app import LiveTS
from livets.errors import ConfigError
from livets.flow import Flow, FlowRuntime
from livets.flow.model import Workflow
from livets.studio.access import Access, Authorize, Entrance
from livets.studio.commands import Commands
from livets.studio.desk import Desk
from livets.studio.files import style
from livets.studio.run_view import RunView
from livets.studio.runs_view import RunsView


class Studio:
    """Shows the runs of `runtime`, also those that other processes run in the same folder, and steers them.

    Without `token` and `authorize` it answers this machine only. `token`: whoever gives it (16 characters at least).
    `authorize`: a function (plain or async) of the view's `session`, for applications that know their users.
    `workflows`: definitions that can be started here; those with functions that only Python knows can be continued.
    Raises ConfigError when the runtime has no folder, or the rules of access make no sense.

    >>> import tempfile
    >>> from livets import LiveTS
    >>> studio = Studio(FlowRuntime(tempfile.mkdtemp()), authorize=lambda session: session.user == "ada")
    >>> app = LiveTS(secret_key="a secret of at least 32 characters", lifespan=studio.lifespan)
    >>> studio.add_to(app, "/studio")
    >>> app.url_for("studio.run", run="r1", node="parse")
    '/studio/runs/r1?node=parse'
    """

    def __init__(
        self,
        runtime: FlowRuntime,
        *,
        token: str | None = None,
        authorize: Authorize | None = None,
        workflows: Iterable[Workflow | Flow] = (),
    ) -> None:
        if runtime.log is None:
            raise ConfigError("Studio shows what the journal has: give its FlowRuntime a folder")
        self.desk = Desk(runtime, Access(token, authorize), Commands(runtime, workflows))

    def add_to(self, app: LiveTS, prefix: str = "") -> None:
        """Add the pages below `prefix` ("/studio"; "" is the root) to `app`, whose lifespan should enter `lifespan`."""
        if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
            raise ConfigError(f"add_to(app, {prefix!r}): a prefix begins with a slash and ends without one: '/studio'")
        runs = type("Runs", (RunsView,), {"desk": self.desk, "__doc__": RunsView.__doc__})
        run = type("Run", (RunView,), {"desk": self.desk, "__doc__": RunView.__doc__})
        app.route(f"{prefix}/studio.css", style, methods=["GET"], name="studio.css")
        entrance = Entrance(self.desk.access, "studio.runs", "studio.css")
        app.route(f"{prefix}/enter", entrance.answer, methods=["GET", "POST"], name="studio.enter")
        app.live(prefix or "/", runs, name="studio.runs")
        app.live(f"{prefix}/runs/{{run:path}}", run, name="studio.run")

    def application(self, *, closes_runtime: bool = False, **settings: Any) -> LiveTS:
        """Return an application that is the studio and nothing else; `settings` go to LiveTS.

        With `closes_runtime` its end is the runtime's: runs of this process can be resumed later.
        """
        settings.setdefault("session_cookie", "livets_studio")
        settings.setdefault("csp", "strict")

        @contextlib.asynccontextmanager
        async def lifespan(_app: Any) -> AsyncIterator[None]:
            async with self.lifespan():
                yield
            if closes_runtime:
                await self.runtime.close()

        app = LiveTS(title="Studio", lifespan=lifespan, static=None, **settings)
        self.add_to(app)
        return app

    @property
    def runtime(self) -> FlowRuntime:
        """The runtime whose runs are shown."""
        return self.desk.runtime

    async def start(self, workflow: str | Workflow | Flow, inputs: dict[str, Any] | None = None) -> str:
        """Begin a run that people can steer, of one of `workflows` when it is a name, and return the run's name.

        Raises EngineError for a name that is not there, InvalidWorkflow, and what FlowRuntime.start raises.
        """
        return await self.desk.commands.start(workflow, inputs)

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: Any = None) -> AsyncIterator[None]:
        """Follow runs until the block ends; the runtime stays open, it is yours."""
        try:
            yield
        finally:
            await self.desk.close()
