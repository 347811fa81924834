"""trigger.schedule: begins runs by the clock."""

from __future__ import annotations

import asyncio
import datetime
import math
import time
import zoneinfo
from collections.abc import AsyncIterator
from typing import Any, Literal

import msgspec

from livets.engine.errors import EngineError, MissingExtra
from livets.flow.streaming.context import StreamContext
from livets.flow.trigger import Trigger

_NAP_SECONDS = 60.0
"""No longer sleep: the clock may be set, or the machine may have slept."""


class ScheduleTrigger(Trigger):
    """Fires when the `cron` expression (five fields, or six with seconds) says, in `timezone`, or every `every_s`.

    Gives `{"at", "due"}`: the time in ISO 8601 and in Unix seconds. Across a change to summer time a job is run once.
    `missed` says what happens to firings that nobody was there for: `skip` them, or fire `once` for all of them.
    """

    type = "trigger.schedule"
    stays = True

    class Config(msgspec.Struct):
        cron: str = ""
        every_s: float = 0.0
        timezone: str = "UTC"
        missed: Literal["skip", "once"] = "skip"
        sample: Any = None

        def __post_init__(self) -> None:
            if bool(self.cron) == (self.every_s > 0):
                raise ValueError("give cron or every_s, one of the two")
            try:
                zoneinfo.ZoneInfo(self.timezone)
                if self.cron:
                    following(self.cron, self.timezone, time.time())
            except (zoneinfo.ZoneInfoNotFoundError, EngineError, ValueError) as error:
                raise ValueError(str(error)) from None

    @classmethod
    def key_of(cls, fired: Any) -> str | None:
        return str(fired["due"])

    async def stream(self, ctx: StreamContext) -> AsyncIterator[Any]:
        config, memory = self.config, ctx.memory
        last = memory.get("due")
        if last is None or config.missed == "skip":
            last = max(last or 0.0, time.time())
        while True:
            due = self._after(last)
            while (wait := due - time.time()) > 0:  # noqa: ASYNC110 - nothing but the clock will tell
                await asyncio.sleep(min(wait, _NAP_SECONDS))
            if config.missed == "once":
                due = self._latest(due)
            last = memory["due"] = due
            zone = zoneinfo.ZoneInfo(config.timezone)
            yield {"at": datetime.datetime.fromtimestamp(due, zone).isoformat(), "due": due}
            if config.missed == "skip":
                last = max(last, time.time() - 1)

    def _after(self, moment: float) -> float:
        if self.config.cron:
            return following(self.config.cron, self.config.timezone, moment)
        every: float = self.config.every_s
        return (math.floor(moment / every) + 1) * every

    def _latest(self, due: float) -> float:
        """The last firing up to now, from `due` on: those before it count as one with it."""
        now = time.time()
        every: float = self.config.every_s
        if every:
            return max(due, math.floor(now / every) * every)
        while (later := self._after(due)) <= now:
            due = later
        return due


def following(cron: str, timezone: str, moment: float) -> float:
    """Return when `cron` fires next after `moment` (Unix seconds); raises EngineError when it is no expression."""
    try:
        from cronsim import CronSim, CronSimError
    except ImportError as error:
        raise MissingExtra("trigger.schedule", "cronsim", "flow") from error
    start = datetime.datetime.fromtimestamp(moment, zoneinfo.ZoneInfo(timezone))
    try:
        return next(CronSim(cron, start)).timestamp()
    except (CronSimError, StopIteration) as error:
        raise EngineError(f"{cron!r:.80} is no cron expression that ever fires: {error}") from None
