"""What is told of a failure: once in the log, in full to a developer, a number to everybody else."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from livets import KeyedList, LiveView, event, field
from livets.live.failure import MAX_STATE_CHARACTERS, MAX_TRACEBACK_CHARACTERS
from tests.support.wait import until
from tests.unit.live.fakes import Stage, click, send


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError


class Fragile(LiveView):
    count: int = 3
    password: str = "hunter2"
    card: str = field("4111-1111-1111 1111", secret=True)
    long: str = "x" * 100_000
    rows: KeyedList[dict[str, int]] = KeyedList([{"id": n} for n in range(1000)])
    nested: dict[str, str] = {"api_key": "sk-canary", "name": "n"}
    thing: object = field(Unshowable(), persist=False)
    template = "{{ count }}{{ 1 // (count - 50) }}"

    async def updated(self) -> None:
        if self.count == 60:
            raise ValueError("in updated")

    async def tick(self) -> None:
        self.count = -1
        raise ValueError("in a timer")

    async def resync(self) -> None:
        raise ValueError("in resync")

    async def unmount(self) -> None:
        raise ValueError("in unmount")

    async def handle_event(self, event: str, payload: dict[str, Any]) -> None:
        self.count = -1
        raise ValueError("in handle_event")

    @event
    async def fail(self, by: int = 1, password: str = "") -> None:
        self.count += by
        deep = {"a": 1}
        raise KeyError(deep["b"])

    @event
    def fail_in_thread(self) -> None:
        self.count += 1
        raise ValueError("in a thread")

    @event
    async def set(self, count: int) -> None:
        self.count = count

    @event
    async def endless(self) -> None:
        await self.endless_rest(900)

    async def endless_rest(self, left: int) -> None:
        if not left:
            raise ValueError("y" * 100_000)
        await self.endless_rest(left - 1)


async def test_a_developer_sees_traceback_state_and_event(caplog: pytest.LogCaptureFixture) -> None:
    runner, outbox = await Stage().show(Fragile)
    await send(runner, "fail", 5, form={"password": "canary-1", "street": "High"}, token="canary-2")
    code, message, _ = outbox.errors[0]
    extra = outbox.extra
    assert extra is not None
    assert code == "handler_failed"
    assert message == f"Fragile.fail: KeyError: 'b' (error {extra['id']})"
    assert extra["traceback"].startswith("Traceback (most recent call last):\n  File")
    assert 'raise KeyError(deep["b"])' in extra["traceback"]
    assert extra["traceback"].endswith("KeyError: 'b'")
    assert "livets/live/calling.py" not in extra["traceback"]
    state = extra["state"]
    assert (state["count"], state["password"], state["card"]) == ("3", "(secret)", "(secret)")
    assert state["nested"] == "{'api_key': (secret), 'name': 'n'}"
    assert state["thing"].startswith("<Unshowable instance at")
    assert len(str(state)) < MAX_STATE_CHARACTERS + 1000
    assert (extra["event"]["handler"], extra["event"]["args"]) == ("fail", ["5"])
    assert extra["event"]["form"] == {"password": "(secret)", "street": "'High'"}
    told = str(outbox.errors) + str(extra) + caplog.text
    for secret in ("hunter2", "4111-1111-1111", "sk-canary", "canary-1", "canary-2"):
        assert secret not in told


@pytest.mark.parametrize("handler", ["fail", "fail_in_thread", "set", "no\nERROR body" + "x" * 9999, "endless"])
@pytest.mark.parametrize("dev", [True, False])
async def test_the_log_has_it_once_with_the_number_that_the_visitor_sees(
    dev: bool, handler: str, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage()
    runner, outbox = await stage.show(Fragile, dev=dev)
    other, _ = await stage.show(Fragile, "v2", dev=dev)
    for count in (50, 60) if handler == "set" else (None,):
        caplog.clear()
        await send(runner, handler, *([] if count is None else [count]))
        [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert record.exc_info is not None
        message = outbox.errors[-1][1]
        found = re.search(r"error ([0-9a-f]{8})", message)
        assert found is not None
        assert f"[{found[1]}]" in record.getMessage()
        assert "\n" not in record.getMessage()
        assert len(record.getMessage()) < 300
        if not dev:
            assert re.fullmatch(r"Something went wrong on our side \(error [0-9a-f]{8}\)\.", message)
            assert outbox.extra is None
        else:
            assert outbox.extra is not None
            assert len(outbox.extra["traceback"]) < MAX_TRACEBACK_CHARACTERS + 100
        assert (runner.view.count, outbox.patches) == (3, [])
    await send(runner, "set", 4)
    await send(other, "set", 5)
    assert (runner.view.count, other.view.count) == (4, 5)


async def test_failures_outside_of_events_are_told_logged_and_taken_back_too(caplog: pytest.LogCaptureFixture) -> None:
    runner, outbox = await Stage().show(Fragile, dev=False)
    view = runner.view
    view.after(0, view.tick)
    await view.update()
    await runner.settle()
    await until(lambda: outbox.errors)
    await runner._units.transactions.hook("resync")
    assert [(code, ref) for code, _, ref in outbox.errors] == [("handler_failed", 0)] * 2
    assert view.count == 3
    await runner.close()
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert [re.sub(r" \[.*", "", error) for error in errors] == [
        "Fragile.tick (timer) failed",
        "Fragile.resync failed",
        "Fragile.unmount failed",
    ]


async def test_a_refused_event_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    runner, outbox = await Stage().show(Fragile)
    runner.accept(click("set", 1, "many"))
    await runner.settle()
    assert outbox.errors[0][0] == "bad_arguments"
    assert outbox.extra is None
    assert not [record for record in caplog.records if record.levelno == logging.ERROR]
