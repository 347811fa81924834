"""What the project promises of itself: few dependencies, none with known holes, a light import, short files."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from scripts.mutants import MUTANTS

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

# The first versions without the holes that security research found (docs/adr/0001-dependencies.md).
SAFE_SINCE = {
    "starlette": (1, 3, 1),
    "uvicorn": (0, 52, 1),
    "python-multipart": (0, 0, 31),
    "jinja2": (3, 1, 6),
    "h11": (0, 16),
    "redis": (5,),
    "websockets": (13,),
}


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def locked() -> dict[str, tuple[int, ...]]:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = (re.match(r"([a-z0-9-]+)==([0-9.]+)", line) for line in lines)
    return {pin[1]: version(pin[2]) for pin in pins if pin}


def test_minimum_versions_are_free_of_known_holes() -> None:
    floors = {
        m[1]: version(m[2]) for m in (re.fullmatch(r"([a-z0-9-]+)>=([0-9.]+)", d) for d in PROJECT["dependencies"]) if m
    }
    assert len(floors) == len(PROJECT["dependencies"])
    for name, safe in SAFE_SINCE.items():
        assert floors.get(name, safe) >= safe, name
        assert locked()[name] >= safe, name


def test_a_bare_environment_has_at_most_19_packages() -> None:
    optional = {"uvloop", "httptools"}  # the extra livets[fast]
    assert len(locked().keys() - optional) + 1 <= 19  # + livets itself


def test_lock_files_name_no_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert "://" not in (ROOT / name).read_text()


@pytest.mark.parametrize("folder", ["livets", "connector/src", "tests", "examples", "benchmarks", "scripts"])
def test_no_file_grows_past_600_lines(folder: str) -> None:
    files = [f for f in (ROOT / folder).rglob("*") if f.suffix in {".py", ".js"} and "node_modules" not in f.parts]
    assert {str(f.relative_to(ROOT)): n for f in files if (n := len(f.read_text().splitlines())) > 600} == {}


def test_every_mutant_can_still_be_planted() -> None:
    assert {m.name for m in MUTANTS if (ROOT / m.file).read_text().count(m.old) != 1} == set()
