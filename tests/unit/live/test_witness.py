"""In development a patch that would make the page wrong is told loudly, and the page is filled anew."""

from __future__ import annotations

import itertools
import logging
from typing import Any

import pytest

from livets import KeyedList, LiveView, event
from livets.live.witness import Witness
from livets.mirror.liveroot import LiveRoot
from livets.mirror.nodes import parse, serialise
from livets.render import Rendering, Templates
from livets.wire import codes
from tests.unit.live.fakes import FakeOutbox, Stage, click

TICKS = itertools.count()


class Shelf(LiveView):
    count: int = 0
    rows: KeyedList[dict[str, int | str]] = KeyedList([{"id": 1, "t": "a"}, {"id": 2, "t": "b"}])
    template = """<h1>{{ count }}</h1>
<ul>{% for row in rows %}<li id="{{ row.id }}">{{ row.t }}</li>{% endfor %}</ul>
{% if count %}<p title="{{ count }}">some</p>{% endif %}"""

    @event
    async def add(self) -> None:
        self.count += 1

    @event
    async def rename(self) -> None:
        self.rows.update(2, t="new")


class Clock(LiveView):
    count: int = 0
    template = "<p>{{ count }}</p><i>{{ tick() }}</i>"

    @staticmethod
    def tick() -> int:
        return next(TICKS)

    @event
    async def add(self) -> None:
        self.count += 1


async def shown(view_class: type[LiveView], *, dev: bool = True) -> tuple[Any, FakeOutbox, LiveRoot]:
    """A joined view, its outbox, and a page that has loaded its first HTML."""
    stage = Stage()
    stage.templates = Templates()
    runner = stage.runner(view_class, dev=dev)
    page = LiveRoot(stage.templates.from_string(view_class.template).shape, html=await runner.mount())
    outbox = FakeOutbox()
    runner.attach(outbox)
    return runner, outbox, page


def plant(monkeypatch: pytest.MonkeyPatch, wrong: Any) -> None:
    """From now on every diff is what `wrong` makes of it."""
    sound = Rendering.diff

    def diff(self: Rendering, *args: Any, **options: Any) -> Any:
        patch = sound(self, *args, **options)
        patch.diff = wrong(patch.diff) if patch.diff else []
        return patch

    monkeypatch.setattr(Rendering, "diff", diff)


def fresh(runner: Any) -> str:
    from livets.live.scope import ViewScope

    return serialise(parse(runner.rendering.template.start().html(ViewScope(runner.view))))


@pytest.mark.parametrize(
    ("wrong", "handler", "words"),
    [
        (lambda diff: [0, 7, *diff[2:]], "add", ["-<h1>7</h1>", "+<h1>1</h1>", "slot 0, line 1"]),
        (lambda diff: diff[:2], "add", ['+<p title="1">', "slot 2, line 3"]),
        (lambda diff: [1, [17, 1, "new"]], "rename", ["slot 1 (1), slot 1, line 2"]),
        (lambda diff: [1, [17, 9, "new"]], "rename", ["does not fit the page", "no row 9"]),
        (lambda diff: [9, 1], "rename", ["does not fit the page"]),
        (lambda diff: [], "add", ["+<h1>1</h1>"]),
    ],
)
async def test_a_wrong_patch_is_told_and_the_page_filled(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, wrong: Any, handler: str, words: list[str]
) -> None:
    runner, outbox, page = await shown(Shelf)
    plant(monkeypatch, wrong)
    runner.accept(click(handler, 1))
    await runner.settle()
    [(code, message, ref)] = outbox.errors
    assert (code, ref) == (codes.WRONG_PATCH, 0)
    assert "Shelf" in message
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    for word in words:
        assert word in record.getMessage()
    [diff] = [diff for diff, *_ in outbox.patches if diff]
    assert diff[0] == -10, "the page is filled anew, and the wrong patch never sent"
    page.apply(diff)
    assert page.html() == fresh(runner)
    monkeypatch.undo()
    runner.accept(click("add", 2))
    await runner.settle()
    page.apply(outbox.patches[-1][0])
    assert page.html() == fresh(runner)
    assert len(outbox.errors) == 1


async def test_production_looks_at_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    runner, outbox, _ = await shown(Shelf, dev=False)
    plant(monkeypatch, lambda diff: [0, 7])
    runner.accept(click("add", 1))
    await runner.settle()
    assert outbox.errors == []
    assert runner._commits.display.witness is None


async def test_what_changes_by_itself_is_no_alarm() -> None:
    runner, outbox, _ = await shown(Clock)
    for ref in (1, 2, 3):
        runner.accept(click("add", ref))
    await runner.settle()
    assert outbox.errors == []


def test_a_page_that_takes_long_is_looked_at_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([10.0, 10.5, 11.4, 11.6])
    monkeypatch.setattr("time.monotonic", lambda: next(now))
    template = Templates().from_string("<p>{{ n }}</p>")
    witness = Witness()
    witness.load(template, "<p>1</p>")
    assert witness.look(template, "<p>1</p>") == ""  # half a second
    assert witness.rests
    assert not witness.rests
