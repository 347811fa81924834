"""The examples in one real worker, with files of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.workers import Workers


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[str]:
    """URL of `examples.demo`, freshly started: memory only, no service."""
    env = {
        "TODO_DB": str(tmp_path / "todo.db"),
        "CHAT_DB": str(tmp_path / "chat.db"),
        "FLOW_FOLDER": str(tmp_path / "flow"),
        "FLOW_PACE_S": "0.2",
        "LIVETS_DEV": "1",
        "LIVETS_REDIS_URL": "",
    }
    with Workers("examples.demo:app", 1, env=env) as workers:
        yield f"http://127.0.0.1:{workers.ports[0]}"
        assert "Traceback" not in workers.log(0), workers.log(0)
