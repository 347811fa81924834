"""The cell: namespaces of its own, and a root folder that holds only what the job may see, read-only.

Everything in it is mounted anew: the folders that were named, a few devices, and WORK, an empty folder in memory with
a limit. No /proc, no /dev/shm, no network device. Used by guard.py; raises OSError where the system does not allow it.
"""

from __future__ import annotations

import os
import stat

from livets.engine.sandbox.inside import system

WORK = "/sandbox-work"
"""A name that no folder that is shown is likely to have."""
_BASE = "/tmp"  # noqa: S108 - a place to mount over, in a mount namespace of its own; nothing is written to it
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
_SETTINGS_OF_A_MOUNT = (
    (os.ST_NOSUID, system.MS_NOSUID), (os.ST_NODEV, system.MS_NODEV), (os.ST_NOEXEC, system.MS_NOEXEC),
    (os.ST_NOATIME, 1 << 10), (os.ST_NODIRATIME, 1 << 11), (os.ST_RELATIME, 1 << 21),
)  # fmt: skip
_MAX_FILES = 10_000


def enter_namespaces() -> None:
    """Leave the system's users (unless we are root), processes (for children), network and IPC."""
    alone = system.NEW_PID | system.NEW_NET | system.NEW_IPC | system.NEW_UTS
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        system.unshare(alone)
        return
    system.unshare(alone | system.NEW_USER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def build_root(visible: list[str], work_bytes: int) -> None:
    """Make a root folder with the paths in `visible`, read-only, and an empty WORK of `work_bytes`."""
    system.unshare(system.NEW_MOUNT)
    system.mount("none", "/", None, system.MS_REC | system.MS_PRIVATE)
    safe = system.MS_NOSUID | system.MS_NODEV
    system.mount("sandbox", _BASE, "tmpfs", safe, "mode=0755,size=1m,nr_inodes=1000")
    os.mkdir(f"{_BASE}/old")
    system.pivot_root(_BASE, f"{_BASE}/old")
    os.chdir("/")
    for path in sorted(visible, key=len):  # a folder before what is in it
        _show(path)
    for path in _DEVICES:
        _show(path, device=True)
    os.mkdir(WORK)
    system.mount(
        "work", WORK, "tmpfs", safe, f"mode=0777,size={work_bytes},nr_inodes={min(_MAX_FILES, work_bytes // 1024 + 16)}"
    )
    system.unmount("/old")
    os.rmdir("/old")
    os.chdir(WORK)
    system.mount("none", "/", None, system.MS_REMOUNT | system.MS_BIND | system.MS_RDONLY | safe)


def _show(path: str, *, device: bool = False) -> None:
    """Put what is at `path` outside to the same place inside; nothing when it is not there."""
    source = f"/old{path}"
    try:
        mode = os.lstat(source).st_mode
    except FileNotFoundError:
        return
    if os.path.lexists(path):
        return
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    if stat.S_ISLNK(mode):
        os.symlink(os.readlink(source), path)
        return
    if stat.S_ISDIR(mode):
        os.mkdir(path)
    else:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
    system.mount(source, path, None, system.MS_BIND)
    flags = system.MS_REMOUNT | system.MS_BIND | system.MS_RDONLY | system.MS_NOSUID
    flags |= 0 if device else system.MS_NODEV
    there = os.statvfs(path).f_flag  # what the outer mount forbids cannot be allowed again
    system.mount("none", path, None, flags | sum(ours for theirs, ours in _SETTINGS_OF_A_MOUNT if there & theirs))
