"""The page on import names what the tables have; the command writes, tells, and its exit code says what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from livets.cli import main
from livets.flow.files import read_workflow
from livets.flow.importing import n8n_ways, nodered_nodes

PAGE = Path(__file__).parents[4] / "docs/flow/import.md"
START = {"name": "Go", "type": "n8n-nodes-base.manualTrigger", "parameters": {}}


def test_the_page_has_every_row_of_the_tables() -> None:
    page = PAGE.read_text()
    for became in (n8n_ways.TABLE.items(), nodered_nodes.TABLE.items()):
        assert "\n".join(f"| `{kind}` | {ours} |" for kind, (_, ours) in became) in page


def test_the_command_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.json").write_text(json.dumps({"nodes": [START], "connections": {}}))
    good = CliRunner().invoke(main, ["flow", "import", "good.json", "-o", "flow.json"])
    assert (good.exit_code, "1 nodes the same, 0 with a difference" in good.stderr) == (0, True)
    assert read_workflow("flow.json").id == "good"
    mqtt = [{"id": "a", "type": "mqtt in", "name": "Broker", "x": 1, "wires": [[]]}]
    Path("flows.json").write_text(json.dumps(mqtt))
    lacking = CliRunner().invoke(main, ["flow", "import", "flows.json"])
    assert (lacking.exit_code, "Broker (mqtt in): this node has no equivalent" in lacking.stderr) == (4, True)
    told = json.loads(CliRunner().invoke(main, ["flow", "import", "flows.json", "--json"]).stderr)
    assert (told["complete"], told["counts"]["unmapped"], told["entries"][0]["name"]) == (False, 1, "Broker")
