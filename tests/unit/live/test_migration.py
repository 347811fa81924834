from __future__ import annotations

import msgspec
import pytest

from livets import KeyedList, LiveView, event
from livets.errors import FieldError, SnapshotNewer
from tests.unit.live.fakes import DurableStore, Stage, send


class Row(msgspec.Struct):
    id: int
    label: str = ""


class Old(LiveView):
    count: int = 0
    rows: KeyedList[Row] = KeyedList()
    note: str = ""
    template = "{{ count }}{{ rows|length }}"

    def mount(self) -> None:
        self.subscribe("news", self.hear)

    def hear(self) -> None:
        """Nothing."""

    @event
    async def add(self, key: int) -> None:
        self.count += 1
        self.rows.append(Row(key, "x" * key))

    @event
    async def write(self, length: int) -> None:
        self.count += 1
        self.note = "x" * length


class New(LiveView):
    clicks: int = 0
    labels: dict[int, str] = {}
    note: str = "new"
    template = "{{ clicks }}"

    def migrate(self, old: dict[str, object]) -> None:
        self.clicks = old["count"]  # type: ignore[assignment]
        self.labels = {row["id"]: row["label"] for row in old["rows"]}  # type: ignore[attr-defined]


async def stored(**changes: object) -> Stage:
    stage = Stage(DurableStore())
    runner, _ = await stage.show(Old)
    await send(runner, "add", 1)
    await send(runner, "add", 2)
    await runner.durable()
    return stage


async def test_renamed_and_changed_fields_are_filled_once_and_written() -> None:
    stage = await stored()
    runner, _ = await stage.restore(New)
    assert (runner.view.clicks, runner.view.labels, runner.view.note) == (2, {1: "x", 2: "xx"}, "")
    assert runner.view._live.system.notes.subscriptions == {}, "a handler that is no more was forgotten"
    record = stage.store.record()
    assert set(record.fields) == {"clicks", "labels", "note", "title"}
    assert not record.logs
    New.migrate, kept = None, New.migrate  # type: ignore[method-assign, assignment]
    try:
        again, _ = await stage.restore(New)
    finally:
        New.migrate = kept  # type: ignore[method-assign]
    assert again.view.clicks == 2, "a snapshot that fits is not migrated again"


async def test_a_misfit_without_migrate_is_an_error_that_teaches() -> None:
    class Changed(LiveView):
        count: str = ""
        template = "{{ count }}"

    stage = await stored()
    with pytest.raises(FieldError, match=r"Changed\.count.*migrate\(self, old\)"):
        await stage.restore(Changed)


async def test_versions_tell_a_change_of_meaning_and_a_newer_release() -> None:
    class Cents(LiveView):
        count: int = 0
        snapshot_version = 2
        template = "{{ count }}"

        def migrate(self, old: dict[str, object]) -> None:
            self.count *= 100

    class Cents2(Cents):
        pass

    stage = await stored()
    assert (await stage.restore(Cents))[0].view.count == 200
    assert (await stage.restore(Cents2))[0].view.count == 200
    before = stage.store.record().fields
    with pytest.raises(SnapshotNewer, match="snapshot_version 2, and this worker has 0"):
        await stage.restore(Old)
    assert stage.store.record().fields == before


async def test_too_large_a_view_fails_in_its_handler_and_keeps_what_it_had() -> None:
    stage = Stage(DurableStore())
    stage.store.max_view_bytes = 10_000
    runner, outbox = await stage.show(Old)
    await send(runner, "write", 5000)
    await send(runner, "write", 12_000)
    await runner.durable()
    assert (runner.view.count, len(runner.view.note)) == (1, 5000)
    assert [code for code, _, _ in outbox.errors] == ["handler_failed"]
    for key in range(100, 160):
        await send(runner, "add", key)
    assert runner.view.count < 61, "the log of a KeyedList counts"
    await send(runner, "write", 0)
    assert runner.view.note == ""


async def test_too_large_a_mount_says_what_to_do() -> None:
    class Large(LiveView):
        text: str = ""
        template = "{{ text }}"

        def mount(self) -> None:
            self.text = "x" * 20_000

    stage = Stage(DurableStore())
    stage.store.max_view_bytes = 10_000
    with pytest.raises(FieldError, match=r"largest field is 'text' with 20,00\d.*view_max_bytes"):
        await stage.show(Large)
