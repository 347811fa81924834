from __future__ import annotations

import asyncio
import datetime
import threading
from typing import Any, Literal

import msgspec
import pytest

from livets import LiveView, event, field
from livets.errors import ConfigError, EventRefused
from livets.live.arguments import Converter
from livets.live.calling import HandlerTimeout, call
from livets.live.dispatch import corrected, prepare
from tests.unit.live.fakes import click
from tests.unit.live.stand_in import StandInTemplates


class Form(msgspec.Struct):
    name: str
    age: int | None = None


class View(LiveView):
    count: int = 0
    draft: str = ""
    age: int | None = None
    secret: str = "s"
    ratio: float = field(0.0, bind=True)
    loose: Any = field(None, persist=False)

    template: Any = '<input ts-model="draft"><input ts-model="age"><input ts-model="loose">'

    @event
    async def add(self, by: int = 1, *, factor: float = 1.0) -> None: ...

    @event
    def need(self, item: int, label: str) -> None: ...

    @event()
    def check(self, checked: bool) -> None: ...

    @event
    def typed(self, value: str, key: str = "") -> None: ...

    @event
    def save(self, form: Form) -> None: ...

    @event
    def pick(self, mode: Literal["a", "b"], when: datetime.date | None = None) -> None: ...

    @event
    def many(self, *numbers: int) -> None: ...

    @event
    def anything(self, value: Any, **rest: Any) -> None: ...

    def not_an_event(self) -> None: ...


TEMPLATE: Any = StandInTemplates().from_string(View.template)


def ask(handler: str, *args: Any, fields: dict[str, Any] | None = None, **payload: Any) -> tuple[list[Any], Any]:
    view = View()
    call = prepare(view, click(handler, 1, *args, fields=fields, **payload), TEMPLATE)
    assert call.args[0] is view
    return list(call.args[1:]), dict(call.named)


def refusal(handler: str, *args: Any, fields: dict[str, Any] | None = None, **payload: Any) -> EventRefused:
    view = View()
    with pytest.raises(EventRefused) as caught:
        prepare(view, click(handler, 1, *args, fields=fields, **payload), TEMPLATE)
    assert view._live.tracker.clean(view)
    return caught.value


def test_arguments_are_typed_and_defaults_hold() -> None:
    assert ask("add") == ([], {})
    assert ask("add", 5) == ([5], {})
    assert ask("add", "5") == ([5], {})
    assert ask("add", by="7", factor="2") == ([], {"by": 7, "factor": 2.0})
    assert ask("need", 1, "x") == ([1, "x"], {})
    assert ask("need", 1, label="x") == ([1], {"label": "x"})


def test_payload_then_form_fill_what_is_missing() -> None:
    assert ask("typed", value="v", key="Enter", checked=True) == ([], {"value": "v", "key": "Enter"})
    assert ask("need", form={"item": "3", "label": "z"}) == ([], {"item": 3, "label": "z"})
    assert ask("need", label="payload", form={"item": 3, "label": "form"}) == ([], {"item": 3, "label": "payload"})
    assert ask("save", form={"name": "Ada", "age": "36"}) == ([], {"form": Form("Ada", 36)})
    assert ask("check", checked=True) == ([], {"checked": True})
    assert ask("many", 1, "2") == ([1, 2], {})
    assert ask("anything", {"x": [1]}) == ([{"x": [1]}], {})
    assert ask("pick", "a", "2026-01-02") == (["a", datetime.date(2026, 1, 2)], {})
    assert ask("pick", "a", "") == (["a", None], {})


def test_a_ticked_box_of_a_form_is_true() -> None:
    convert, name = Converter(bool), Converter(bool | str)
    assert convert("on") is True
    assert convert("false") is False
    assert name("on") == "on"
    with pytest.raises(msgspec.ValidationError):
        convert("maybe")


