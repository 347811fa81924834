"""`livets flow studio` says what is wrong before it serves anything."""

from __future__ import annotations

import os
from pathlib import Path

from click.testing import CliRunner

from livets.cli.flow import flow


def test_help_says_who_gets_in() -> None:
    answer = CliRunner().invoke(flow, ["studio", "--help"])
    assert answer.exit_code == 0
    for word in ("LIVETS_STUDIO_TOKEN", "localhost", "Examples:"):
        assert word in answer.output


def test_a_short_token_and_a_missing_workflow_are_refused(tmp_path: Path) -> None:
    short = CliRunner().invoke(flow, ["studio", "--folder", str(tmp_path / "a"), "--token", "short"])
    assert short.exit_code == 2
    assert "guessed" in short.output
    files = [os.readlink(file) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
    assert not [file for file in files if file.startswith(str(tmp_path))], "the journal is closed"
    missing = CliRunner().invoke(flow, ["studio", "--folder", str(tmp_path / "b"), "--workflow", "nowhere.json"])
    assert missing.exit_code != 0
    assert "nowhere.json" in missing.output
