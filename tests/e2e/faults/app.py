"""The application of the fault proof: a counter, a view that shouts, and a trap that kills at a chosen milestone.

To arm the trap, create the file LIVETS_FAULT_DIR/MILESTONE. The first worker to reach the milestone removes the file
and dies by SIGKILL at that very point, so one file is exactly one death. A file MILESTONE.PID is removed by that
worker when it gets there, and nothing else happens; MILESTONE.PID.kill kills that worker only. Mounts are counted in
Redis.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from redis.asyncio import Redis

from livets import LiveTS, LiveView, PresenceChange, event, telemetry

MOUNTS = "faults:mounts"
PRESENCE_TTL_S = 5.0
_TRAPS = os.environ["LIVETS_FAULT_DIR"]
_REDIS_URL = os.environ["LIVETS_REDIS_URL"]


def _spring(name: str, view_id: str, ref: int) -> None:
    trap, pid = f"{_TRAPS}/{name}", os.getpid()
    if _removed(trap) or _removed(f"{trap}.{pid}.kill"):
        os.kill(pid, signal.SIGKILL)
    _removed(f"{trap}.{pid}")


def _removed(path: str) -> bool:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


telemetry.listen(_spring)


class Counter(LiveView):
    """Counts clicks, and says which worker counted the last one."""

    count: int = 0
    worker: int = 0

    async def mount(self) -> None:
        """Count this mount where all workers count theirs."""
        redis = Redis.from_url(_REDIS_URL)
        await redis.incr(MOUNTS)
        await redis.aclose()

    @event
    async def increment(self) -> None:
        """One more."""
        self.count += 1
        self.worker = os.getpid()

    template = """
    <main>
      <button type="button" id="inc" ts-on:click="increment">+1</button>
      <p>Clicks: <output id="count">{{ count }}</output></p>
      <p>Worker: <output id="worker">{{ worker }}</output></p>
    </main>"""


class Shouts(LiveView):
    """Tells every window what it counts, and keeps what it hears."""

    count: int = 0
    heard: list[str] = []

    def mount(self, name: str) -> None:  # type: ignore[override]
        """Listen."""
        self.subscribe("shouts", self.hear)

    def hear(self, words: str) -> None:
        """Somebody shouted."""
        self.heard.append(words)

    @event
    async def shout(self) -> None:
        """One more, and all may know."""
        self.count += 1
        self.broadcast("shouts", f"{self.params['name']}{self.count}")

    template = """
    <main>
      <button type="button" id="inc" ts-on:click="shout">Shout</button>
      <p>Shouts: <output id="count">{{ count }}</output></p>
      <p>Heard: <output id="heard">{{ heard|join(" ") }}</output></p>
    </main>"""


class Hall(LiveView):
    """Shows who is here, and who was said to come and go."""

    people: list[str] = []
    told: list[str] = []

    def mount(self, name: str) -> None:  # type: ignore[override]
        """Be here."""
        self.presence.track("hall", name)
        self.presence.follow("hall", self.changed)

    async def changed(self, change: PresenceChange) -> None:
        """Somebody has come or gone."""
        self.people = sorted(self.presence.list("hall"))
        self.told += [f"+{key}" for key in change.joined] + [f"-{key}" for key in change.left]

    template = """
    <main><p id="people">{{ people|join(" ") }}</p><p id="told">{{ told|join(" ") }}</p></main>"""


app = LiveTS(
    title="Faults",
    templates=Path(__file__).parent,
    presence_ttl_s=PRESENCE_TTL_S,
    idle_after_s=float(os.environ.get("LIVETS_FAULT_IDLE_S", "300")),
)
app.live("/hall/{name}", Hall)
app.live("/", Counter)
app.live("/shouts/{name}", Shouts)
