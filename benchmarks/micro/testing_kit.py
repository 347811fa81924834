"""What a test of a view costs, as pytest sees it, beside an empty test.

    python -m benchmarks.micro.testing_kit [--tests 500] [--rounds 5]

Method: two files of so many generated tests, each run by a pytest of its own, in turn. A test of the first file opens a
page of an application with `livets_client`, clicks, and looks at element and state; every page shows something else
than the one before. A test of the other file is async, has a fixture of the same scope, and does nothing. CPU time of
the whole run, the best of the rounds; their difference by the number of tests is what the kit costs, checks of every
patch against a fresh render included. "development" is an application with the checks of `livets dev` on top.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import click

_VIEWS = """
import pytest
from livets import LiveTS, LiveView, event

class Counter(LiveView):
    count: int = 0

    def mount(self, start: int) -> None:
        self.count = start

    @event
    async def add(self) -> None:
        self.count += 1

    template = '<h1>{{ count }}</h1><button ts-on:click="add">+1</button>'

app = LiveTS(secret_key="a secret of at least 32 characters", dev=DEV)
app.live("/{start:int}", Counter)

@pytest.fixture
def livets_app():
    return app

@pytest.fixture
def nothing():
    yield
"""
_EMPTY = """
async def test_{n}(nothing):
    assert nothing is None
"""
_TEST = """
async def test_{n}(livets_client):
    page = await livets_client.open("/{n}")
    await page.find("button").click()
    page.find("h1").has_text("{after}")
    assert page.state["count"] == {after}
"""
_FILES = {"empty": (_EMPTY, True), "production": (_TEST, False), "development": (_TEST, True)}


def run(folder: Path, name: str) -> float:
    """CPU seconds of a pytest for one file."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    options = ["-q", "-p", "no:randomly", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    options += ["-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"]
    subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(folder / f"test_{name}.py")],
        check=True, stdout=subprocess.DEVNULL, cwd=folder, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@click.command()
@click.option("--tests", default=500, show_default=True)
@click.option("--rounds", default=5, show_default=True)
def main(tests: int, rounds: int) -> None:
    """Print milliseconds a test."""
    best = dict.fromkeys(_FILES, float("inf"))
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        for name, (test, dev) in _FILES.items():
            body = "".join([test.format(n=number, after=number + 1) for number in range(tests)])
            (folder / f"test_{name}.py").write_text(_VIEWS.replace("DEV", repr(dev)) + body)
            run(folder, name)  # what it compiles is kept
        for _ in range(rounds):
            for name in _FILES:
                best[name] = min(best[name], run(folder, name))
    empty = best["empty"] / tests * 1000
    print(f"an empty test          {empty:.2f} ms")
    for name in ("production", "development"):
        more = (best[name] - best["empty"]) / tests * 1000
        print(f"{name:<22} {more:.2f} ms more a test, {more / empty:.2f} of an empty one")


if __name__ == "__main__":
    main()
