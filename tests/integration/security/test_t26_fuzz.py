"""Random frames against `livets run` with the examples, as anybody could send them (T26, T30, T05): they may end their
own socket and nothing else. No traceback is logged, the process stays, and the people beside go on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from livets.wire import Frame
from tests.integration.security.frames import Frames
from tests.integration.transport.harness import Browser, Closed, Socket, beat, event
from tests.support.command import ROOT, Command

PAGES = ("/todo", "/chat/lobby", "/counter", "/chat/lobby?name=Ann")


def resident_mib(pid: int) -> int:
    """Memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


async def fuzz(folder: Path, seed: int, count: int) -> None:
    frames = Frames(seed)
    env = {
        "TODO_DB": str(folder / "todo.db"), "CHAT_DB": str(folder / "chat.db"), "LIVETS_STATE_DIR": str(folder),
    }  # fmt: skip
    with Command("run", "examples.demo:app", "--port", "0", folder=ROOT, env=env) as run:
        async with Browser(run.url) as good, Browser(run.url) as bad:
            await good.open("/counter")
            neighbour = await good.join()
            before = resident_mib(run.pid)
            socket: Socket | None = None
            ref, joins = 1, 0
            for number in range(count):
                if socket is None or socket.connection.close_code is not None:
                    await bad.open(PAGES[joins % len(PAGES)])
                    bad.seen = bad.done = 0
                    socket, ref, joins = await bad.join(json=joins % 3 == 0), 1, joins + 1
                raw = frames.next(ref, bad)
                await socket.send(raw.encode() if isinstance(raw, str) and joins % 7 == 0 else raw)
                if number % 50 == 0:
                    await neighbour.send(beat())
                    assert (await neighbour.receive()).kind == Frame.BEAT, "the people beside go on"
                if number % 5 == 0:
                    try:
                        await socket.send("[2,0]")
                        while (frame := bad.note(await socket.receive())).kind != Frame.BEAT:
                            pass
                        ref = max(ref, frame.done + 1)
                    except Closed:
                        socket = None
            assert resident_mib(run.pid) - before < 60
            for ref in (1, 2):
                await neighbour.send(event(ref, "increment"))
                assert (await neighbour.receive_kind(Frame.PATCH)).done == ref
        assert run.stop() == 0
    for secret in (good.token, good.secret, bad.token, bad.secret, *good.http.cookies.values()):
        assert secret not in run.output
    assert "Traceback" not in run.output, run.output
    assert "ERROR" not in run.output, run.output


async def test_t26_random_frames_harm_nobody_else(tmp_path: Path) -> None:
    await fuzz(tmp_path, seed=26, count=600)


@pytest.mark.nightly
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(4))
async def test_t26_ten_thousand_random_frames(tmp_path: Path, seed: int) -> None:
    await fuzz(tmp_path, seed=seed, count=2_500)
