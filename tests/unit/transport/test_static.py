"""The connector's URL follows its content."""

from __future__ import annotations

import os
from pathlib import Path

from livets.transport.static import Connector


def test_the_url_changes_with_the_content_in_development_only(tmp_path: Path) -> None:
    path = tmp_path / "connector.js"
    path.write_text("one")
    fixed, developing = Connector(path), Connector(path, dev=True)
    first = fixed.url()
    assert first == developing.url()
    path.write_text("two")
    os.utime(path, ns=(1, 1))
    assert fixed.url() == first
    assert developing.url() != first


def test_a_connector_that_was_not_built_says_so_in_the_console(tmp_path: Path) -> None:
    connector = Connector(tmp_path / "connector.js")
    assert connector.url().startswith("/livets/connector-")
    assert b"make connector" in connector._plain
