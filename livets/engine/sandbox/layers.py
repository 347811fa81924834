"""Which layers of the sandbox this system has, found by trying each; and whether they are enough for strangers."""

from __future__ import annotations

import msgspec

LANDLOCK_WITH_FILES = 3
"""Before the third version Landlock lets files be cut short."""


class Layers(msgspec.Struct, frozen=True):
    """What the probe found. `landlock` is the version of its interface, 0 for none.

    >>> Layers(seccomp=True).missing()
    ['files (neither a root folder of its own nor Landlock)']
    """

    namespaces: bool = False
    root: bool = False
    landlock: int = 0
    seccomp: bool = False
    groups: dict[str, str] = {}
    """Where control groups can be made, by what they keep: "memory", "pids", "kill"."""
    trouble: dict[str, str] = {}
    """Why a layer is missing, by its name."""
    visible: list[str] = []
    """The folders that Python itself needs."""

    def missing(self) -> list[str]:
        """Return what nothing keeps a stranger from; empty when untrusted code may run."""
        gaps = []
        if not self.root and self.landlock < LANDLOCK_WITH_FILES:
            gaps.append("files (neither a root folder of its own nor Landlock)")
        if not self.namespaces and not self.seccomp:
            gaps.append("the network (neither a network of its own nor a filter of system calls)")
        if not self.root and not self.seccomp:
            gaps.append("modes of files (Landlock alone does not: it needs a filter of system calls)")
        return gaps

    def without(self, names: frozenset[str]) -> Layers:
        """Return these layers with some off: "namespaces" (with the root folder), "landlock", "seccomp", "groups"."""
        return msgspec.structs.replace(
            self,
            namespaces=self.namespaces and "namespaces" not in names,
            root=self.root and not names & {"namespaces", "root"},
            landlock=0 if "landlock" in names else self.landlock,
            seccomp=self.seccomp and "seccomp" not in names,
            groups={} if "groups" in names else self.groups,
        )

    def lines(self) -> list[tuple[bool, str, str]]:
        """Return for each layer whether it is on, its name, and what it does or why it is off."""
        kept = {"memory": "memory", "pids": "processes", "kill": "ends it in one go"}
        groups = ", ".join(words for name, words in kept.items() if name in self.groups)
        found = [
            (True, "limits", "memory, CPU time, open files, sizes of files, processes: kept by the kernel (rlimits)"),
            (True, "guard", "memory of all processes together, deadline, output; ends the whole tree"),
            (self.namespaces, "namespaces", "its own processes, network (without any device), IPC"),
            (
                self.root,
                "root folder",
                "sees only the folders that were named, read-only, and an empty folder in memory",
            ),
            (bool(self.landlock), "landlock", f"files, TCP, abstract sockets, signals (version {self.landlock})"),
            (bool(self.groups), "groups", f"of the whole tree, by the kernel: {groups} (control groups)"),
            (self.seccomp, "seccomp", "only listed system calls: no sockets, no tracing, no mounts"),
        ]
        names = {"root folder": "root"}
        return [
            (on, name, words if on else f"off: {self.trouble.get(names.get(name, name), 'turned off')}")
            for on, name, words in found
        ]
