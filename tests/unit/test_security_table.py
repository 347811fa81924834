"""docs/security.md names tests that exist, and every number that issue 3 promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = re.findall(r"^\| (T\d\d) \|.*`([\w/.]+)::(\w+)` \|$", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE)
PROMISED = [*range(1, 4), *range(8, 14), *range(19, 23), *range(25, 29), 30]


@pytest.mark.parametrize(("number", "file", "name"), ROWS)
def test_the_named_test_exists(number: str, file: str, name: str) -> None:
    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE)


def test_no_promised_number_is_missing() -> None:
    assert {f"T{number:02}" for number in PROMISED} <= {number for number, _, _ in ROWS}
