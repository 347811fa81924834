"""The host's secret file: made once, private, or refused."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from livets.errors import ConfigError
from livets.state import host_secret


def test_made_once_and_private(tmp_path: Path) -> None:
    first = host_secret(tmp_path / "deep" / "er")
    path = tmp_path / "deep" / "er" / "secret.key"
    assert host_secret(tmp_path / "deep" / "er") == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(first) >= 48
    assert os.listdir(path.parent) == ["secret.key"]


def test_workers_that_start_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: host_secret(tmp_path), range(64)))) == 1
    assert os.listdir(tmp_path) == ["secret.key"]


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    host_secret(tmp_path)
    (tmp_path / "secret.key").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        host_secret(tmp_path)


def test_a_link_is_refused(tmp_path: Path) -> None:
    host_secret(tmp_path / "real")
    (tmp_path / "secret.key").symlink_to(tmp_path / "real" / "secret.key")
    with pytest.raises(ConfigError):
        host_secret(tmp_path)


def test_a_place_that_cannot_be_written_is_an_error_that_teaches(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="LIVETS_SECRET_KEY"):
        host_secret(tmp_path / "file" / "below")
