"""Messages and ticks are shown once a frame, the last state always, and an event of the browser shows everything."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from livets import LiveView, event
from livets.live import ViewRunner, pace
from livets.live.mailbox import Mailbox
from livets.live.pace import Pace
from livets.live.received import received
from livets.live.work import Flush
from livets.pubsub import Message
from livets.render import Templates
from tests.support.wait import until
from tests.unit.live.fakes import FakeOutbox, Stage, send


class Quote(msgspec.Struct, frozen=True):
    """What is broadcast."""

    price: int


class Ticker(LiveView):
    price: int = 0
    heard: int = 0
    clicks: int = 0
    ticks: int = 0
    template = "<p>{{ price }}</p><i>{{ heard }}</i><b>{{ clicks }}</b><u>{{ ticks }}</u>"

    def mount(self) -> None:
        self.subscribe("quotes", self.quoted)

    async def quoted(self, quote: Quote) -> None:
        if quote.price < 0:
            raise ValueError("no price")
        self.price = quote.price
        self.heard += 1

    @event
    async def click(self) -> None:
        self.clicks += 1

    @event
    async def start(self) -> None:
        self.after(0, self.tick)
        self.after(0, self.tick)

    async def tick(self) -> None:
        self.ticks += 1


async def show(count: int = 1) -> tuple[Stage, list[tuple[ViewRunner, FakeOutbox]]]:
    stage = Stage()
    stage.templates = Templates()
    return stage, [await stage.show(Ticker, f"v{number}") for number in range(count)]


async def publish(stage: Stage, price: int) -> None:
    await stage.bus.publish("quotes", msgspec.msgpack.encode(Quote(price)), f"quote-{price}")


async def worked(runner: ViewRunner) -> None:
    """Everything queued is handled; what is held stays held."""
    await runner._units.mailbox.reach()


def page(outbox: FakeOutbox) -> dict[int, Any]:
    """The slots' last values."""
    values: dict[int, Any] = {}
    for diff, _ in outbox.patches:
        plain = msgspec.msgpack.decode(diff) if isinstance(diff, bytes) else diff
        values.update(zip(plain[::2], plain[1::2], strict=True))
    return values


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame that doesn't end while a test runs."""
    monkeypatch.setattr(pace, "FRAME_S", 60.0)


async def test_a_hundred_messages_make_few_patches_and_the_last_state_is_shown() -> None:
    stage, [(runner, outbox)] = await show()
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    for price in range(1, 101):
        await publish(stage, price)
        await asyncio.sleep(0.0005)
    await until(lambda: page(outbox).get(0) == 100, "the last price")
    assert len(outbox.patches) <= 2 + (loop.time() - started_s) / pace.FRAME_S
    assert page(outbox) == {0: 100, 1: 100}
    assert runner.view.heard == 100
    await runner.close()


@pytest.mark.usefixtures("slow")
async def test_the_first_is_shown_at_once_and_the_next_ones_wait() -> None:
    stage, [(runner, outbox)] = await show()
    await publish(stage, 1)
    await worked(runner)
    assert page(outbox) == {0: 1, 1: 1}
    for price in (2, 3):
        await publish(stage, price)
    await worked(runner)
    assert len(outbox.patches) == 1
    assert runner.view.price == 3
    await runner.close()


async def test_a_frame_later_they_are_shown_together() -> None:
    stage, [(runner, outbox)] = await show()
    for price in (1, 2, 3):
        await publish(stage, price)
    await until(lambda: page(outbox).get(0) == 3, "the third price")
    assert len(outbox.patches) == 2
    await runner.close()


@pytest.mark.usefixtures("slow")
async def test_an_event_shows_everything_at_once() -> None:
    stage, [(runner, outbox)] = await show()
    for price in (1, 2):
        await publish(stage, price)
    await worked(runner)
    await send(runner, "click")
    assert page(outbox) == {0: 2, 1: 2, 2: 1}
    assert len(outbox.patches) == 2
    assert outbox.acks[-1][0] == 1
    await runner.close()


@pytest.mark.usefixtures("slow")
async def test_whoever_settles_a_view_sees_everything() -> None:
    """As `livets.testing` does after each step."""
    stage, [(runner, outbox)] = await show()
    for price in (1, 2):
        await publish(stage, price)
    await runner.settle()
    assert page(outbox) == {0: 2, 1: 2}
    await runner.close()


@pytest.mark.usefixtures("slow")
async def test_ticks_wait_as_well() -> None:
    _, [(runner, outbox)] = await show()
    await send(runner, "start")
    await until(lambda: runner.view.ticks == 2, "both ticks")
    await worked(runner)
    assert page(outbox) == {3: 1}
    await runner.settle()
    assert page(outbox) == {3: 2}
    await runner.close()


@pytest.mark.usefixtures("slow")
async def test_a_message_that_fails_loses_nothing_that_was_held() -> None:
    stage, [(runner, outbox)] = await show()
    for price in (1, 2, -1):
        await publish(stage, price)
    await worked(runner)
    assert page(outbox) == {0: 1, 1: 1}
    await runner.settle()
    assert page(outbox) == {0: 2, 1: 2}
    await runner.close()


