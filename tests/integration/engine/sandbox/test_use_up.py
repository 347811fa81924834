"""Attacks that use things up: memory, CPU, time, processes, disk, output. Each ends, and says by which limit."""

from __future__ import annotations

import os

import pytest

from livets.engine.sandbox.job import SandboxFault
from livets.engine.sandbox.limits import Limits
from livets.engine.sandbox.sandbox import Sandbox
from tests.integration.engine.sandbox.attacks import Marked, fault, python, shell
from tests.support.wait import until


async def test_ten_gigabytes_at_once(layered: Sandbox) -> None:
    error = await fault(python(layered, "def f(): return len(bytearray(10 << 30))"))
    assert (error.kind, error.retryable) == ("memory", False)


async def test_memory_little_by_little(layered: Sandbox) -> None:
    source = "def f():\n    kept = []\n    while True: kept.append(bytearray(1 << 20))"
    error = await fault(python(layered, source))
    assert error.kind == "memory"
    assert error.outcome is not None
    assert error.outcome.peak_bytes < 400_000_000


async def test_memory_of_many_processes_each_below_the_limit(layered: Sandbox) -> None:
    """tail keeps what it is given until the end: 50 MB each, nine of them."""
    hoard = "(head -c 50000000 /dev/zero; sleep 20) | tail -c 50000000 > /dev/null &"
    error = await fault(shell(layered, f"for i in 1 2 3 4 5 6 7 8 9; do {hoard} done; wait"))
    assert error.kind == "memory"
    assert error.outcome is not None
    assert error.outcome.peak_bytes < 500_000_000


async def test_shared_memory_counts(sandbox: Sandbox) -> None:
    source = """
import mmap
def f():
    kept = mmap.mmap(-1, 240_000_000)
    for at in range(0, len(kept), 4096): kept[at] = 1
    more = bytearray(b"x" * 200_000_000)
    return len(more)
"""
    assert (await fault(python(sandbox, source))).kind == "memory"


async def test_an_endless_loop(layered: Sandbox) -> None:
    error = await fault(python(layered, "def f():\n    while True: pass", Limits(cpu_s=1)))
    assert error.kind == "cpu"


async def test_an_endless_loop_in_threads(sandbox: Sandbox) -> None:
    source = "import threading\ndef f():\n    [threading.Thread(target=g).start() for _ in range(4)]\n    g()\n"
    source += "def g():\n    while True: pass"
    assert (await fault(python(sandbox, source, Limits(cpu_s=1)))).kind == "cpu"


async def test_sleeping_past_the_deadline(layered: Sandbox) -> None:
    marked = Marked()
    error = await fault(shell(layered, f"{marked.sleep} & {marked.sleep}", Limits(seconds=0.5)))
    assert (error.kind, error.retryable) == ("timeout", True)
    assert "0.5 seconds" in str(error)
    assert marked.alive() == []


async def test_the_deadline_cannot_be_ignored(layered: Sandbox) -> None:
    source = """
import signal, time
def f():
    for number in range(1, 65):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    while True: time.sleep(1)
"""
    assert (await fault(python(layered, source, Limits(seconds=0.5)))).kind == "timeout"


async def test_a_fork_bomb(layered: Sandbox) -> None:
    bomb = "f() { f | f & }; f; while :; do f; done 2> /dev/null"
    try:
        outcome = await shell(layered, f"({bomb}) 2> /dev/null; sleep 3", Limits(seconds=1.5, processes=12))
        ended = "no process was left" if outcome.code == 2 and b"fork" in outcome.stderr else f"{outcome}"
    except SandboxFault as error:
        ended = error.kind
    assert ended in ("timeout", "processes", "no process was left")


async def test_processes_are_limited_by_the_kernel(sandbox: Sandbox) -> None:
    command = "i=0; while [ $i -lt 40 ]; do sleep 9 & i=$((i+1)); done; echo all"
    outcome = await shell(sandbox, command, Limits(processes=10))
    assert b"all" not in outcome.stdout
    assert b"fork" in outcome.stderr.lower()


async def test_no_processes_at_all_for_code(layered: Sandbox) -> None:
    source = "import os\ndef f():\n    return os.fork()"
    if not (await layered.layers()).seccomp:
        pytest.skip("without the filter code may fork, within its number of processes")
    assert (await fault(python(layered, source))).kind == "PermissionError"


