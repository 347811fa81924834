"""Which files count for `livets dev`, and that a change of one is told once."""

from __future__ import annotations

import os
from pathlib import Path
from queue import SimpleQueue

import pytest

from livets.cli import watching
from livets.cli.watching import Watched, Watcher


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("main.py", True),
        ("shop/pages/list.py", True),
        ("pyproject.toml", True),
        ("templates/page.html", True),
        ("static/style.css", True),
        ("static/deep/logo.svg", True),
        ("README.md", False),
        ("shop.db", False),
        ("tests/test_shop.py", False),
        ("tests/conftest.py", False),
        (".venv/lib/x.py", False),
        ("node_modules/x/y.py", False),
        ("shop/__pycache__/x.py", False),
        (".main.py.swp", False),
        ("static/.style.css.swp", False),
        ("templates/page.html~", False),
    ],
)
def test_which_files_count(tmp_path: Path, path: str, wanted: bool) -> None:
    watched = Watched(tmp_path, [tmp_path / "templates", tmp_path / "static"])
    assert watched.wants(tmp_path / path) is wanted
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text("")
    assert (tmp_path / path in watched.times()) is wanted


def test_folders_elsewhere_are_watched_too(tmp_path: Path) -> None:
    root, other = tmp_path / "app", tmp_path / "shared"
    root.mkdir()
    other.mkdir()
    watched = Watched(root, [other, root / "templates"])
    assert watched.tops == [root, other]
    assert watched.wants(other / "anything.txt")
    assert not watched.wants(tmp_path / "main.py")


@pytest.fixture(params=["polling", "watchfiles"])
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of hearing of changes, without long waits."""
    monkeypatch.setattr(watching, "_POLL_S", 0.01)
    monkeypatch.setattr(watching, "_DEAF_MS", 50)
    monkeypatch.setattr(watching, "by_watchfiles", lambda: request.param == "watchfiles")


@pytest.mark.usefixtures("quick")
def test_edits_new_files_and_removals_are_told(tmp_path: Path) -> None:
    old = tmp_path / "old.py"
    old.write_text("a")
    told: SimpleQueue[frozenset[Path]] = SimpleQueue()
    watcher = Watcher(Watched(tmp_path), told.put)
    try:
        (tmp_path / ".saving").write_text("b")
        (tmp_path / ".saving").rename(tmp_path / "new.py")  # one moment, as editors save
        assert told.get(timeout=5) == {tmp_path / "new.py"}
        old.unlink()
        assert told.get(timeout=5) == {old}
        assert told.empty()
    finally:
        watcher.stop()


@pytest.mark.usefixtures("quick")
def test_a_watcher_tells_what_the_one_before_has_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main = tmp_path / "main.py"
    main.write_text("a")
    with monkeypatch.context() as deaf:
        deaf.setattr(Watcher, "_look", lambda self: None)
        before = Watcher(Watched(tmp_path), lambda paths: None)
        before.stop()
    os.utime(main, ns=(1, 1))  # saved, and not looked at yet
    told: SimpleQueue[frozenset[Path]] = SimpleQueue()
    after = Watcher(Watched(tmp_path), told.put, before)
    try:
        assert told.get(timeout=5) == {main}
    finally:
        after.stop()
