"""How long `import livets` takes, beside importing what it stands on.

    python -m benchmarks.micro.import_time [--runs 10]

Method: each import in a fresh interpreter, alternating, bytecode cached in a temporary directory and warmed by one
run; the minimum of all runs, which is what the machine can do when nothing disturbs it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click

GROUND = "starlette.applications, starlette.routing, starlette.websockets, uvicorn"
ROOT = Path(__file__).parents[2]


def import_ms(modules: str, cache: str) -> float:
    """Milliseconds for `import modules` in an interpreter of its own."""
    code = f"import time; start = time.perf_counter(); import {modules}; print(time.perf_counter() - start)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = cache
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env=environment
    )
    return float(run.stdout) * 1000


@click.command(epilog="Example: python -m benchmarks.micro.import_time --runs 20")
@click.option("--runs", default=10, show_default=True, help="Fresh interpreters for each.")
def main(runs: int) -> None:
    """Print both times and their ratio."""
    with tempfile.TemporaryDirectory() as cache:
        for modules in (GROUND, "livets"):
            import_ms(modules, cache)
        times = [(import_ms(GROUND, cache), import_ms("livets", cache)) for _ in range(runs)]
    ground, ours = (min(column) for column in zip(*times, strict=True))
    click.echo(f"starlette and uvicorn {ground:.0f} ms, livets {ours:.0f} ms: {ours / ground:.2f}x (best of {runs})")


if __name__ == "__main__":
    main()