async def test_code_starts_no_program(layered: Sandbox) -> None:
    source = "import os\ndef f(): os.execv('/bin/true', ['true'])"
    assert (await fault(python(layered, source))).kind in ("PermissionError", "FileNotFoundError")


async def test_output_without_end(layered: Sandbox) -> None:
    endless = "def f():\n    while True: print('x' * 10_000)"
    assert (await fault(python(layered, endless))).kind == "output"
    assert (await fault(shell(layered, "cat /dev/zero"))).kind == "output"
    assert (await fault(shell(layered, "cat /dev/zero >&2"))).kind == "output"
    assert (await fault(python(layered, "def f(): return 'x' * 20_000_000"))).kind == "output"


async def test_a_file_without_end(layered: Sandbox) -> None:
    source = """
def f():
    with open("big", "wb") as file:
        while True: file.write(bytes(1 << 20))
"""
    assert (await fault(python(layered, source, Limits(work_mb=8)))).kind in ("OSError", "work")


async def test_files_without_number(layered: Sandbox) -> None:
    source = """
def f():
    n = 0
    while True:
        with open(f"f{n}", "wb") as file: file.write(bytes(100_000))
        n += 1
"""
    assert (await fault(python(layered, source, Limits(work_mb=8)))).kind in ("OSError", "work")


async def test_empty_files_without_number(sandbox: Sandbox) -> None:
    source = """
def f():
    n = 0
    while True:
        open(f"f{n}", "wb").close()
        n += 1
"""
    assert "No space left" in str(await fault(python(sandbox, source)))


async def test_folders_without_bottom(layered: Sandbox) -> None:
    """Too deep to be counted, and no trouble to whoever has to take them away."""
    source = """
import os, time
def f():
    print(os.getcwd(), flush=True)
    for _ in range(3000):
        os.mkdir("d")
        os.chdir("d")
    os.symlink("/", "root")
    open("left", "w").close()
    time.sleep(9)
"""
    error = await fault(python(layered, source, Limits(seconds=3)))
    assert error.kind == ("timeout" if (await layered.layers()).root else "work")
    assert error.outcome is not None
    assert not os.path.exists(error.outcome.stdout.decode().strip())
    assert os.path.isdir("/usr/lib")


async def test_folders_that_are_closed_are_taken_away(layered: Sandbox) -> None:
    source = "import os\ndef f():\n    os.makedirs('a/b', 0o300)\n    os.mkdir('z', 0)\n    return os.getcwd()"
    assert not os.path.exists(await python(layered, source))


async def test_open_files_without_number(layered: Sandbox) -> None:
    source = "def f():\n    kept = []\n    while True: kept.append(open('x', 'wb'))"
    assert "Too many open files" in str(await fault(python(layered, source)))


async def test_dev_shm_and_memory_files(layered: Sandbox) -> None:
    source = """
import os
def f():
    with open("/dev/shm/full", "wb") as file:
        while True: file.write(bytes(1 << 20))
"""
    assert (await fault(python(layered, source))).kind in ("PermissionError", "FileNotFoundError")
    if (await layered.layers()).seccomp:
        assert (await fault(python(layered, "import os\ndef f(): os.memfd_create('x')"))).kind == "PermissionError"


async def test_answers_that_are_none(layered: Sandbox) -> None:
    """The answer is a stranger's: too deep, no JSON, not ours."""
    for text in ("'[' * 100_000", "'{'", "'\\\\xff'", "'[1]'", '\'{"error": {"kind": 1, "message": 2}}\''):
        source = f"import os\ndef f():\n    os.write(3, ({text}).encode('latin-1'))\n    os._exit(0)"
        assert (await fault(python(layered, source))).kind == "output"
    source = 'import os\ndef f():\n    os.write(3, b\'{"error": {"kind": "a b", "message": "m"}}\')\n    os._exit(0)'
    assert (await fault(python(layered, source))).kind == "error"
    assert (await fault(python(layered, "import os\ndef f(): os._exit(3)"))).kind == "killed"
    assert (await fault(python(layered, "import os\ndef f(): os.kill(os.getpid(), 11)"))).kind == "killed"


async def test_what_is_left_running_is_ended(layered: Sandbox) -> None:
    marked = Marked()
    outcome = await shell(
        layered, f"setsid {marked.sleep} > /dev/null 2>&1 & (setsid setsid {marked.sleep} &) ; echo done"
    )
    assert outcome.stdout == b"done\n"
    await until(lambda: marked.alive() == [])
