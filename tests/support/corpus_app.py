"""An application that shows one case of the corpus, state after state, for tests in real browsers.

It owns the view: the first state at mount, the next one at each message on the topic `next`. The page is the case's
template, or what plain Jinja2 renders of it as the string of `render()`.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from livets import LiveTS, LiveView, field
from tests.support.corpus import EXTENSIONS, Case
from tests.unit.render.conftest import Bench


def states_of(case: Case, number: int) -> list[dict[str, Any]]:
    """So many states of a case; the same at every run of one seed (LIVETS_SEED)."""
    states: list[dict[str, Any]] = []

    @seed(int(os.environ.get("LIVETS_SEED", "20261120")))
    @settings(max_examples=number, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case.states)
    def collect(state: dict[str, Any]) -> None:
        states.append(state)

    collect()
    while len(states) < number:  # a small space of states: go through it again
        states += states[: number - len(states)]
    return states


class CorpusApp:
    """The application, and the fresh HTML of each state."""

    def __init__(self, case: Case, number: int, *, as_string: bool = False) -> None:
        states = states_of(case, number)
        bench = Bench(case.source, states[0], case.files)
        self.pages = [bench.plain.render(state) for state in states]
        self.app = LiveTS(secret_key="a secret for this test, 32 characters")
        environment: Any = self.app.worker.templates.environment
        for extension in EXTENSIONS:
            environment.add_extension(extension)
        environment.install_null_translations(newstyle=True)
        environment.loader = bench.templates.environment.loader
        self.app.live("/", _strings(self.pages) if as_string else _view(case, states))
        self._sent = 0

    async def advance(self) -> None:
        """Let the view show the next state."""
        self._sent += 1
        await self.app.worker.bus.publish("next", b"\xc0", f"test:{self._sent}")


def _view(case: Case, states: list[dict[str, Any]]) -> type[LiveView]:
    names = sorted({name for state in states for name in state})
    upcoming = iter(states)

    def mount(self: LiveView) -> None:
        self.subscribe("next", "advance")
        self.set_state(**next(upcoming))

    async def advance(self: LiveView, _message: None) -> None:
        self.set_state(**next(upcoming))

    fields = {name: field(None, persist=False) for name in names}
    annotations = dict.fromkeys(names, Any)
    body = {"__annotations__": annotations, **fields, "mount": mount, "advance": advance, "template": case.source}
    return type(f"Case_{case.name}", (LiveView,), body)


def _strings(pages: list[str]) -> type[LiveView]:
    class Pages(LiveView):
        """Draws itself."""

        number: int = 0

        def mount(self) -> None:
            self.subscribe("next", "advance")

        async def advance(self, _message: None) -> None:
            self.number += 1

        def render(self) -> str:
            return pages[self.number]

    return Pages
