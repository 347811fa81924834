"""The committed file is built from the committed sources and fits its budget."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_built_file_is_current_and_small():
    check = subprocess.run(
        [sys.executable, ROOT / "connector" / "check.py"], capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stderr
