"""`livets flow serve`: what it refuses before it serves anything, and with which exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from livets.api.flow.serving import alone
from livets.cli import main
from livets.cli.flow.serve import TOKEN_VARIABLE

OWN = "a-token-of-ones-own-for-tests"


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "says"),
    [
        (["bad.json"], {}, 2, "no.such"),
        (["missing.json"], {}, 2, "missing.json"),
        (["--allowed-origin", "app.example"], {}, 2, "as browsers send it"),
        (["--allowed-origin", "https://app.example/"], {}, 2, "no slash"),
        (["--new-token"], {TOKEN_VARIABLE: OWN}, 2, "is the token"),
        ([], {TOKEN_VARIABLE: "short"}, 1, "at least 24"),
        (["--host", "256.0.0.1"], {TOKEN_VARIABLE: OWN}, 1, "can't listen"),
    ],
)
def test_wrong_calls(
    arguments: list[str],
    environment: dict[str, str],
    code: int,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    Path("bad.json").write_text('{"schema_version": 1, "id": "bad", "nodes": [{"id": "a", "type": "no.such"}]}')
    result = CliRunner().invoke(main, ["flow", "serve", "--port", "0", *arguments], env=environment)
    assert (result.exit_code, says in result.stderr) == (code, True), result.stderr


def test_a_second_server_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with alone(tmp_path):
        result = CliRunner().invoke(main, ["flow", "serve", "--folder", str(tmp_path)])
    assert result.exit_code == 1
    assert "another server serves" in result.stderr
    with alone(tmp_path):
        pass


def test_help_has_examples() -> None:
    result = CliRunner().invoke(main, ["flow", "serve", "--help"])
    assert result.exit_code == 0
    assert "curl -H" in result.stdout
    assert "Exit codes" in result.stdout
