"""One application in two releases (LIVETS_TEST_RELEASE): the field `count` of the first is `clicks` in the second."""

from __future__ import annotations

import os
from typing import Any

from livets import LiveTS, LiveView, event

RELEASE = os.environ.get("LIVETS_TEST_RELEASE", "1")
_TEMPLATE = """
<main>
  <button type="button" id="inc" ts-on:click="increment">+1</button>
  <p>{label}: <output id="count">{{{{ {field} }}}}</output></p>
  <p>Worker: <output id="worker">{{{{ worker }}}}</output></p>
</main>"""


class Before(LiveView):
    """The first release."""

    count: int = 0
    worker: int = 0
    template = _TEMPLATE.format(label="Count", field="count")

    @event
    async def increment(self) -> None:
        """One more."""
        self.count += 1
        self.worker = os.getpid()


class After(LiveView):
    """The second release: another name for the field, other words on the page."""

    snapshot_version = 1
    clicks: int = 0
    worker: int = 0
    template = _TEMPLATE.format(label="Clicks", field="clicks")

    def migrate(self, old: dict[str, Any]) -> None:
        """The field has a new name."""
        self.clicks = old["count"]

    @event
    async def increment(self) -> None:
        """One more."""
        self.clicks += 1
        self.worker = os.getpid()


app = LiveTS(title="Release")
app.live("/", Before if RELEASE == "1" else After)
