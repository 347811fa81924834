"""What a browser makes up in numbers (T05), what is nearly the right name (T06), and clicks that come late (T07)."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from livets import LiveTS, LiveView, event
from livets.pubsub import MessageRefused
from livets.wire import Event, Frame, codes
from tests.integration.security import raw
from tests.integration.security.views import REACHED, Guarded
from tests.integration.transport.harness import Browser, app, beat
from tests.integration.transport.harness import event as sends


class Shop(LiveView):
    """Three may be taken; the button goes when they are."""

    taken: int = 0
    text: str = ""
    template = """<b>{{ taken }}</b><input ts-model="text">
    {% if taken < 3 %}<button ts-on:click="take">take</button>{% endif %}"""

    @event
    async def take(self) -> None:
        if self.taken < 3:
            self.taken += 1

    @event
    async def room(self, name: str) -> None:
        self.subscribe(name, self.heard)

    @event
    async def call(self, name: str) -> None:
        self.broadcast(name, "user:ada")

    async def heard(self, data: str) -> None:
        self.text = data


@pytest.fixture
def site() -> LiveTS:
    REACHED.clear()
    site = app()
    site.live("/", Shop)
    site.live("/inside", Guarded)
    return site


async def test_t05_made_up_names_are_kept_nowhere(origin: str) -> None:
    """Handlers, fields, payloads, paths and queries: hundreds of different ones leave nothing behind."""
    async with Browser(origin) as user:
        await user.open("/")

        async def round_of(start: int, count: int) -> None:
            socket = await user.join()
            for ref in range(1, count + 1):
                name = f"made_up_{start + ref}_" + "x" * 200
                sent = Event(ref, 0, name if ref % 2 else "", [], {name: 1}, {} if ref % 2 else {name: 1}, 1)
                await socket.send(sent)
                assert (await socket.receive_kind(Frame.ERROR)).body[0] in (codes.UNKNOWN_EVENT, codes.UNKNOWN_FIELD)
            await socket.send(beat(1))
            await socket.close()
            for number in range(20):
                await user.http.get(f"/made_up_{start + number}?{'y' * 200}{start + number}=1")
            await user.open("/")

        await round_of(0, 40)
        gc.collect()
        texts = _made_up()
        for number in range(1, 3):
            await round_of(number * 1_000, 40)
        gc.collect()
        assert _made_up() <= texts + 10


def _made_up() -> int:
    """How many texts of the test's own invention are keys of a dictionary or in a set."""
    kept = (each for each in gc.get_objects() if isinstance(each, dict | set))
    return sum(1 for each in kept for key in list(each) if isinstance(key, str) and key.startswith("made_up_"))


NEARLY = [
    "/inside/", "//inside", "/inside%2f", "/%69nside", "/INSIDE", "/inside%20", "/inside;x", "/inside?", "/inside/.",
    "/./inside", "/x/../inside", "/inside%00", "/\uff49nside", "/inside#x", "/inside/%2e%2e/inside", "\\inside",
]  # fmt: skip


async def test_t06_nearly_the_same_path_is_guarded_like_it_or_not_there(origin: str) -> None:
    for path in NEARLY:
        answer = await raw.get(origin, path.encode().decode("latin-1"))
        assert raw.status(answer) in (303, 307, 400, 404), path
        assert b"what only she may see" not in answer
    assert REACHED == []


async def test_t07_a_click_on_what_is_gone_is_the_handlers_to_judge(site: LiveTS, origin: str) -> None:
    """Ten clicks in one piece, of which only three found the button: a rule belongs into the handler, not the view."""
    async with Browser(origin) as user:
        await user.open("/")
        socket = await user.join()
        for ref in range(1, 11):
            await socket.send(sends(ref, "take"))
        while (await socket.receive()).done < 10:
            pass
        view: Any = next(iter(site.registry)).runner.view
        assert view.taken == 3


@pytest.mark.parametrize("handler", ["room", "call"])
async def test_topics_of_livets_own_are_closed_to_visitors(
    origin: str, handler: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Browser(origin) as user:
        await user.open("/")
        socket = await user.join()
        await socket.send(sends(1, handler, "livets:revoked"))
        assert (await socket.receive_kind(Frame.ERROR)).body[0] == codes.HANDLER_FAILED
        [record] = [record for record in caplog.records if record.levelname == "ERROR"]
        assert record.exc_info is not None
        assert record.exc_info[0] is MessageRefused
        await socket.send(sends(2, handler, "livets"))
        while (await socket.receive()).done < 2:
            pass