@pytest.mark.usefixtures("slow")
async def test_a_socket_that_is_full_when_the_frame_comes_gets_it_later() -> None:
    stage, [(runner, outbox)] = await show()
    for price in (1, 2):
        await publish(stage, price)
    await worked(runner)
    outbox.is_ready = False
    await runner.settle()
    assert page(outbox) == {0: 1, 1: 1}
    outbox.is_ready = True
    runner.flush()
    await runner.settle()
    assert page(outbox) == {0: 2, 1: 2}
    assert len(outbox.patches) == 2
    await runner.close()


@pytest.mark.usefixtures("slow")
async def test_a_page_that_joins_meanwhile_gets_it_with_the_join() -> None:
    stage, [(runner, _)] = await show()
    for price in (1, 2):
        await publish(stage, price)
    await worked(runner)
    drawn = runner.catch_up()
    assert drawn.diff == [0, 2, 1, 2]
    drawn.commit()
    outbox = FakeOutbox()
    runner.attach(outbox)
    await runner.settle()
    assert outbox.patches == []
    await runner.close()


@pytest.mark.usefixtures("slow")
async def test_no_timer_is_left_of_a_view_that_ends() -> None:
    for how in ("close", "evict"):
        stage, [(runner, outbox)] = await show()
        for price in (1, 2):
            await publish(stage, price)
        await worked(runner)
        assert runner._units.transactions.is_holding
        await getattr(runner, how)()
        assert not runner._units.transactions.is_holding
        assert len(outbox.patches) == 1


@pytest.mark.parametrize("count", [10, 100, 1000])
async def test_views_that_show_the_same_are_drawn_and_encoded_once(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluated: list[int] = []
    encoded: list[Any] = []
    from livets.render import sharing
    from livets.wire import encode_body

    def counted(value: int) -> int:
        evaluated.append(value)
        return value

    def encode(diff: Any) -> bytes:
        encoded.append(diff)
        return encode_body(diff)

    class Watched(Ticker):
        template = "<p>{{ price|counted }}</p>"

    monkeypatch.setattr(sharing, "encode_body", encode)
    stage = Stage()
    stage.templates = Templates(filters={"counted": counted})
    views = [await stage.show(Watched, f"v{number}", dev=False) for number in range(count)]
    evaluated.clear()
    await publish(stage, 7)
    for runner, _ in views:
        await runner.settle()
    assert evaluated == [7]
    assert encoded == [[0, 7]]
    bodies = [outbox.patches[0][0] for _, outbox in views]
    assert all(body is bodies[0] for body in bodies)
    assert msgspec.msgpack.decode(bodies[0]) == [0, 7]
    for runner, _ in views:
        await runner.close()


# By themselves


async def test_a_pace_that_is_released_or_stopped_shows_once_or_never() -> None:
    shown: list[int] = []

    class Owner:
        async def handle(self, item: Flush) -> None:
            shown.append(1)

    mailbox = Mailbox(Owner())
    one = Pace(mailbox)
    assert not one.holds()
    assert one.holds()
    assert one.holds()
    one.release()
    one.release()
    await mailbox.reach()
    assert (shown, one.is_holding) == ([1], False)
    assert one.holds()  # a frame begins with what was shown
    one.stop()
    one.release()
    await mailbox.reach()
    assert (shown, one.is_holding) == ([1], False)


def test_what_cannot_change_is_decoded_once_and_what_can_for_each_view() -> None:
    def message(data: Any) -> Message:
        return Message("t", msgspec.msgpack.encode(data), "e", 1, "id")

    calls: list[Any] = []

    def quote(data: Any) -> Any:
        calls.append(data)
        return Quote(**data)

    def plain(data: Any) -> Any:
        calls.append(data)
        return [data]

    one: Any = message({"price": 1})
    assert received(one, quote) is received(one, quote)  # type: ignore[arg-type]
    assert len(calls) == 1
    assert received(one, plain) is not received(one, plain)  # type: ignore[arg-type]
    assert received(one, quote) == Quote(1)  # type: ignore[arg-type]
    assert len(calls) == 3


def test_a_list_or_a_dict_is_each_view_s_own_and_what_is_in_it_everybody_s() -> None:
    one: Any = Message("t", msgspec.msgpack.encode([{"price": 1}]), "e", 1, "id")

    def quotes(data: Any) -> Any:
        return [Quote(**each) for each in data]

    def table(data: Any) -> Any:
        return dict(enumerate(quotes(data)))

    for convert in (quotes, table):
        mine, yours = received(one, convert), received(one, convert)  # type: ignore[arg-type]
        assert mine is not yours
        assert mine[0] is yours[0]
        mine.clear()
        assert len(yours) == 1
        assert len(received(one, convert)) == 1  # type: ignore[arg-type]
