"""Without the packages of an extra everything else works, and what needs them says which `pip install` brings them."""

from __future__ import annotations

import sys

import pytest
from click.testing import CliRunner

from livets.cli import main
from livets.engine.errors import EngineError, MissingExtra
from livets.flow import Flow, FlowRuntime
from livets.flow.files import from_yaml
from livets.flow.nodes.json_query import compiled

PIP = r"pip install 'livets\[flow\]'"


async def test_nodes_name_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("httpx", "httpcore", "jmespath", "cronsim", "yaml"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "livets.flow.http", raising=False)
    compiled.cache_clear()
    for type, config in (
        ("http.request", {"url": "https://example.com"}),
        ("transform.query", {"expression": "a"}),
        ("trigger.schedule", {"cron": "* * * * *"}),
    ):
        flow = Flow("needs")
        flow.add(type, id="n", config=config, **({"value": 1} if type == "transform.query" else {}))
        async with FlowRuntime() as runtime:
            with pytest.raises(EngineError, match=PIP):
                await runtime.run(flow)
    with pytest.raises(MissingExtra, match=PIP):
        from_yaml("id: x")


def test_the_command_line_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    result = CliRunner().invoke(main, ["flow", "run", "-", "--memory"], input="id: x\n")
    assert result.exit_code == 1
    assert "pip install 'livets[flow]'" in result.stderr
