"""What the views of one studio share: the runtime, who may come in, the feeds, the index, the commands."""

from __future__ import annotations

from livets.flow import FlowRuntime
from livets.studio.access import Access
from livets.studio.commands import Commands
from livets.studio.feed import Feeds
from livets.studio.index import RunIndex


class Desk:
    """One for each Studio; the classes of its views have it as `desk`."""

    def __init__(self, runtime: FlowRuntime, access: Access, commands: Commands) -> None:
        self.runtime, self.access, self.commands = runtime, access, commands
        self.feeds = Feeds(runtime)
        self.index = RunIndex(runtime)

    async def close(self) -> None:
        """Follow nothing and hear nothing any more; runs go on until their runtime ends."""
        await self.index.close()
        await self.feeds.close()
        await self.commands.close()
