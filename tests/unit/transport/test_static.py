"""The connector's URL follows its content."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from livets.transport.static import Connector


async def get(connector: Connector, path: str) -> tuple[int, bytes, dict[bytes, bytes]]:
    messages = []

    async def send(message: Any) -> None:
        messages.append(message)

    await connector({"type": "http", "path": path, "headers": []}, send, send)  # type: ignore[arg-type]
    return messages[0]["status"], messages[1]["body"], dict(messages[0]["headers"])


def test_the_url_changes_with_the_content_in_development_only(tmp_path: Path) -> None:
    path = tmp_path / "connector.js"
    path.write_text("one")
    fixed, developing = Connector(tmp_path), Connector(tmp_path, dev=True)
    first = fixed.url()
    assert first == developing.url()
    path.write_text("two")
    os.utime(path, ns=(1, 1))
    assert fixed.url() == first
    second = developing.url()
    assert second != first
    (tmp_path / "late.js").write_text("late")
    assert developing.url() != second


async def test_a_connector_that_was_not_built_says_so_in_the_console(tmp_path: Path) -> None:
    connector = Connector(tmp_path)
    assert connector.url().startswith("/livets/connector-")
    assert b"make connector" in (await get(connector, connector.url()))[1]


async def test_modules_and_styles_are_of_the_same_build_or_not_at_all(tmp_path: Path) -> None:
    for name in ("connector.js", "connector-json.js", "edits.js", "livets.css", "notes.txt"):
        (tmp_path / name).write_text(name)
    connector = Connector(tmp_path, json=True)

    assert (await get(connector, connector.url()))[:2] == (200, b"connector-json.js")
    assert connector.url("edits.js") == connector.url().replace("connector-", "edits-")
    assert (await get(connector, connector.url("edits.js")))[:2] == (200, b"edits.js")
    status, body, headers = await get(connector, connector.url("livets.css"))
    assert (status, body) == (200, b"livets.css")
    assert headers[b"content-type"].startswith(b"text/css")
    assert b"immutable" in headers[b"cache-control"]
    for missing in ("notes.txt", "connector-json.js", "none.js"):
        assert (await get(connector, connector.url(missing)))[0] == 404
    assert (await get(connector, "/livets/edits-0000000000000000.js"))[0] == 404
    assert (await get(connector, "/livets/edits.js"))[0] == 404
    status, body, headers = await get(connector, "/livets/connector-0000000000000000.js")
    assert (status, body) == (200, b"connector-json.js")
    assert b"immutable" not in headers[b"cache-control"]
