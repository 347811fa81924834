"""The few calls of Linux that Python has no name for, through the C library: namespaces, mounts, prctl, capabilities.

Each raises OSError naming the call. Used by the modules beside it, in the sandbox's own processes only.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct

_libc = ctypes.CDLL(None, use_errno=True)

NEW_USER, NEW_PID, NEW_NET, NEW_MOUNT = 0x10000000, 0x20000000, 0x40000000, 0x00020000
NEW_IPC, NEW_UTS, NEW_CGROUP = 0x08000000, 0x04000000, 0x02000000
NEW_ANY = NEW_USER | NEW_PID | NEW_NET | NEW_MOUNT | NEW_IPC | NEW_UTS | NEW_CGROUP | 0x00000080  # and of time

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE = 16384, 1 << 18
_MNT_DETACH = 2
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP = 1, 4, 38, 24
_PR_SET_CHILD_SUBREAPER, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 36, 47, 4
_CAPSET = {"x86_64": 126, "aarch64": 91}
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
MACHINE = platform.machine()


def syscall(what: str, number: int, *arguments: object) -> int:
    """Make a system call by its number; raises OSError naming `what`."""
    return _done(what, int(_libc.syscall(ctypes.c_long(number), *arguments)))


def unshare(flags: int) -> None:
    """Leave the namespaces in `flags` for new ones."""
    _done("unshare", _libc.unshare(flags))


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """Mount `source` on `target`."""
    done = _libc.mount(
        source.encode(), target.encode(), kind.encode() if kind else None, ctypes.c_ulong(flags), options.encode()
    )
    _done(f"mount on {target}", done)


def unmount(target: str) -> None:
    """Take a mount out of sight; it ends when nobody uses it any more."""
    _done(f"umount of {target}", _libc.umount2(target.encode(), _MNT_DETACH))


def pivot_root(new: str, old: str) -> None:
    """Make the mount `new` the root folder, and put the one before it at `old`."""
    if MACHINE not in _PIVOT_ROOT:
        raise OSError(f"pivot_root is not known here for {MACHINE}")
    syscall("pivot_root", _PIVOT_ROOT[MACHINE], new.encode(), old.encode())


def die_with_parent(signal: int) -> None:
    """Have the kernel send `signal` to this process when its parent is gone, however that ended."""
    prctl(_PR_SET_PDEATHSIG, signal)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent has ended."""
    prctl(_PR_SET_CHILD_SUBREAPER, 1)


def let_be_looked_at(yes: bool) -> None:
    """Say whether processes of the same user may trace this one, and read its memory and its folder in /proc."""
    prctl(_PR_SET_DUMPABLE, int(yes))


def gain_nothing_more() -> None:
    """From here on no program that is started can have more rights than this process."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Give up every capability, for good."""
    for capability in range(64):
        try:
            prctl(_PR_CAPBSET_DROP, capability)
        except OSError:  # past the last one, or not allowed to: then there is nothing to be had from the set either
            break
    with contextlib.suppress(OSError):  # a kernel before 4.3 has none
        prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = struct.pack("<II", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this thread
    syscall("capset", _CAPSET[MACHINE], header, bytes(24))


def prctl(option: int, first: int) -> None:
    """Call prctl; raises OSError."""
    zero = ctypes.c_ulong(0)
    _done(f"prctl {option}", _libc.prctl(option, ctypes.c_ulong(first), zero, zero, zero))


def _done(what: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result
