"""`python -m benchmarks.compare`: the benchmark page side by side, in one run."""

from __future__ import annotations

import os
import shutil

import click
from playwright.sync_api import sync_playwright

from benchmarks.compare import report
from benchmarks.compare.measuring import Bench, Figures
from benchmarks.compare.operations import OPERATIONS
from benchmarks.compare.servers import commands, running

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


@click.command(epilog="Example: python -m benchmarks.compare --repeats 15 --rows 1000")
@click.option("--repeats", default=15, show_default=True, type=click.IntRange(3), help="Readings for each figure.")
@click.option("--rows", "sizes", multiple=True, type=int, default=(10, 1_000, 10_000), show_default=True)
@click.option("--only", multiple=True, help="Names of operations; all if none is given.")
@click.option("--keep/--no-keep", default=True, help="Write the results to benchmarks/results.")
def main(repeats: int, sizes: tuple[int, ...], only: tuple[str, ...], keep: bool) -> None:
    """Measure livets, hand-written code and full HTML with idiomorph on the page of the benchmark."""
    chromium = os.environ.get("LIVETS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    results: report.Results = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        for name in commands():
            results[name] = {}
            with running(name) as server:
                bench = Bench(browser, server)
                for operation in OPERATIONS:
                    for rows in operation.rows:
                        if rows in sizes and (not only or operation.name in only):
                            figures: Figures = bench.measure(operation, rows, repeats)
                            results[name][f"{operation.name} {rows}"] = figures
                            click.echo(f"{name}: {operation.name} {rows}: {figures}", err=True)
                bench.close()
        browser.close()
    click.echo(report.table(results))
    if keep:
        click.echo(f"written: {report.write(results, repeats)}", err=True)


if __name__ == "__main__":
    main()
