"""What `livets new` makes: its tests pass, `livets check` is content, and it is served."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import httpx
import pytest

from livets.cli.new import SCAFFOLDS
from tests.support.command import ROOT, Command


def plugin() -> list[str]:
    """The testing kit's plugin: pytest finds it by itself where livets is installed, else it has to be named."""
    installed = metadata.entry_points(group="pytest11", name="livets")
    return [] if installed else ["-p", "livets.testing.plugin"]


@pytest.mark.parametrize("template", SCAFFOLDS)
def test_it_runs_and_its_tests_pass(tmp_path: Path, template: str) -> None:
    with Command("new", "shop", "--template", template, folder=tmp_path) as new:
        assert new.wait() == 0, new.output
    shop = tmp_path / "shop"
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "ignore", "-p", "no:cacheprovider", *plugin()],
        cwd=shop, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "LIVETS_STATE_DIR": str(tmp_path / "state")},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert tests.returncode == 0, tests.stdout + tests.stderr
    assert " passed" in tests.stdout
    with Command("check", folder=shop) as check:
        assert check.wait() == 0, check.output
    with Command("run", "--port", "0", folder=shop) as run:
        page = httpx.get(run.url + "/")
        assert page.status_code == 200
        assert "Shop" in page.text
        assert httpx.get(run.url + "/static/style.css").status_code == 200