@pytest.mark.parametrize(
    ("handler", "args", "payload", "why"),
    [
        ("add", (1, 2), {}, "takes 1 positional argument, not 2"),
        ("add", ("x",), {}, "argument 'by' does not fit: Expected `int`, got `str`"),
        ("add", (1.5,), {}, "argument 'by' does not fit"),
        ("add", (None,), {}, "argument 'by' does not fit"),
        ("add", (True,), {}, "argument 'by' does not fit"),
        ("need", (1,), {}, "argument 'label' is missing"),
        ("need", (), {"form": "x"}, "argument 'item' is missing"),
        ("check", ("x",), {}, "argument 'checked' does not fit"),
        ("check", (1,), {}, "argument 'checked' does not fit"),
        ("pick", ("c",), {}, "argument 'mode' does not fit"),
        ("typed", (5,), {}, "argument 'value' does not fit"),
        ("save", (), {"form": {"age": 3}}, "argument 'form' does not fit"),
        ("many", (1, "x"), {}, "argument '\\*' does not fit"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(handler: str, args: Any, payload: Any, why: str) -> None:
    error = refusal(handler, *args, **payload)
    assert error.code == "bad_arguments"
    assert str(error).startswith(f"View.{handler}: ")
    import re

    assert re.search(why, str(error)), str(error)


@pytest.mark.parametrize(
    "name",
    ["nope", "not_an_event", "mount", "render", "handle_event", "__init__", "_live", "count", "__class__", "update"],
)
async def test_only_events_can_be_called(name: str) -> None:
    view = View()
    call = prepare(view, click(name, 1), TEMPLATE)
    assert call.function is LiveView.handle_event
    with pytest.raises(EventRefused, match=rf"^View has no @event method '{name}'$") as caught:
        call.function(*call.args)
    assert caught.value.code == "unknown_event"
    assert "@event" in caught.value.told(dev=True)
    assert caught.value.told(dev=False) == str(caught.value)  # nothing about what else there is


def test_handle_event_gets_everything_when_overridden() -> None:
    class Open(LiveView):
        def handle_event(self, event: str, payload: dict[str, Any]) -> Any:
            return event, payload

    call = prepare(Open(), click("go", 1, 5, value="v"), TEMPLATE)
    assert call.function is not None
    assert call.function(*call.args) == ("go", {"value": "v", "args": [5]})


def test_bound_fields_are_typed() -> None:
    view = View()
    call = prepare(view, click("", 1, fields={"draft": "x", "age": "5", "ratio": "0.5"}), TEMPLATE)
    assert call.function is None
    assert call.fields == {"draft": "x", "age": 5, "ratio": 0.5}
    assert prepare(view, click("", 1, fields={"age": ""}), TEMPLATE).fields == {"age": None}


@pytest.mark.parametrize("name", ["secret", "count", "loose", "nope", "_live", "title", "template", "not_an_event"])
def test_other_fields_cannot_be_written(name: str) -> None:
    assert refusal("", fields={name: "x"}).code == "unknown_field"


def test_field_values_that_do_not_fit() -> None:
    error = refusal("add", fields={"age": "old"})
    assert (error.code, str(error)) == ("bad_field", "View.age: Expected `int | null`, got `str`")


def test_corrected_names_fields_that_hold_something_else_now() -> None:
    view = View()
    view.draft, view.age = "X", 5
    assert corrected(view, {"draft": "x", "age": 5}) == ["draft"]


def test_names_are_checked_when_the_class_is_made() -> None:
    with pytest.raises(ConfigError, match="must not start with an underscore"):

        class Private(LiveView):
            @event
            def _go(self) -> None: ...

    for name in ("mount", "update", "render", "state"):
        with pytest.raises(ConfigError, match=f"the name '{name}' is LiveView's own"):
            type("Bad", (LiveView,), {name: event(lambda self: None)})


def test_only_methods_can_be_events() -> None:
    with pytest.raises(ConfigError, match="plain or async method"):
        event(staticmethod(len))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="plain or async method"):

        class Generates(LiveView):
            @event
            def go(self) -> Any:
                yield 1

    with pytest.raises(ConfigError, match="a policy is one of 'queue', 'latest', 'drop', 'parallel'"):
        event(policy="newest")  # type: ignore[call-overload]


def test_annotations_that_no_browser_can_fill_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"Bad.go: the parameter lock: .*cannot come from a browser"):

        class Bad(LiveView):
            @event
            def go(self, lock: threading.Thread) -> None: ...


def test_overriding_an_event() -> None:
    class Base(LiveView):
        @event
        def go(self) -> None: ...

    with pytest.raises(ConfigError, match=r"Forgot.go overrides an event handler without @event"):

        class Forgot(Base):
            def go(self) -> None: ...

    class Gone(Base):
        go = None  # type: ignore[assignment]

    class Again(Base):
        @event
        def go(self, more: int = 1) -> None: ...

    assert "go" in Base.__livets__.events
    assert "go" not in Gone.__livets__.events
    assert Again.__livets__.events["go"].arguments.bind([2], {}) == ([2], {})


async def test_a_handler_that_never_waits_needs_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer for each event is a good part of what an event costs."""
    started: list[float] = []
    timeout = asyncio.timeout
    monkeypatch.setattr(asyncio, "timeout", lambda delay: started.append(delay) or timeout(delay))

    async def ready() -> int:
        return 1

    async def waits() -> int:
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        return 2

    async def fails_later() -> None:
        await asyncio.sleep(0)
        raise ValueError("later")

    assert (await call(ready), started) == (1, [])
    assert (await call(waits), started) == (2, [30.0])
    with pytest.raises(ValueError, match="later"):
        await call(fails_later)
    with pytest.raises(HandlerTimeout):
        await call(asyncio.sleep, [5], timeout_s=0.01)


class Named(LiveView):
    template: Any = '<input type="checkbox" value="y" ts-model="ok"><input type="checkbox" value="a" ts-model="tags">'
    ok: bool = False
    tags: list[str] = []

    @event
    def pick(self, item_id: int, value: str = "", data: dict[str, str] | None = None) -> None: ...

    @event
    def anything(self, **names: str) -> None: ...


def test_named_arguments_of_the_element() -> None:
    bind = Named.__livets__.events["pick"].arguments.bind
    assert bind([], {"named": {"item_id": "3"}}) == ([], {"item_id": 3})
    assert bind([], {"data": {"item_id": "4"}, "value": "v"}) == (
        [],
        {"item_id": 4, "value": "v", "data": {"item_id": "4"}},
    )
    assert bind([5], {"data": {"item_id": "4"}})[0] == [5]
    assert bind([], {"named": {"item_id": "1", "value": "mine"}, "value": "theirs"})[1]["value"] == "mine"
    assert Named.__livets__.events["anything"].arguments.bind([], {"named": {"a": "b"}}) == ([], {"a": "b"})
    for args, payload, words in (
        ([], {"named": {"item_id": "x"}}, "'item_id' does not fit"),
        ([], {"named": {"item_id": "1", "other": "2"}}, "no argument 'other'"),
        ([1], {"named": {"item_id": "1"}}, "given twice"),
        ([], {"named": "item_id"}, "'item_id' is missing"),
    ):
        with pytest.raises(EventRefused, match=words):
            bind(args, payload)


def test_checkboxes_with_values_share_a_list_or_tick_a_bool() -> None:
    template: Any = StandInTemplates().from_string(Named.template)
    call = prepare(Named(), click("", 1, fields={"ok": ["y"], "tags": ["a"]}), template)
    assert call.fields == {"ok": True, "tags": ["a"]}
    assert prepare(Named(), click("", 1, fields={"ok": []}), template).fields == {"ok": False}
