"""Falling asleep and waking up: a runner lets go of everything, and another one goes on (ADR 0011).

It owns the questions whether a view may sleep now and whether anything has happened to it. What a view is while it
sleeps is `asleep`'s business. The base of `runner`.
"""

from __future__ import annotations

import sys
from typing import Self

from livets.live.asleep import Asleep, fallen_asleep, take_apart
from livets.live.outbox import Outbox
from livets.live.quiet import kept_awake_by
from livets.live.wiring import Wiring
from livets.live.work import Resync, Woken


class Sleeper(Wiring):
    """A running view that can sleep."""

    __slots__ = ()

    @property
    def is_stirred(self) -> bool:
        """Whether anything has happened to the view since this was asked last."""
        mailbox = self._units.mailbox
        stirred, mailbox.is_stirred = mailbox.is_stirred, False
        return stirred

    def kept_awake_by(self, quiet_s: float) -> str:
        """Why the view can't sleep now; "" when it can."""
        self._units.rest()
        if reason := kept_awake_by(self.view, self._commits, self._units, quiet_s):
            return reason
        return "somebody else holds the view's object" if sys.getrefcount(self.view) > self._holders else ""

    def sleep(self, quiet_s: float) -> Asleep | None:
        """Let go of all that the snapshot can bring back, and of this runner; None while the view has to stay awake.

        `quiet_s`: how long nothing has happened.
        """
        if self.gone or not self.generation or self._accepted != self.last_ref or self.kept_awake_by(quiet_s):
            return None
        asleep = fallen_asleep(
            self.view, self._commits, view_id=self.view_id, templates=self._templates, meta=self._meta,
            secret=self._secret, dev=self._dev,
        )  # fmt: skip
        if asleep is not None:
            commits, units, bond = self._commits, self._units, self.view._live
            commits.rest()
            bond.location.of(None)
            take_apart(bond, units, commits, self)
        return asleep

    @classmethod
    def woken(cls, asleep: Asleep, outbox: Outbox | None) -> Self:
        """The view awake: `resumed()` is the first thing that happens to it, then what was heard meanwhile."""
        runner = cls(asleep.view_class, **asleep.surroundings)
        commits, units = runner._commits, runner._units
        runner._secret, runner._accepted = asleep.secret, asleep.ref
        is_recalled = asleep.restore(runner.view, commits)

        def shows() -> None:
            if not (is_recalled or commits.display.is_known):
                asleep.recall(commits)
            commits.display.outbox = commits.display.outbox or outbox
            commits.flush()

        if runner.view.__livets__.hooks["resumed"] is None:
            shows()
        else:
            units.mailbox.put(Woken(shows))
        asleep.tell(runner)
        if asleep.missed:
            units.mailbox.put(Resync())
        return runner
