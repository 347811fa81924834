"""The filter of system calls: what is not on the list of syscall_numbers.py is refused, by the kernel, for good.

Built as a small BPF program: one test for each call that is allowed, some with tests of their arguments. Refused calls
fail with EPERM, calls of another machine's numbers end the process. Called by worker.py as the last step.
"""

from __future__ import annotations

import ctypes
import errno
import struct

from livets.engine.sandbox.inside import system
from livets.engine.sandbox.inside.syscall_numbers import (
    ABSENT,
    BY_ARGUMENTS,
    FOR_PROGRAMS,
    NUMBERS,
    OF_MODES_AND_TIMES,
)

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_COLUMN = {"x86_64": 0, "aarch64": 1}
_SET_MODE_FILTER = 1

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCH, _FIRST, _SECOND = 0, 4, 16, 24
_X32 = 0x40000000
_FIRST_OF_LATER_CALLS = 424
"""Calls from here on came with Linux 5.1 and later: programs expect that a kernel may not know them."""

_THREAD = 0x00010000  # CLONE_THREAD
_AF_UNIX = 1
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS TIOCGWINSZ FIONREAD FIONBIO FIONCLEX FIOCLEX
_PRCTLS = (2, 3, 15, 16, 21, 23, 39)  # read the parent signal, dumpable; the name; read seccomp, capabilities, no-new

Program = list[tuple[int, int, int, int]]


def available() -> bool:
    """Return whether filters can be built for this machine."""
    return system.MACHINE in _AUDIT_ARCH


def install(*, programs: bool, root: bool, own_signals_only: int | None = None) -> None:
    """Filter this process and all it starts; raises OSError. It must have given up gaining privileges before.

    `programs`: processes and programs may be started. `root`: it has a root folder of its own. `own_signals_only`: a
    process id; signals go to this one alone, for where no other layer keeps them in.
    """
    code = build(programs=programs, root=root, own_signals_only=own_signals_only)
    packed = b"".join(struct.pack("<HBBI", *step) for step in code)
    buffer = ctypes.create_string_buffer(packed, len(packed))
    program = struct.pack("<H6xQ", len(code), ctypes.addressof(buffer))
    system.syscall("seccomp", _SECCOMP[system.MACHINE], _SET_MODE_FILTER, 0, program)


def build(*, programs: bool, root: bool, own_signals_only: int | None = None) -> Program:
    """Return the BPF program for this machine."""
    column = _COLUMN[system.MACHINE]
    code: Program = [
        (_LOAD, 0, 0, _ARCH),
        (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH[system.MACHINE]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
    ]
    without = (frozenset() if programs else FOR_PROGRAMS) | (frozenset() if root else OF_MODES_AND_TIMES)
    for name, numbers in NUMBERS.items():
        number = numbers[column]
        if number is None or name in without:
            continue
        steps = _steps(name, programs=programs, own_signals_only=own_signals_only)
        code += [(_JUMP_EQUAL, 0, len(steps), number), *steps]
    return [*code, (_JUMP_AT_LEAST, 0, 1, _FIRST_OF_LATER_CALLS), _refused(errno.ENOSYS), _refused(errno.EPERM)]


_ALLOWED = (_RETURN, 0, 0, _ALLOW)


def _refused(number: int) -> tuple[int, int, int, int]:
    return (_RETURN, 0, 0, _ERRNO | number)


def _steps(name: str, *, programs: bool, own_signals_only: int | None) -> Program:
    """What follows when the call is `name`; each way ends in a return."""
    if name in ABSENT:
        return [_refused(errno.ENOSYS)]
    if name not in BY_ARGUMENTS:
        return [_ALLOWED]
    if name == "ioctl":
        return _one_of(_SECOND, _IOCTLS)
    if name == "prctl":
        return _one_of(_FIRST, _PRCTLS)
    if name == "clone":
        load = [(_LOAD, 0, 0, _FIRST), (_JUMP_ANY_BIT, 0, 1, system.NEW_ANY & ~0x80), _refused(errno.EPERM)]
        if programs:
            return [*load, _ALLOWED]
        return [*load, (_JUMP_ANY_BIT, 0, 1, _THREAD), _ALLOWED, _refused(errno.EPERM)]
    if name == "socket":
        return [_refused(errno.EPERM)]
    if name == "socketpair":
        return _one_of(_FIRST, (_AF_UNIX,))
    if name == "prlimit64":
        return _one_of(_FIRST, (0,))  # its own limits, not those of other processes
    if own_signals_only is None:  # kill, tkill, tgkill
        return [_ALLOWED]
    return _one_of(_FIRST, (own_signals_only,))


def _one_of(argument: int, values: tuple[int, ...]) -> Program:
    """Allow the call when the low half of an argument is one of `values`."""
    steps: Program = [(_LOAD, 0, 0, argument)]
    for value in values:
        steps += [(_JUMP_EQUAL, 0, 1, value), _ALLOWED]
    return [*steps, _refused(errno.EPERM)]
