"""The examples of one page of the docs as an application.

    LIVETS_AUDIT_PAGE=docs/guide.md livets run scripts.audit.handbook:app

The page's blocks run in one namespace, as in `tests/unit/test_docs.py`; `app` is the last application that they make.
"""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path
from typing import Any

from tests.unit.test_docs import ROOT, blocks, files

PAGE = "LIVETS_AUDIT_PAGE"
PAGES = ("README.md", "docs/guide.md", "docs/directives.md", "docs/tutorial.md", "docs/testing_apps.md")
"""Those whose examples show something to people."""


def run(page: str) -> types.ModuleType:
    """Run a page's blocks in the current folder; returns their namespace."""
    module = types.ModuleType("docs_example")
    sys.modules["docs_example"] = module
    for name, text in files(ROOT / page):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    for line, source in blocks(ROOT / page):
        exec(compile("\n" * line + source, page, "exec"), module.__dict__)
    return module


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(name)
    return run(os.environ[PAGE]).app
