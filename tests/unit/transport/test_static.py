"""The connector's URL follows its content."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from livets.transport.static import Connector


def test_the_url_changes_with_the_content_in_development_only(tmp_path: Path) -> None:
    path = tmp_path / "connector.js"
    path.write_text("one")
    fixed, developing = Connector(tmp_path), Connector(tmp_path, dev=True)
    first = fixed.url()
    assert first == developing.url()
    path.write_text("two")
    os.utime(path, ns=(1, 1))
    assert fixed.url() == first
    assert developing.url() != first


def test_a_connector_that_was_not_built_says_so_in_the_console(tmp_path: Path) -> None:
    connector = Connector(tmp_path)
    assert connector.url().startswith("/livets/connector-")
    assert b"make connector" in connector._plain["connector"]


async def test_the_other_half_is_of_the_same_build_or_not_at_all(tmp_path: Path) -> None:
    for name in ("connector", "connector-json", "mend"):
        (tmp_path / f"{name}.js").write_text(name)
    connector = Connector(tmp_path, json=True)

    async def get(path: str) -> tuple[int, bytes]:
        messages = []

        async def send(message: Any) -> None:
            messages.append(message)

        await connector({"type": "http", "path": path, "headers": []}, send, send)  # type: ignore[arg-type]
        return messages[0]["status"], messages[1]["body"]

    assert await get(connector.url()) == (200, b"connector-json")
    assert await get(connector.url().replace("connector-", "mend-")) == (200, b"mend")
    assert (await get("/livets/mend-0000000000000000.js"))[0] == 404
    assert (await get("/livets/connector-0000000000000000.js"))[0] == 200
