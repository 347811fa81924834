"""What stands at the top of a run's page: above all whether its process is there."""

from __future__ import annotations

import time

import pytest

from livets.engine.events import Event
from livets.flow import FlowRuntime
from livets.flow.leasing import GONE, Holder
from livets.flow.model import NodeSpec, Workflow
from livets.studio.feed import Feed
from livets.studio.summary import summary_of

BEGAN = time.time() - 100


def feed(*kinds: str) -> Feed:
    made = Feed(FlowRuntime(), "r")
    made.workflow = Workflow(id="w", nodes=[NodeSpec(id="a", type="debug.log")])
    made.history.step(Event(1, "flow/r", "flow.run.created", BEGAN, {"version": "v" * 64, "workflow": "w"}))
    for seq, kind in enumerate(kinds, 2):
        made.history.step(
            Event(seq, "flow/r", kind, BEGAN + 5, {"node": "a", "attempt": 1, "reset": [], "deep": False, "reason": ""})
        )
    return made


@pytest.mark.parametrize(
    ("holder", "status", "can_resume"),
    [
        (Holder("alive"), "running", False),
        (Holder("silent", silent_s=20), "running", True),
        (GONE, "interrupted", True),
    ],
)
def test_a_run_that_has_not_ended(holder: Holder, status: str, can_resume: bool) -> None:
    found = summary_of(feed("flow.node.started"), holder)
    assert (found.status, found.can_resume, found.can_cancel) == (status, can_resume, True)
    assert found.is_silent == (holder.state == "silent")
    assert (found.took == "5.0 s") == (holder is GONE), "time does not go on for a run that is cut off"


def test_a_run_that_has_ended_needs_no_process() -> None:
    found = summary_of(feed("flow.run.cancelled"), GONE)
    assert (found.status, found.can_resume, found.can_cancel) == ("cancelled", True, False)
    resumed = summary_of(feed("flow.run.cancelled", "flow.run.resumed"), Holder("alive"))
    assert (resumed.status, resumed.can_resume) == ("running", False)
