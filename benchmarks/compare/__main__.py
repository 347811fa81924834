"""`python -m benchmarks.compare`: the benchmark page side by side, in one run."""

from __future__ import annotations

import os
import shutil
import time
import timeit

import click
from playwright.sync_api import sync_playwright

from benchmarks.bench_rows import build
from benchmarks.compare import report
from benchmarks.compare.measuring import Bench, Figures
from benchmarks.compare.morph_app import BODY
from benchmarks.compare.operations import OPERATIONS
from benchmarks.compare.servers import commands, running

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


@click.command(epilog="Example: python -m benchmarks.compare --repeats 15 --rows 1000")
@click.option("--repeats", default=15, show_default=True, type=click.IntRange(3), help="Readings for each figure.")
@click.option("--rows", "sizes", multiple=True, type=int, default=(10, 1_000, 10_000), show_default=True)
@click.option("--only", multiple=True, help="Names of operations; all if none is given.")
@click.option("--keep/--no-keep", default=True, help="Write the results to benchmarks/results.")
def main(repeats: int, sizes: tuple[int, ...], only: tuple[str, ...], keep: bool) -> None:
    """Measure livets, hand-written code and full HTML that is morphed on the page of the benchmark."""
    chromium = os.environ.get("LIVETS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    results: report.Results = {}
    renders = {rows: render_ms(rows) for rows in sizes}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        for name in commands():
            results[name] = {}
            with running(name) as server:
                bench = Bench(browser, server)
                for rows in sizes:  # all operations on the same rows: they take long to make where HTML is morphed
                    for operation in OPERATIONS:
                        if rows in operation.rows and (not only or operation.name in only):
                            figures: Figures = bench.measure(operation, rows, repeats)
                            results[name][f"{operation.name} {rows}"] = figures
                            click.echo(f"{name}: {operation.name} {rows}: {figures}", err=True)
                bench.close()
        browser.close()
    click.echo(report.table(results, renders))
    if keep:
        click.echo(f"written: {report.write(results, renders, repeats)}", err=True)


def render_ms(rows: int) -> float:
    """What plain Jinja2 needs for the page, best of seven: the yardstick of what servers did before."""
    items, _ = build(rows, 1, 42)

    def render() -> None:
        BODY.render(count=1, shared=1, echo="", selected=2, rows=items)

    return min(timeit.repeat(render, timer=time.process_time, number=1, repeat=7)) * 1000


if __name__ == "__main__":
    main()
