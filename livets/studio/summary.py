"""A run in a few words: state, how far it is, how long it has taken. Pure; made for each update of the run view."""

from __future__ import annotations

import time

import msgspec

from livets.flow.leasing import Holder
from livets.studio.feed import Feed
from livets.studio.history import ENDED
from livets.studio.wording import duration, moment

_DONE = ("completed", "failed", "skipped", "cancelled")


class Count(msgspec.Struct, frozen=True):
    """How many nodes are in one state."""

    state: str
    number: int


class Summary(msgspec.Struct, frozen=True):
    """What stands at the top of a run's page."""

    status: str
    reason: str
    workflow: str
    version: str
    began: str
    took: str
    total: int
    done: int
    counts: tuple[Count, ...]
    waiting: tuple[str, ...]
    can_cancel: bool
    can_resume: bool
    is_silent: bool
    """Its process lives, but has not been heard of for a while: stopped, or too busy."""


def summary_of(feed: Feed, holder: Holder) -> Summary:
    """Return the summary of the run as it is now; `holder` is whoever runs it."""
    history = feed.history
    total = len(feed.workflow.nodes)
    counts = {state: number for state, number in history.counts.items() if number}
    if unheard := total - sum(counts.values()):
        counts["pending"] = counts.get("pending", 0) + unheard
    over = history.status in ENDED
    is_silent, is_gone = not over and holder.state == "silent", not over and holder.state == "gone"
    end = history.ended or (history.last if is_gone else time.time())
    status = "waiting" if history.status == "running" and _only_waits(counts) else history.status
    return Summary(
        status="interrupted" if is_gone else status,
        reason=history.reason if history.reason != history.status else "",
        workflow=feed.workflow.name or feed.workflow.id,
        version=history.created["version"][:12],
        began=moment(history.began),
        took=duration(max(0.0, end - history.began)),
        total=total,
        done=sum(counts.get(state, 0) for state in _DONE),
        counts=tuple(Count(state, number) for state, number in sorted(counts.items())),
        waiting=tuple(sorted(history.waiting)),
        can_cancel=not over,
        can_resume=history.status in ("failed", "cancelled", "interrupted") or is_silent or is_gone,
        is_silent=is_silent,
    )


def _only_waits(counts: dict[str, int]) -> bool:
    return bool(counts.get("waiting")) and not any(counts.get(state) for state in ("running", "retrying", "ready"))
