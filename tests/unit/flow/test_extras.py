"""Without the packages of an extra everything else works, and what needs them says which `pip install` brings them."""

from __future__ import annotations

import subprocess
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


def loaded_by(module: str) -> set[str]:
    """The top-level names of all that importing `module` loads, and those within livets in full."""
    code = f"import sys, {module}; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return {name if name.startswith("livets") else name.partition(".")[0] for name in out.split()}


def test_nobody_loads_what_they_may_not_need() -> None:
    assert not [name for name in loaded_by("livets.cli") if name.startswith(("livets.flow", "livets.engine"))]
    extras = {"httpx", "yaml", "jmespath", "cronsim", "redis", "websockets", "lmdb", "starlette", "jinja2"}
    assert not extras & loaded_by("livets.flow")
