"""Landlock: the kernel refuses this process every file, TCP port, abstract socket and signal that no rule allows.

Needs no rights. Files that are open already stay usable. Called by worker.py right before untrusted code runs.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct

from livets.engine.sandbox.inside import system

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
_TRUNCATE = 1 << 14
_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE
_FILES_BY_ABI = ((1, (1 << 13) - 1), (2, 1 << 13), (3, _TRUNCATE), (5, 1 << 15))
_TCP = 3
_SCOPES = 3
"""Abstract Unix sockets and signals: only to processes that are as restricted."""

READ = READ_FILE | READ_DIR
RUN = READ | EXECUTE


def abi() -> int:
    """Return the version of Landlock that the kernel has; 0 when it has none."""
    try:
        return system.syscall("landlock", _CREATE, None, ctypes.c_size_t(0), 1)
    except OSError:
        return 0


def restrict(rules: dict[str, int], everything: list[str]) -> None:
    """Allow only `rules` (rights by path), and all rights below the folders in `everything`; raises OSError.

    Paths that are not there are passed over. The process must have given up gaining privileges before.
    """
    version = abi()
    files = sum(rights for since, rights in _FILES_BY_ABI if version >= since)
    net, scopes = (_TCP if version >= 4 else 0), (_SCOPES if version >= 6 else 0)
    attributes = struct.pack("<QQQ", files, net, scopes)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    ruleset = system.syscall("landlock_create_ruleset", _CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    try:
        for path, rights in (*rules.items(), *((path, files & ~EXECUTE) for path in everything)):
            _allow(ruleset, path, rights & files)
        system.syscall("landlock_restrict_self", _RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(beneath).st_mode):
            rights &= _OF_FILES
        rule = struct.pack("<Qi", rights, beneath)
        system.syscall("landlock_add_rule", _ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(beneath)
