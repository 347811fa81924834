"""The file by which one process of `livets dev` hands its views to the next."""

from __future__ import annotations

import asyncio
import logging
import stat
from pathlib import Path

import pytest

from livets import LiveTS, LiveView
from livets.cli import handover
from livets.state import MemoryStore, Record
from livets.testing import client


def application() -> LiveTS:
    return LiveTS(secret_key="a secret of at least 32 characters")


def store(app: LiveTS) -> MemoryStore:
    assert isinstance(app.store, MemoryStore)
    return app.store


def test_the_next_process_has_every_view(tmp_path: Path) -> None:
    before, after, path = [application(), application()], [application(), application()], tmp_path / "views"
    record = Record(b"meta", {"count": b"\x01"}, {"rows": [b"a", b"b"]}, 7, b"system", {3: b"effect"}, b"secret")
    asyncio.run(store(before[1]).create("view", record))
    handover.write(path, before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    handover.read(path, after)
    assert list(store(after[0]).records()) == []
    assert list(store(after[1]).records()) == [("view", 1, record)]
    claim = asyncio.run(store(after[1]).claim("view", None))
    assert claim is not None
    assert claim.record == record


def test_nothing_to_take_over(tmp_path: Path) -> None:
    app = application()
    handover.read(tmp_path / "none", [app])
    assert len(store(app)) == 0


def test_a_file_that_is_broken_is_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, app = tmp_path / "views", application()
    path.write_bytes(b"\x93rubbish")
    with caplog.at_level(logging.WARNING):
        handover.read(path, [app])
    assert len(store(app)) == 0
    assert "pages begin anew" in caplog.text


def showing(view: type[LiveView]) -> LiveTS:
    app = application()
    app.live("/", view)
    return app


async def test_a_view_whose_mount_was_edited_begins_anew(tmp_path: Path) -> None:
    class Edited(LiveView):
        kinds: list[str] = []
        template = "{{ kinds }}"

        def mount(self) -> None:
            self.kinds = [kind for kind in ("a", "b") if kind in {"a", "b"}]

    before = Edited

    class Same(LiveView):
        template = "saved again, a line further down"

        def mount(self) -> None:

            self.kinds = [kind for kind in ("a", "b") if kind in {"a", "b"}]

    class Other(LiveView):
        template = "x"

        def mount(self) -> None:
            self.kinds = [kind for kind in ("a", "b") if kind in {"a", "c"}]

    app, path = showing(before), tmp_path / "views"
    async with client(app) as person:
        await person.open("/")
        await app.worker.stop()
        handover.write(path, [app])
    for view, kept in ((Same, 1), (Other, 0)):
        after = showing(view)
        handover.read(path, [after])
        assert len(store(after)) == kept, view
