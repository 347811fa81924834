"""Control groups: the kernel holds a whole tree, without anybody looking; and nothing of them is left behind."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from livets.engine.sandbox.inside import cgroup
from livets.engine.sandbox.sandbox import Sandbox
from tests.integration.engine.sandbox.attacks import python, shell

MB = 1_000_000
HOARD = """
import os, sys
sys.stdin.readline()
children = []
for _ in range(4):
    if os.fork() == 0:
        kept = bytearray(b"x" * 60_000_000)
        os._exit(0 if len(kept) else 1)
how = [os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(4)]
print(sum(one == -9 for one in how))
"""
SPAWN = """
import os, sys
sys.stdin.readline()
made = 0
try:
    while made < 50 and os.fork():
        made += 1
except BlockingIOError:
    print(made, flush=True)
if made == 50: print("no limit")
"""


@pytest.fixture(scope="module")
def parents() -> dict[str, str]:
    try:
        return cgroup.find()
    except OSError as error:
        pytest.skip(f"no control groups can be made here: {error}")


def left(parents: dict[str, str]) -> list[str]:
    """Groups of this process, and of guards that are gone; other tests' may be there."""
    names = {name for folder in set(parents.values()) for name in os.listdir(folder) if name.startswith("livets-")}
    pids = {name: name.split("-")[1] for name in names}
    return [name for name, pid in pids.items() if pid == str(os.getpid()) or not Path("/proc", pid).exists()]


def begin(source: str, group: cgroup.Group) -> subprocess.Popen[str]:
    """A process in the group that waits for a line."""
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    group.add(process.pid)
    return process


def test_processes_that_are_too_much_together_are_killed_by_the_kernel(parents: dict[str, str]) -> None:
    if "memory" not in parents:
        pytest.skip("no memory controller can be used here")
    group = cgroup.Group(parents, 30 * MB, 20)  # and 67 MB of slack: one of them fits, four do not
    process = begin(HOARD, group)
    out, _ = process.communicate("go\n", timeout=30)
    assert group.exceeded()
    assert process.returncode != 0 or int(out) >= 1
    group.remove()
    assert left(parents) == []


def test_processes_are_counted(parents: dict[str, str]) -> None:
    if "pids" not in parents:
        pytest.skip("no pids controller can be used here")
    group = cgroup.Group(parents, 500 * MB, 8)
    process = begin(SPAWN, group)
    out, _ = process.communicate("go\n", timeout=30)
    assert "no limit" not in out
    assert max(int(line) for line in out.split()) <= 8
    group.remove()


def test_a_tree_is_ended_in_one_go(parents: dict[str, str]) -> None:
    if "kill" not in parents:
        pytest.skip("cgroup.kill is of version 2")
    group = cgroup.Group(parents, 500 * MB, 50)
    process = begin("import os, sys, time\nsys.stdin.readline()\nos.fork() and os.fork()\ntime.sleep(60)", group)
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    group.kill()
    process.communicate(timeout=20)  # its children hold the other end of its output, too
    assert process.returncode == -9
    group.remove()
    assert left(parents) == []


def test_what_a_killed_guard_left_is_swept_and_what_others_use_is_not(parents: dict[str, str]) -> None:
    folder = next(iter(parents.values()))
    gone, used = Path(folder, "livets-999999999"), Path(folder, f"livets-{os.getpid()}-x")
    gone.mkdir()
    used.mkdir()
    try:
        assert cgroup.find() == parents
        assert not gone.exists()
        assert used.exists()
    finally:
        used.rmdir()


async def test_jobs_leave_no_group(sandbox: Sandbox, parents: dict[str, str]) -> None:
    layers = await sandbox.layers()
    assert layers.groups == parents
    jobs = [python(sandbox, "def f(): return 1") for _ in range(6)] + [
        shell(sandbox, "true & true; wait") for _ in range(6)
    ]
    await asyncio.gather(*jobs)
    assert left(parents) == []


def test_places_are_found_in_both_versions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the kernel says, by hand: a service under systemd (2), a container (1 and 2 together)."""
    texts = {
        "/proc/self/cgroup": "0::/system.slice/app.service\n",
        "/proc/self/mountinfo": "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n",
    }
    monkeypatch.setattr("builtins.open", lambda path, *_: (tmp_path / Path(path).name).open())
    for path, text in texts.items():
        (tmp_path / Path(path).name).write_text(text)
    assert cgroup._places() == [
        ("unified", "/sys/fs/cgroup/system.slice/app.service"),
        ("unified", "/sys/fs/cgroup/system.slice"),
        ("unified", "/sys/fs/cgroup"),
    ]
    (tmp_path / "cgroup").write_text("4:cpu,memory:/docker/a\n0::/\n")
    (tmp_path / "mountinfo").write_text(
        "35 31 0:32 /docker/a /sys/fs/cgroup/memory ro - cgroup cgroup rw,cpu,memory\n"
        "41 31 0:38 / /sys/fs/cgroup/u rw - cgroup2 x rw\n"
    )
    assert cgroup._places() == [("memory", "/sys/fs/cgroup/memory"), ("unified", "/sys/fs/cgroup/u")]
