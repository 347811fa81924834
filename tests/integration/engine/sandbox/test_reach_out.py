"""Attacks that reach for what is outside: files, the network, our processes, the kernel. None of them gets there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from livets.engine.sandbox.inside.cell import WORK
from livets.engine.sandbox.job import SandboxFault
from livets.engine.sandbox.sandbox import Sandbox
from tests.integration.engine.sandbox.attacks import fault, python, shell
from tests.support.wait import until

REFUSED = {"PermissionError", "FileNotFoundError", "NotADirectoryError", "OSError"}


@pytest.fixture
def canary() -> Iterator[Path]:
    """A file that everybody of this machine may read and write."""
    folder = Path("/tmp") / f"canary-{secrets.token_hex(8)}"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    file = folder / "secret"
    file.write_text("the canary sings")
    file.chmod(0o666)
    yield file
    for left in folder.iterdir():
        left.unlink()
    folder.rmdir()


READ = """
import os
def f(path):
    with open(path) as file: return file.read()
"""


async def test_the_canary_would_be_there(canary: Path) -> None:
    assert canary.read_text() == "the canary sings"
    assert stat.S_IMODE(canary.stat().st_mode) == 0o666


async def test_reading_a_file_by_its_path(layered: Sandbox, canary: Path) -> None:
    assert (await fault(python(layered, READ, path=str(canary)))).kind in REFUSED
    for path in ("/etc/passwd", "/etc/shadow", "/root/.bashrc", f"/tmp/../{canary}", f"/sandbox-work/../../..{canary}"):
        assert (await fault(python(layered, READ, path=path))).kind in REFUSED
    assert b"sings" not in (await shell(layered, f"cat {canary}; cat < {canary}")).stdout


async def test_reading_a_file_through_proc(layered: Sandbox, canary: Path) -> None:
    ours = os.getpid()
    with canary.open() as held:
        for path in (
            f"/proc/{ours}/root{canary}", f"/proc/{ours}/cwd", f"/proc/{ours}/environ",
            f"/proc/{ours}/fd/{held.fileno()}",
            f"/proc/1/root{canary}", f"/proc/self/root{canary}", "/proc/1/environ", f"/proc/{ours}/mem", "/dev/mem",
        ):  # fmt: skip
            assert (await fault(python(layered, READ, path=path))).kind in REFUSED | {"IsADirectoryError"}


async def test_reading_a_file_through_links(layered: Sandbox, canary: Path) -> None:
    source = """
import os
def f(path):
    os.symlink(path, "link")
    with open("link") as file: return file.read()
"""
    assert (await fault(python(layered, source, path=str(canary)))).kind in REFUSED
    source = "import os\ndef f(path):\n    os.link(path, 'hard')\n    with open('hard') as file: return file.read()"
    assert (await fault(python(layered, source, path=str(canary)))).kind in REFUSED
    source = "import os\ndef f(path):\n    os.symlink('/', 'root')\n    return open('root' + path).read()"
    assert (await fault(python(layered, source, path=str(canary)))).kind in REFUSED


async def test_files_that_we_have_open(layered: Sandbox, canary: Path) -> None:
    """Every number is tried: only its own streams are there."""
    source = """
import os
def f():
    found = {}
    for number in range(4096):
        try: found[number] = os.fstat(number).st_mode & 0o170000
        except OSError: pass
    return sorted(found)
