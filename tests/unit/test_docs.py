"""The Python in the docs runs: each file's blocks, one after the other, in one namespace; then the tests in them."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import sys
import types
from pathlib import Path

import pytest

from livets.flow import FlowRuntime
from livets.testing import client

ROOT = Path(__file__).parents[2]
DOCS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(path: Path) -> list[tuple[int, str]]:
    text = path.read_text()
    return [(text[: m.start()].count("\n") + 1, m[1]) for m in re.finditer(r"^```python\n(.*?)^```", text, re.S | re.M)]


def files(path: Path) -> list[tuple[str, str]]:
    """Blocks that are to be saved: "Save this as `templates/todo.html`:" and what follows."""
    found = re.finditer(
        r"ave\s+this\s+as\s+`([\w./-]+\.(?:html|css))`:\n\n^```\w+\n(.*?)^```", path.read_text(), re.S | re.M
    )
    return [(m[1], m[2]) for m in found]


@pytest.mark.parametrize("path", [p for p in DOCS if blocks(p)], ids=lambda p: str(p.relative_to(ROOT)))
def test_the_blocks_run(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in files(path):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    module = types.ModuleType("docs_example")
    monkeypatch.setitem(sys.modules, "docs_example", module)
    for line, source in blocks(path):
        exec(compile("\n" * line + source, str(path), "exec"), module.__dict__)
    asyncio.run(run_tests_of(module))
    for thing in vars(module).values():  # an application of one's own lives as long as its process
        if isinstance(thing, sqlite3.Connection):
            thing.close()
        elif isinstance(thing, FlowRuntime):
            asyncio.run(thing.close())


async def run_tests_of(module: types.ModuleType) -> None:
    """The functions `test_...(livets_client)` of the blocks, against their `app`."""
    for name, test in list(vars(module).items()):
        if name.startswith("test_"):
            async with client(module.app) as livets_client:
                await test(livets_client)


@pytest.mark.parametrize("path", DOCS, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


TEMPLATES = {"livets/layout.html"}
"""Names of templates of the library, which look like paths."""


@pytest.mark.parametrize("path", DOCS, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_files_that_the_docs_name_exist(path: Path) -> None:
    named = re.findall(
        r"`((?:livets|connector|tests|examples|benchmarks|scripts|docs)/[\w./-]+)`",
        path.read_text(),
    )
    assert named or path.name != "ARCHITECTURE.md"
    assert [name for name in named if name not in TEMPLATES and not (ROOT / name).exists()] == []
