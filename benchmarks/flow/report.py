"""The table of the flow benchmark, and its place in benchmarks/results with date, commit, machine and method."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"
METHOD = (
    "One process a measure, one after the other, one thread. Nodes are async functions that add 1; with ports, a "
    "retry policy, events and one subscriber that reads all of them. CPU time of the thread, from `run()` to the "
    "result, the best of the rounds; `wall` by the clock. Dask: distributed, in process, one worker with one thread, "
    "futures fed to futures. Prefect: tasks in a flow (fan: `.map`), ephemeral server, no logs to its API. `turns`: "
    "the figure as a multiple of a turn of a fixed Python loop (a method call, a dict made and read), measured "
    "between the rounds: compare that between machines and loads."
)


@dataclass
class Row:
    """One figure; `turn_us` is the reference loop's turn beside it."""

    name: str
    value: float
    unit: str
    aim: float | None
    turn_us: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None where there is none."""
        if self.aim is None:
            return None
        return self.value >= self.aim if self.at_least else self.value <= self.aim

    def turns(self) -> str:
        """The figure in turns of the reference loop, where it is a time."""
        if self.turn_us is None or self.at_least:
            return ""
        return f"{self.value * (1000 if self.unit.startswith('ms') else 1) / self.turn_us:,.0f}"


def table(rows: list[Row]) -> str:
    """Markdown."""
    lines = ["| what | measured | aim | met | turns |", "|---|--:|--:|---|--:|"]
    for row in rows:
        aim = "" if row.aim is None else f"{'>=' if row.at_least else '<='} {row.aim:,.0f}"
        met = {None: "", True: "yes", False: "**no**"}[row.met]
        lines.append(f"| {row.name} | {row.value:,.{_digits(row.value)}f} {row.unit} | {aim} | {met} | {row.turns()} |")
    return "\n".join(lines)


def _digits(value: float) -> int:
    return 2 if value < 100 else 0


def keep(rows: list[Row], size: int, rounds: int) -> Path:
    """Write flow-DATE-COMMIT.json and .md; returns the latter's path."""
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    about = {
        "date": now.isoformat(),
        "commit": commit,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
        "load": f"{os.getloadavg()[2]:.1f} over the last 15 minutes",
        "nodes": f"{size:,}",
        "rounds": str(rounds),
        "method": METHOD,
    }
    path = RESULTS / f"flow-{now:%Y-%m-%d}-{commit}.md"
    path.with_suffix(".json").write_text(json.dumps({**about, "rows": [asdict(row) for row in rows]}, indent=1) + "\n")
    lines = ["# The workflow engine", *(f"- {name}: {text}" for name, text in about.items()), "", table(rows)]
    path.write_text("\n".join(lines) + "\n")
    return path