"""
    with canary.open() as held:
        os.set_inheritable(held.fileno(), True)
        assert await python(layered, source) == [0, 1, 2, 3]


async def test_our_environment(layered: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "the canary sings")
    assert "CANARY" not in await python(layered, "import os\ndef f(): return dict(os.environ)")
    assert b"sings" not in (await shell(layered, "env; set")).stdout


async def test_writing_outside(layered: Sandbox, canary: Path) -> None:
    write = (
        "import os\ndef f(path):\n    with open(path, 'a') as file: file.write('x')\n    return os.path.exists(path)"
    )
    for path in (str(canary), str(canary.parent / "new"), "/dev/shm/new", "/etc/new", "/usr/lib/new", "/new"):
        assert (await fault(python(layered, write, path=path))).kind in REFUSED, path
    change = {
        "chmod": "os.chmod(path, 0)", "unlink": "os.unlink(path)", "truncate": "os.truncate(path, 0)",
        "rename": "os.rename(path, path + 'x')", "mkdir": "os.mkdir(path + 'd')", "utime": "os.utime(path, (1, 1))",
    }  # fmt: skip
    before = canary.stat()
    for name, call in change.items():
        assert (await fault(python(layered, f"import os\ndef f(path): {call}", path=str(canary)))).kind in REFUSED, name
    await shell(layered, f"echo x > {canary}; rm -rf {canary.parent}")
    after = canary.stat()
    assert canary.read_text() == "the canary sings"
    assert (before.st_mode, before.st_mtime, os.listdir(canary.parent)) == (after.st_mode, after.st_mtime, ["secret"])


class Listening:
    """Sockets of every kind outside, and whether anybody came."""

    def __init__(self, folder: Path) -> None:
        self.came: list[str] = []
        self.tcp, self.udp = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.path, self.abstract = str(folder / "unix"), f"\0livets-{secrets.token_hex(8)}"
        self.unix, self.abs = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        self.unix.bind(self.path)
        os.chmod(self.path, 0o777)
        self.abs.bind(self.abstract)
        for one in (self.unix, self.abs):
            one.listen()
        self._threads = [
            threading.Thread(target=self._accept, args=(name, getattr(self, name)), daemon=True)
            for name in ("tcp", "unix", "abs", "udp")
        ]
        for thread in self._threads:
            thread.start()

    def _accept(self, name: str, one: socket.socket) -> None:
        while True:
            try:
                came = one.recvfrom(100)[0] if name == "udp" else one.accept()[0].close() is None
            except OSError:
                return
            if not came:  # closing wakes it, too
                return
            self.came.append(name)

    def close(self) -> None:
        """Stop listening."""
        for one in (self.tcp, self.unix, self.abs, self.udp):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(5)


CONNECT = """
import socket
def f(tcp, udp, path, abstract):
    tried = {}
    def attempt(name, work):
        try: tried[name] = repr(work())
        except OSError as error: tried[name] = type(error).__name__
    attempt("tcp", lambda: socket.create_connection((b"127.0.0.1", tcp), 2))
    attempt("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", (b"127.0.0.1", udp)))
    attempt("unix", lambda: socket.socket(socket.AF_UNIX).connect(path))
    attempt("abstract", lambda: socket.socket(socket.AF_UNIX).connect(chr(0) + abstract))
    attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
    attempt("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).bind(("lo", 0)))
    attempt("ipv6", lambda: socket.create_connection((b"::1", tcp), 2))
    attempt("vsock", lambda: socket.socket(40, socket.SOCK_STREAM).connect((2, 1)))
    attempt("listen", lambda: socket.create_server((b"0.0.0.0", 0)).listen())
    return tried
"""


async def test_connecting_out(layered: Sandbox, canary: Path) -> None:
    """TCP, UDP, Unix sockets by path and by abstract name: nobody comes."""
    outside = Listening(canary.parent)
    try:
        socket.create_connection(("127.0.0.1", outside.tcp.getsockname()[1])).close()
        await until(lambda: outside.came == ["tcp"])  # it can be seen when somebody comes
        tried = await python(
            layered, CONNECT, tcp=outside.tcp.getsockname()[1], udp=outside.udp.getsockname()[1], path=outside.path,
            abstract=outside.abstract[1:],
        )  # fmt: skip
    finally:
        outside.close()
    assert outside.came == ["tcp"]
    if (await layered.layers()).seccomp:
        assert set(tried.values()) == {"PermissionError"}, tried
    for name in ("tcp", "udp", "unix", "abstract", "ipv6"):
        assert tried[name].endswith("Error"), tried


async def test_asking_for_names(layered: Sandbox) -> None:
    source = "import socket\ndef f(): return socket.getaddrinfo('localhost.example', 80)"
    assert (await fault(python(layered, source))).kind in ("gaierror", "UnicodeError", "LookupError", "PermissionError")


async def test_signals_to_our_processes(layered: Sandbox) -> None:
    source = """
import os
def f(others):
    refused = []
    for process in others:
        for number in (0, 10, 15, 9):
            try: os.kill(process, number)
            except OSError as error: refused.append(type(error).__name__)
    return sorted(set(refused)), len(refused)
"""
    server = next(iter(layered._nurseries.values()), None)
    if server is None:
        await layered.layers()
        server = next(iter(layered._nurseries.values()))
    others = [os.getpid(), os.getppid(), server._process.pid]
    kinds, count = await python(layered, source, others=others)
    assert set(kinds) <= {"ProcessLookupError", "PermissionError"}
    assert count == 4 * len(others)
    assert server.alive


async def test_killing_everybody_kills_only_itself(layered: Sandbox) -> None:
    neighbour = asyncio.create_task(shell(layered, "echo alive; read line; echo $line", stdin=b"still\n"))
    source = "import os\ndef f():\n    for n in range(20): os.kill(-1, 9)"
    with contextlib.suppress(SandboxFault):
        await python(layered, source)
    assert (await neighbour).stdout == b"alive\nstill\n"
    assert await python(layered, "def f(): return 1") == 1


async def test_other_jobs_are_not_seen(layered: Sandbox) -> None:
    write = "import os\ndef f():\n    open('mine', 'w').write('x')\n    return os.listdir('.')"
    assert await python(layered, write) == ["mine"]
    folder, names = await python(layered, "import os\ndef f(): return os.getcwd(), os.listdir('.')")
    assert names == []
    assert not os.path.exists(folder)


CALLS = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def f(calls):
    done = {}
    for name, number, *arguments in calls:
        arguments = [ctypes.c_long(one) if isinstance(one, int) else one.encode() for one in arguments]
        result = libc.syscall(ctypes.c_long(number), *arguments)
        done[name] = "done" if result >= 0 else ctypes.get_errno()
    return done
"""
NEW_USER_AND_MOUNT = 0x10020000


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of the calls")
async def test_calls_that_nobody_needs(sandbox: Sandbox) -> None:
    """By their numbers, past the C library: tracing, memory of others, mounts, namespaces, clocks, kernels, keys."""
    ours = os.getpid()
    calls = [
        ("ptrace attach", 101, 16, ours, 0, 0), ("ptrace traceme", 101, 0, 0, 0, 0),
        ("process_vm_readv", 310, ours, 0, 0, 0, 0, 0), ("process_vm_writev", 311, ours, 0, 0, 0, 0, 0),
        ("pidfd_open", 434, ours, 0), ("pidfd_getfd", 438, 3, 0, 0), ("kcmp", 312, ours, ours, 0, 0, 0),
        ("mount", 165, "none", WORK, "tmpfs", 0, 0), ("umount2", 166, WORK, 2),
        ("pivot_root", 155, "/", WORK),
        ("chroot", 161, WORK), ("open_tree", 428, 0, "/", 1), ("fsopen", 430, "tmpfs", 0),
        ("move_mount", 429, 0, "", 0, "", 0),
        ("unshare", 272, NEW_USER_AND_MOUNT), ("setns", 308, 0, 0),
        ("clone new user", 56, 0x10000000 | 17, 0, 0, 0, 0),
        ("clone3", 435, 0, 0), ("fork", 57), ("vfork", 58), ("settimeofday", 164, 0, 0), ("clock_settime", 227, 0, 0),
        ("adjtimex", 159, 0), ("sethostname", 170, "x", 1), ("reboot", 169, 0, 0, 0, 0),
        ("kexec_load", 246, 0, 0, 0, 0),
        ("init_module", 175, 0, 0, ""), ("bpf", 321, 0, 0, 0), ("perf_event_open", 298, 0, 0, -1, -1, 0),
        ("userfaultfd", 323, 0), ("io_uring_setup", 425, 8, 0), ("io_uring_enter", 426, 0, 0, 0, 0, 0),
        ("keyctl", 250, 0, 0, 0, 0, 0), ("add_key", 248, "user", "x", "y", 1, 0), ("memfd_create", 319, "x", 0),
        ("memfd_secret", 447, 0), ("shmget", 29, 0, 4096, 0o1600), ("mq_open", 240, "x", 0o102, 0o600, 0),
        ("open_by_handle_at", 304, 0, 0, 0), ("setuid", 105, 0), ("setgroups", 116, 0, 0), ("capset", 126, 0, 0),
        ("personality", 135, 0x0400000), ("quotactl", 179, 0, 0, 0, 0), ("swapon", 167, f"{WORK}/x", 0),
        ("acct", 163, f"{WORK}/x"),
        ("mknod", 133, f"{WORK}/dev", 0o020666, 259), ("iopl", 172, 3), ("modify_ldt", 154, 0, 0, 0),
        ("syslog", 103, 3, 0, 0),
        ("seccomp", 317, 0, 0, 0), ("prctl no-new-privs off", 157, 38, 0), ("prctl dumpable", 157, 4, 1),
        ("prctl parent signal", 157, 1, 0), ("prctl subreaper", 157, 36, 1), ("fanotify_init", 300, 0, 0),
        ("prlimit of another", 302, ours, 7, 0, 0), ("ioctl TIOCSTI", 16, 0, 0x5412, 0), ("landlock", 444, 0, 0, 1),
    ]  # fmt: skip
    done = await python(sandbox, CALLS, calls=calls)
    assert {name: how for name, how in done.items() if how not in (1, 38)} == {}  # EPERM, ENOSYS


async def test_calls_of_the_32_bit_kind_end_the_process(sandbox: Sandbox) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("the numbers of the calls")
    error = await fault(python(sandbox, CALLS, calls=[["x32 getpid", 0x40000000 + 39]]))
    assert error.kind == "killed"


async def test_tracing_us_without_the_filter() -> None:
    async with Sandbox(without=["seccomp"]) as sandbox:
        calls = [["ptrace attach", 101, 16, os.getpid(), 0, 0], ["process_vm_readv", 310, os.getpid(), 0, 0, 0, 0, 0]]
        done = await python(sandbox, CALLS, calls=[*calls, ["mount", 165, "none", WORK, "tmpfs", 0, 0]])
        assert "done" not in (done["ptrace attach"], done["mount"])


async def test_who_it_is(layered: Sandbox) -> None:
    source = "import os\ndef f(): return [os.getuid(), os.geteuid(), os.getgid(), os.getegid(), os.getgroups()]"
    user, effective, group, _, groups = await python(layered, source)
    assert 0 not in (user, effective, group, *groups)


async def test_names_are_not_seen_either(sandbox: Sandbox, canary: Path) -> None:
    source = "import os\ndef f(paths): return [path for path in paths if os.path.lexists(path)]"
    paths = [str(canary), str(canary.parent), "/proc", "/sys", "/home", "/etc/passwd", "/dev/shm", WORK, "/old"]
    assert await python(sandbox, source, paths=paths) == [WORK]
