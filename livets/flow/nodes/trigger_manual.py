"""trigger.manual: begins a run that a person starts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from livets.flow.streaming.context import StreamContext
from livets.flow.trigger import Trigger


class ManualTrigger(Trigger):
    """Gives `sample` in a run that a person starts; is skipped in a run that another trigger begins."""

    type = "trigger.manual"
    stays = True

    class Config(msgspec.Struct):
        sample: Any = None

    async def stream(self, ctx: StreamContext) -> AsyncIterator[Any]:
        await asyncio.Event().wait()  # nobody but a person fires it
        yield None
