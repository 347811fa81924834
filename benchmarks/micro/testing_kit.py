"""What a test of a view costs, as pytest sees it, beside empty tests.

    python -m benchmarks.micro.testing_kit [--tests 500] [--rounds 5]

Method: files of so many generated tests, each run by a pytest of its own, in turn; and files of a tenth of them. A test
of a page opens it with `livets_client`, clicks, and looks at element and state; every page shows something else than
the one before. An empty test is async, has a fixture of the same scope, and does nothing; beside it stands one that is
not async: their difference is pytest-asyncio's, which every async test pays. CPU time of the whole run, the best of the
rounds. "all in" is the difference to empty async tests by the number of tests, start of the run included; "each" is
what one test more costs (the large file less the small one), "once" what is paid once a run: imports, the first
compilation of templates, the first use of cryptography. Checks of every patch against a fresh render are part of all;
"development" is an application with the checks of `livets dev` on top.
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
_SYNC = """
def test_{n}(nothing):
    assert nothing is None
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
_FILES = {"sync": (_SYNC, True), "empty": (_EMPTY, True), "production": (_TEST, False), "development": (_TEST, True)}


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
    sizes = (tests, tests // 10)
    best = {(name, size): float("inf") for name in _FILES for size in sizes}
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        for name, size in best:
            test, dev = _FILES[name]
            body = "".join([test.format(n=number, after=number + 1) for number in range(size)])
            (folder / f"test_{name}_{size}.py").write_text(_VIEWS.replace("DEV", repr(dev)) + body)
            run(folder, f"{name}_{size}")  # what it compiles is kept
        for _ in range(rounds):
            for name, size in best:
                best[name, size] = min(best[name, size], run(folder, f"{name}_{size}"))
    show(best, *sizes)


def show(best: dict[tuple[str, int], float], many: int, few: int) -> None:
    """The table."""
    each_s = {name: (best[name, many] - best[name, few]) / (many - few) for name in _FILES}
    once_s = {name: best[name, few] - few * each_s[name] for name in _FILES}
    print(f"{'':<34} {'all in':>8} {'each':>8} {'once':>8}  ms")
    for name in ("sync", "empty"):
        words = "an empty test" if name == "sync" else "an empty async test"
        print(f"{words:<34} {_ms(best[name, many] / many)} {_ms(each_s[name])} {_ms(once_s[name])}")
    for name in ("production", "development"):
        all_s = (best[name, many] - best["empty", many]) / many
        more = f"{_ms(all_s)} {_ms(each_s[name] - each_s['empty'])} {_ms(once_s[name] - once_s['empty'])}"
        print(f"{f'{name}, more than empty async':<34} {more}")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:8.2f}"


if __name__ == "__main__":
    main()
