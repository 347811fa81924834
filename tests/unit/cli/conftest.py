"""A project in a folder of its own, and the command line run in it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from livets.cli import main
from livets.live import LiveView


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder that commands run in; what they import from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIVETS_SECRET_KEY", "a secret of at least 32 characters")
    for name in ("LIVETS_REDIS_URL", "LIVETS_DEV", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    path, modules = list(sys.path), set(sys.modules)
    # views of other tests are subclasses of LiveView, too: `check` must see those of this project only
    monkeypatch.setattr(LiveView, "__subclasses__", list, raising=False)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        module = sys.modules[name]
        if str(tmp_path) in str(getattr(module, "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def livets(project: Path) -> Callable[..., Result]:
    """Runs `livets ARGUMENTS` in the project."""

    def run(*arguments: str, env: dict[str, str] | None = None) -> Result:
        return CliRunner().invoke(main, arguments, env=env, prog_name="livets")

    return run


COUNTER = '''
from livets import LiveTS, LiveView, event

class Counter(LiveView):
    count: int = 0

    @event
    async def add(self, by: int = 1) -> None:
        self.count += by

    template = """
    <b>{{ count }}</b>
    <button ts-on:click="add">+1</button>
    """

app = LiveTS(title="Counting")
app.live("/", Counter)
'''


@pytest.fixture
def counter(project: Path) -> Path:
    """A project with main.py."""
    (project / "main.py").write_text(COUNTER)
    return project
