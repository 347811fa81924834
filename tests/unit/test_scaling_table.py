"""Each promise of docs/scaling.md names its test, and the test is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def rows() -> list[str]:
    """Of the table of failures, without its head."""
    text = (ROOT / "docs/scaling.md").read_text()
    table = text.partition("## What is promised at each failure\n")[2].partition("\n\n")[0]
    return table.splitlines()[2:]


def test_every_promise_names_a_test_that_is_there() -> None:
    assert len(rows()) > 25
    for row in rows():
        named = _NAMED.findall(row.rpartition(" | ")[2])
        assert named, f"no test is named: {row}"
        for path, name in named:
            source = (ROOT / path).read_text()
            assert not name or re.search(rf"^(?:async )?def {name}\(", source, re.MULTILINE), f"{path} has no {name}"
