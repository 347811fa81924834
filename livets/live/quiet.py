"""Whether a view may fall asleep: nothing at work, nothing under way, and nothing that it could not get back.

It owns the reasons, in words. It changes nothing. Asked by the runner; what sleep does is `asleep`'s business.
"""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import getweakrefcount

from livets.live.fields import UNSET

if TYPE_CHECKING:
    from livets.live.commit import Commits
    from livets.live.units import Units
    from livets.live.view import LiveView


def kept_awake_by(view: LiveView, commits: Commits, units: Units, quiet_s: float) -> str:
    """Why the view has to stay awake; "" when it may sleep. `quiet_s`: a timer that is due sooner is not worth it."""
    if not type(view).may_sleep:
        return "the class says so"
    if not units.is_idle:
        return "something is at work"
    if not view._live.is_clean(view):
        return "a task of the application has changed it"
    if not (commits.display.ready and commits.display.is_known) or commits.display.behind:
        return "its browser has not been shown everything"
    notes = view._live.system.notes
    if not commits.is_safe or notes.interrupted or notes.ended:
        return "something is still to be written or sent"
    if any(timer.due - time.time() <= quiet_s for timer in notes.timers.values()):
        return "a timer is due soon"
    if getweakrefcount(view):
        return "somebody watches the object"
    return "" if view.__livets__.hooks["resumed"] is not None else _lost(view)


def _lost(view: LiveView) -> str:
    """What is in no snapshot, of a view that does not say how to get it back."""
    fields = view.__livets__.fields
    for name, value in view.__dict__.items():
        field = fields.get(name)
        if field is None:
            if not isinstance(getattr(type(view), name, None), cached_property):
                return f"{name} is in no snapshot, and there is no resumed()"
        elif not field.persist and not _is_initial(value, UNSET if field.factory is not None else field.default):
            return f"{name} is kept in this process only, and there is no resumed()"
    return ""


def _is_initial(value: Any, default: Any) -> bool:
    return value is default or (type(value) in (int, str, bool, float, bytes) and bool(value == default))
