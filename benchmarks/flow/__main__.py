"""The figures of the workflow engine, beside plain asyncio, Dask alone and Prefect: `make bench-flow`.

    python -m benchmarks.flow [--size 10000] [--rounds 9] [--million] [--keep]

Every measure runs in a fresh process, one after the other (benchmarks/flow/measures.py). Prefect is asked where
`benchmarks/.peers` has it. `--keep` writes the table to benchmarks/results.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from benchmarks.flow.report import Row, keep, table

HERE = Path(__file__).parent
PEERS = HERE.parent / ".peers" / "bin" / "python"
PEER_NODES = 200
"""Prefect and Dask take milliseconds a node: fewer nodes tell as much."""

Figures = dict[str, float]


def measure(*arguments: object) -> Figures:
    """Run one measure in a process of its own."""
    return _json([sys.executable, "-m", "benchmarks.flow.measures", *map(str, arguments)])


def _json(command: list[str]) -> Figures:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def has_prefect() -> bool:
    """Whether `make bench-flow` could install it."""
    find = "import importlib.util as u, sys; sys.exit(u.find_spec('prefect') is None)"
    return PEERS.exists() and subprocess.run([str(PEERS), "-c", find], check=False).returncode == 0


def prefect(shape: str, rounds: int) -> float | None:
    """Microseconds a node, None when Prefect is not there."""
    if not has_prefect():
        return None
    script = str(HERE / "prefect_alone.py")
    return _json([str(PEERS), script, shape, str(PEER_NODES), str(rounds)])["ms_wall"] * 1000


def rows_of_shape(shape: str, size: int, rounds: int) -> list[Row]:
    """A chain's or a fan-out's cost a node, in memory and journaled, and that of the peers."""
    found = measure("nodes", shape, size, rounds)
    turn = found["turn_ns"] / 1000
    aim, added = (5, 40) if shape == "chain" else (15, 10)
    rows = [
        Row(f"{shape}, in memory", found["memory"], "us a node", aim, turn),
        Row(f"{shape}, journaled", found["journaled"], "us a node", None, turn),
        Row(f"{shape}, what the journal adds", found["added"], "us a node", added, turn),
        Row(f"{shape}, what the journal adds, wall", found["added_wall"], "us a node", None, turn),
        Row(f"{shape}, plain asyncio (a task a node, nothing else)", found["asyncio"], "us a node", None, turn),
    ]
    alone = measure("dask", shape, PEER_NODES, min(rounds, 3))["ms_wall"] * 1000
    rows.append(Row(f"{shape}, Dask alone (in process, wall)", alone, "us a node", None, turn))
    theirs = prefect(shape, min(rounds, 3))
    if theirs is not None:
        rows.append(Row(f"{shape}, Prefect (in process, its own server, wall)", theirs, "us a node", None, turn))
    return rows


def rows_of_start(size: int, rounds: int) -> list[Row]:
    """From the text of a file to the first node; and from a killed run to its first node that was not recorded."""
    found = measure("cold", "chain", size, rounds)
    turn = found["turn_ns"] / 1000
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.flow.measures", "killed", folder, str(size), str(size // 2)]
        assert subprocess.run(command, check=False).returncode == -9
        resumed = measure("resume", folder, size, size // 2)
    return [
        Row(f"{size:,} nodes, from a file's text to running", found["cold_ms"], "ms", 50, turn),
        Row(f"{size:,} nodes, compiled before", found["compiled_ms"], "ms", None, turn),
        Row(f"{size:,} nodes, killed half-way, runs again", resumed["resume_s"] * 1000, "ms wall", 1000, turn),
        Row(f"{size:,} nodes, ... and has ended", resumed["resume_and_end_s"] * 1000, "ms wall", None, turn),
    ]


def rows_of_bus(rounds: int) -> list[Row]:
    """Emits a second."""
    rows = []
    for subscribers, aim in ((1, 1_000_000), (10, None), (100, 100_000)):
        found = measure("bus", subscribers, rounds)
        name = f"bus, {subscribers} subscriber{'s' if subscribers > 1 else ''}"
        rows.append(Row(name, found["emits_per_s"], "emits/s", aim, found["turn_ns"] / 1000, at_least=True))
    return rows


def rows_of_million(size: int) -> list[Row]:
    """One run of a graph of a million nodes: the engine alone, and as a workflow."""
    rows = []
    for what in ("engine", "flow"):
        for shape in ("chain", "fan"):
            found = measure("million", what, shape, size)
            name = f"{size:,} nodes, {shape}, " + ("engine alone" if what == "engine" else "as a workflow")
            rows.append(Row(f"{name}, the run", found["run_s"], "s", 10))
            rows.append(Row(f"{name}, before it (building, compiling)", found["build_s"], "s", None))
            rows.append(Row(f"{name}, most memory of the process", found["peak_mb"], "MB", 250))
    return rows


@click.command(epilog="Example: taskset -c 0 python -m benchmarks.flow --million --keep")
@click.option("--size", default=10_000, show_default=True, help="Nodes of a workflow.")
@click.option("--rounds", default=9, show_default=True, help="The best of so many counts.")
@click.option("--million", is_flag=True, help="Also graphs of 1,000,000 nodes (a minute, 250 MB).")
@click.option("--keep", "kept", is_flag=True, help="Write the table to benchmarks/results.")
def main(size: int, rounds: int, million: bool, kept: bool) -> None:
    """Print the figures of the workflow engine, and what it takes to beat the aims."""
    if not has_prefect():
        click.echo("Prefect is not installed in benchmarks/.peers: it is left out (make bench-flow installs it).")
    rows = [*rows_of_shape("chain", size, rounds), *rows_of_shape("fan", size, rounds)]
    rows += [*rows_of_start(size, rounds), *rows_of_bus(rounds)]
    if million:
        rows += rows_of_million(1_000_000)
    click.echo(table(rows))
    if kept:
        click.echo(f"written: {keep(rows, size, rounds)}")


if __name__ == "__main__":
    main()
