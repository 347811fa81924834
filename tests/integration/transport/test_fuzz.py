"""Mutated messages, thousands of them: only the socket that sent one may close (T26, T30)."""

from __future__ import annotations

import random

import pytest

from livets.wire import Frame, Join, Resume, encode_client
from tests.integration.transport.harness import Browser, Closed, Socket, app, beat, event, heal, serving
from tests.integration.transport.views import Counter

ROUNDS = 1500
HARD = [b"\xc0", b"\xdd\xff\xff\xff\xff", b"\x93", b"\xcf" + b"\xff" * 8, b"\xc7\x00\x05"]


def mutated(raw: bytes, dice: random.Random) -> bytes:
    """A few bytes changed, dropped, doubled or inserted."""
    data = bytearray(raw)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(data) + 1)
        match dice.randrange(4):
            case 0 if at < len(data):
                data[at] = dice.randrange(256)
            case 1:
                del data[at : at + dice.randint(1, 3)]
            case 2:
                data[at:at] = data[at : at + dice.randint(1, 8)]
            case _:
                data[at:at] = dice.choice(
                    [b"\xc0", b"\xdd\xff\xff\xff\xff", b"\x93", b"\xcf" + b"\xff" * 8, b"\xc7\x00\x05"]
                )
    return bytes(data) or b"\0"


@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_that_a_client_sends_harms_another(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(seed)
    site = app()
    site.live("/", Counter)
    async with serving(site) as origin, Browser(origin) as good, Browser(origin) as bad:
        await good.open("/")
        neighbour = await good.join()
        socket: Socket | None = None
        ref = 0
        for _ in range(ROUNDS):
            if socket is None or socket.connection.close_code is not None:
                await bad.open("/")
                socket, ref = await bad.join(), 0
            seeds = [
                event(ref + 1, "add", 1, seen=1),
                event(ref + 1, "", text="x"),
                beat(1),
                heal(),
                Join(1, bad.token, "/"),
                Resume(1, bad.id, bad.secret, "/", 1, ref, bad.fingerprint),
            ]
            raw = encode_client(dice.choice(seeds))
            assert isinstance(raw, bytes)
            await socket.send(mutated(raw, dice))
            if dice.random() < 0.05:
                await socket.send(beat(0))
                try:
                    await socket.receive_kind(Frame.BEAT)
                except Closed:
                    socket = None
        await neighbour.send(event(1, "add", 1, seen=1))
        assert (await neighbour.receive()).kind == Frame.PATCH
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
