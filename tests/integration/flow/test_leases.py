"""A run belongs to one process: killed ones are told at once, stopped ones keep theirs, no two run the same."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import livets.flow.leasing
from livets.flow import FlowRuntime
from livets.flow.leasing import RunsElsewhere
from livets.flow.recording import TakenOver
from tests.integration.flow.leased_run import workflow
from tests.support.wait import until

ROOT = Path(__file__).parents[3]


@contextlib.contextmanager
def running(folder: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """The run, in another process that holds at its first node."""
    command = [sys.executable, "-m", "tests.integration.flow.leased_run", str(folder), *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    limit = time.monotonic() + 20
    while not (folder / "executed").exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < limit
        time.sleep(0.005)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def executed(folder: Path) -> Counter[str]:
    return Counter(line.split()[0] for line in (folder / "executed").read_text().splitlines())


async def status(runtime: FlowRuntime) -> str:
    return (await runtime.runs())[0].status


async def silence(runtime: FlowRuntime) -> None:
    """Wait until the process that runs it has not been heard of for a moment."""
    runner = (await runtime.events("run"))[0].data["runner"]
    await until(lambda: runtime.lease.holder(runner).state == "silent", "its beat to stop")


def cli(*arguments: str, code: int = 0) -> str:
    """The output of `livets flow`; it must end with `code`."""
    done = subprocess.run(
        [sys.executable, "-m", "livets", "flow", *arguments], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


async def test_a_killed_process_loses_its_runs_at_once_and_a_living_one_does_not(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        async with FlowRuntime(tmp_path) as runtime:
            assert await status(runtime) == "running"
            with pytest.raises(RunsElsewhere, match=f"running in process {process.pid}"):
                await runtime.resume("run", workflow(tmp_path), take_over=True)
            said = await asyncio.to_thread(cli, "resume", "run", "--folder", str(tmp_path), code=1)
            assert f"process {process.pid}" in said
            process.kill()
            process.wait()
            assert await status(runtime) == "interrupted"
            listed = json.loads(await asyncio.to_thread(cli, "runs", "--json", "--folder", str(tmp_path)))
            assert listed[0]["status"] == "interrupted"
            assert "livets flow resume run" in await asyncio.to_thread(cli, "show", "run", "--folder", str(tmp_path))
            (tmp_path / "go").touch()
            result = await (await runtime.resume("run", workflow(tmp_path))).result()
            assert (result.status, result.counts) == ("completed", {"completed": 5})
    assert executed(tmp_path) == {"hold": 2, "one": 1, "two": 1, "three": 1, "after": 1}, "hold was cut off"


async def test_a_child_that_outlives_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    with running(tmp_path, "fork") as process:
        await until(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text(), "the child to live")
        child = int((tmp_path / "child").read_text())
        try:
            process.kill()
            process.wait()
            os.kill(child, 0)
            async with FlowRuntime(tmp_path) as runtime:
                assert await status(runtime) == "interrupted"
        finally:
            os.kill(child, signal.SIGKILL)


async def test_a_stopped_process_that_wakes_up_runs_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path) as process:
        os.kill(process.pid, signal.SIGSTOP)
        async with FlowRuntime(tmp_path) as runtime:
            with pytest.raises(RunsElsewhere):  # it might only be slow
                await runtime.resume("run", workflow(tmp_path), take_over=True)
            monkeypatch.setattr(livets.flow.leasing, "SILENT_S", 0.1)
            await silence(runtime)
            with pytest.raises(RunsElsewhere, match="--take-over"):
                await runtime.resume("run", workflow(tmp_path))
            handle = await runtime.resume("run", workflow(tmp_path), take_over=True)
            (tmp_path / "go").touch()
            assert (await handle.result()).status == "completed"
            os.kill(process.pid, signal.SIGCONT)
            said, _ = await asyncio.to_thread(process.communicate, timeout=20)
            assert (process.returncode, "\nTakenOver " in f"\n{said}") == (3, True), said
            assert await status(runtime) == "completed"
    assert executed(tmp_path) == {"hold": 2, "one": 1, "two": 1, "three": 1, "after": 1}, "hold was cut off"


async def test_a_stopped_process_with_nothing_to_do_hears_of_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its node never ends by itself: only the beat can tell."""
    monkeypatch.setattr(livets.flow.leasing, "SILENT_S", 0.1)
    with running(tmp_path) as process:
        os.kill(process.pid, signal.SIGSTOP)
        async with FlowRuntime(tmp_path) as runtime:
            await silence(runtime)
            handle = await runtime.resume("run", workflow(tmp_path), take_over=True)
            os.kill(process.pid, signal.SIGCONT)
            said, _ = await asyncio.to_thread(process.communicate, timeout=20)
            assert (process.returncode, "\nTakenOver " in f"\n{said}") == (3, True), said
            assert not handle.done
            await handle.cancel()


async def test_who_resumes_at_the_same_time_does_not_run_it_twice(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        process.kill()
        process.wait()
    runtimes = [FlowRuntime(tmp_path) for _ in range(4)]
    try:
        found = await asyncio.gather(
            *(one.resume("run", workflow(tmp_path)) for one in runtimes), return_exceptions=True
        )
        won = [one for one in found if not isinstance(one, BaseException)]
        assert len(won) == 1
        assert all(isinstance(one, RunsElsewhere | TakenOver) for one in found if one is not won[0])
        (tmp_path / "go").touch()
        assert (await won[0].result()).status == "completed"
    finally:
        for one in runtimes:
            await one.close()
    assert executed(tmp_path)["after"] == 1
