"""How much one job of the sandbox may use."""

from __future__ import annotations

import msgspec

MB = 1_000_000


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one job may use. Memory is that of all its processes together; the other limits are the kernel's, each.

    `seconds`: from start to end. `cpu_s`: CPU seconds of each process. `memory_mb`: all processes together.
    `address_mb`: address space of each process of a program (others: what `memory_mb` says). `work_mb`: all files that
    it writes, and the largest one. `output_mb`: what it prints, what it answers, each. `processes`: threads count too;
    where no program is started, none but threads are. `files`: open at once.

    >>> Limits(seconds=2).memory_mb
    256
    """

    seconds: float = 30.0
    cpu_s: float = 30.0
    memory_mb: int = 256
    address_mb: int = 4_096
    work_mb: int = 64
    output_mb: float = 10.0
    processes: int = 16
    files: int = 64

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is more than 0")

    def within(self, most: Limits) -> Limits:
        """Return these limits, none of them above those of `most`.

        >>> Limits(seconds=60, files=8).within(Limits()).seconds
        30.0
        """
        names = self.__struct_fields__
        return Limits(**{name: min(getattr(self, name), getattr(most, name)) for name in names})
