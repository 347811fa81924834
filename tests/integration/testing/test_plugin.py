"""The pytest plugin in a project of its own: without other plugins, with them, and in Chromium by one switch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
_MAIN = '''
from livets import LiveTS, LiveView, event

class Counter(LiveView):
    count: int = 0
    template = """<h1>{{ count }}</h1> <button ts-on:click="add">+1</button>
    <p class="styled">styled</p> <label>Name <input ts-model="name" required></label>"""
    name: str = ""

    @event
    async def add(self):
        self.count += 1

app = LiveTS("a secret of at least 32 characters!!")
app.live("/", Counter)
'''
_TESTS = """
import pytest
from livets.testing import NotPossible, TestingError

async def test_it_counts(livets_client):
    page = await livets_client.open("/")
    await page.find("button", text="+1").click()
    page.find("h1").has_text("1")
    assert page.state["count"] == 1
    await page.find(label="Name").type("Bo")
    assert page.state["name"] == page.find("input").value == "Bo"
    assert page.sent[-1].message.fields == {"name": "Bo"}
    assert page.patches[0].diff == [0, 1]

async def test_each_test_begins_anew(livets_client):
    page = await livets_client.open("/")
    with pytest.raises(TestingError, match="it has '0'"):
        page.find("h1").has_text("1")

def test_without_livets():
    pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(_MAIN)
    (tmp_path / "test_main.py").write_text(_TESTS)
    (tmp_path / "pyproject.toml").write_text('[tool.livets]\napp = "main:app"\n')
    return tmp_path


def run(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """pytest with the plugins that are named and no others, as in a fresh virtual environment."""
    path = os.pathsep.join(filter(None, [environment.pop("PYTHONPATH", ""), str(ROOT)]))
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": path, **environment}
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "-p", "livets.testing.plugin", *arguments], cwd=project, env=env, capture_output=True, text=True,
        timeout=100, check=False,
    )  # fmt: skip


ASYNCIO = ("-p", "pytest_asyncio.plugin", "-o", "asyncio_default_fixture_loop_scope=function")


@pytest.mark.parametrize(
    "others",
    [(), ASYNCIO, (*ASYNCIO, "--asyncio-mode=auto"), ("-p", "anyio.pytest_plugin")],
    ids=["bare", "strict", "auto", "anyio"],
)
def test_it_needs_no_other_plugin_and_minds_none(project: Path, others: tuple[str, ...]) -> None:
    answer = run(project, *others)
    assert "3 passed" in answer.stdout, answer.stdout + answer.stderr


def test_anyio_runs_its_own_tests(project: Path) -> None:
    (project / "conftest.py").write_text(
        "import pytest\n\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n"
    )
    source = _TESTS.replace("async def test", "@pytest.mark.anyio\nasync def test")
    (project / "test_main.py").write_text(source)
    answer = run(project, "-p", "anyio.pytest_plugin")
    assert "3 passed" in answer.stdout, answer.stdout + answer.stderr


def test_a_project_without_an_application_is_told_how_to_name_one(project: Path) -> None:
    (project / "pyproject.toml").write_text("")
    answer = run(project)
    assert "livets_app = main:app" in answer.stdout
    assert "2 failed, 1 passed" in answer.stdout


def test_an_error_that_nobody_was_told_fails_the_test_at_its_end(project: Path) -> None:
    (project / "test_main.py").write_text(
        "async def test_it(livets_client):\n    page = await livets_client.open('/')\n    page.find('button').click()\n"
    )
    answer = run(project)
    assert "was not awaited" in answer.stdout
    assert "1 failed" in answer.stdout


@pytest.mark.browser
def test_the_same_tests_in_chromium(project: Path) -> None:
    answer = run(project, "--livets-browser")
    assert "3 passed" in answer.stdout, answer.stdout + answer.stderr


def test_what_is_missing_for_chromium_is_named(project: Path, tmp_path: Path) -> None:
    (tmp_path / "playwright.py").write_text("raise ImportError('not installed')")
    answer = run(project, "--livets-browser", PYTHONPATH=str(tmp_path))
    assert "pip install playwright" in answer.stdout
    (tmp_path / "playwright.py").unlink()
    answer = run(project, "--livets-browser", LIVETS_CHROMIUM="/nowhere/chromium")
    assert "LIVETS_CHROMIUM" in answer.stdout


@pytest.mark.nightly
@pytest.mark.browser
@pytest.mark.timeout(400)
def test_the_kits_own_tests_hold_in_chromium() -> None:
    """The model does what the browser does: every test of it passes there, too."""
    files = [f"tests/unit/testing/test_{name}.py" for name in ("pages", "directives")]
    command = [sys.executable, "-m", "pytest", "-q", *files, "--livets-browser"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=380, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
