"""The sandbox without processes: which layers are enough, limits, and the filter of system calls run by hand."""

from __future__ import annotations

import errno
import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livets.engine.sandbox.inside import seccomp, system
from livets.engine.sandbox.inside.syscall_numbers import ABSENT, BY_ARGUMENTS, FOR_PROGRAMS, NUMBERS, OF_MODES_AND_TIMES
from livets.engine.sandbox.layers import Layers
from livets.engine.sandbox.limits import Limits
from livets.engine.sandbox.sandbox import Sandbox, refusal

ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOWED, KILLED, REFUSED, UNKNOWN = 0x7FFF0000, 0x80000000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS


def judged(code: seccomp.Program, number: int, arch: int, *arguments: int) -> int:
    """What the kernel would do with a call: the few instructions that our programs have, run by hand."""
    data = struct.pack("<iIQ6Q", number, arch, 0, *arguments, *[0] * (6 - len(arguments)))
    at = accumulator = 0
    while True:
        operation, when, otherwise, constant = code[at]
        at += 1
        if operation == 0x06:
            return constant
        if operation == 0x20:
            accumulator = struct.unpack_from("<I", data, constant)[0]
        else:
            test = {0x15: accumulator == constant, 0x35: accumulator >= constant, 0x45: bool(accumulator & constant)}
            at += when if test[operation] else otherwise


@pytest.mark.parametrize("machine", list(ARCH))
@pytest.mark.parametrize("programs", [False, True])
@pytest.mark.parametrize("root", [False, True])
def test_the_filter_allows_what_is_listed_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, machine: str, programs: bool, root: bool
) -> None:
    monkeypatch.setattr(system, "MACHINE", machine)
    code = seccomp.build(programs=programs, root=root)
    assert len(code) < 4096
    column = list(ARCH).index(machine)
    listed = {numbers[column]: name for name, numbers in NUMBERS.items() if numbers[column] is not None}
    for number in range(600):
        said = judged(code, number, ARCH[machine])
        name = listed.get(number)
        if name is None or name in ABSENT:
            assert said == (UNKNOWN if name in ABSENT or number >= 424 else REFUSED), number
        elif (name in FOR_PROGRAMS and not programs) or (name in OF_MODES_AND_TIMES and not root):
            assert said == REFUSED, name
        elif name not in BY_ARGUMENTS:
            assert said == ALLOWED, name
    assert judged(code, 0, ARCH["aarch64" if machine == "x86_64" else "x86_64"]) == KILLED
    assert judged(code, 0x40000000 + 1, ARCH[machine]) == KILLED


def test_the_filter_looks_at_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "MACHINE", "x86_64")
    arch = ARCH["x86_64"]
    code = seccomp.build(programs=False, root=True)
    program = seccomp.build(programs=True, root=True, own_signals_only=77)
    thread, child = 0x3D0F00, 17
    assert [judged(code, 56, arch, flags) for flags in (thread, child)] == [ALLOWED, REFUSED]
    assert [judged(program, 56, arch, flags) for flags in (thread, child)] == [ALLOWED, ALLOWED]
    for namespace in (system.NEW_USER, system.NEW_PID, system.NEW_NET, system.NEW_MOUNT, system.NEW_CGROUP):
        assert judged(program, 56, arch, namespace | child) == REFUSED
    assert [judged(code, 53, arch, family) for family in (1, 2, 10, 16, 40)] == [ALLOWED] + [REFUSED] * 4
    assert [judged(code, 41, arch, family) for family in (1, 2, 10, 16, 17, 40)] == [REFUSED] * 6
    assert [judged(code, 16, arch, 0, request) for request in (0x5401, 0x5412)] == [ALLOWED, REFUSED]
    assert [judged(code, 157, arch, option) for option in (15, 1, 4, 22, 36, 38)] == [ALLOWED] + [REFUSED] * 5
    assert [judged(code, 302, arch, process) for process in (0, 77)] == [ALLOWED, REFUSED]
    assert [judged(program, 62, arch, process) for process in (77, 1, 2**32 - 1)] == [ALLOWED, REFUSED, REFUSED]
    assert judged(code, 62, arch, 1) == ALLOWED


FULL = Layers(namespaces=True, root=True, landlock=7, seccomp=True, groups={"memory": "/sys/fs/cgroup"})


def test_which_layers_are_enough() -> None:
    assert FULL.missing() == []
    assert FULL.without(frozenset({"namespaces"})).missing() == []
    assert FULL.without(frozenset({"landlock", "seccomp"})).missing() == []
    assert FULL.without(frozenset({"root", "landlock"})).missing() != []
    assert FULL.without(frozenset({"namespaces", "seccomp"})).missing() != []
    assert Layers(landlock=2, seccomp=True).missing() != []  # files could be cut short
    assert len(Layers().missing()) == 3


@given(
    st.builds(Layers, namespaces=st.booleans(), root=st.booleans(), landlock=st.integers(0, 8), seccomp=st.booleans())
)
def test_fewer_layers_are_never_better(layers: Layers) -> None:
    for name in ("namespaces", "root", "landlock", "seccomp"):
        assert set(layers.missing()) <= set(layers.without(frozenset({name})).missing())


def test_refusals_say_why_and_how_to_mend_it() -> None:
    said = refusal(Layers(trouble={"namespaces": "unshare: Operation not permitted"}))
    assert "keep it from files" in said
    assert "namespaces: unshare: Operation not permitted" in said
    assert "livets flow sandbox" in said
    assert [on for on, _, _ in FULL.lines()] == [True] * 7
    assert [words for on, name, words in Layers().lines() if name == "seccomp"] == ["off: turned off"]


def test_limits_are_positive_and_kept_within_others() -> None:
    with pytest.raises(ValueError, match="memory_mb is more than 0"):
        Limits(memory_mb=0)
    assert Limits(memory_mb=9999, seconds=1).within(Limits()) == Limits(seconds=1)
    with pytest.raises(ValueError, match="no layer is called walls"):
        Sandbox(without=["walls"])


def test_the_guide_names_tests_that_exist() -> None:
    root = Path(__file__).parents[3]
    named = set(re.findall(r"`(test_\w+)`", (root / "docs/flow/sandbox.md").read_text()))
    files = [*(root / "tests/integration/engine/sandbox").glob("*.py"), *(root / "tests/integration/flow").glob("*.py")]
    there = {name for file in files for name in re.findall(r"^(?:async )?def (test_\w+)\(", file.read_text(), re.M)}
    assert len(named) > 30
    assert named - there == set()
