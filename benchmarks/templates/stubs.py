"""A value that is everything a template may ask for; what it shows follows from its path and a seed.

It owns what such a value answers. It must be the same in every process (no `hash()` of texts). The states of a trial
are made of these.
"""

from __future__ import annotations

import dis
import sys
import zlib
from collections.abc import Iterator
from typing import Any, Final

_TEXTS: Final = ["Tom & Jerry", "3 < 4", "Ada", "x", "long text of words", "", "42", "it's", "/a?c=d&e=f", "2024-01-02"]
_UNPACK: Final = dis.opmap["UNPACK_SEQUENCE"]
_TEXT_METHODS: Final = frozenset({"strftime", "isoformat", "title", "lower", "upper", "strip", "replace", "join"})


class Stub:
    """Attributes, items, calls and iteration give stubs again; as text, number or condition it is something.

    >>> str(Stub("user", 1).name) == str(Stub("user", 1)["name"])
    False
    >>> Stub("user", 1) == Stub("user", 1), len([*Stub("user", 1)]) == len(Stub("user", 1))
    (True, True)
    """

    __slots__ = ("_path", "_seed")

    def __init__(self, path: str, seed: int) -> None:
        self._path = path
        self._seed = seed

    def _number(self, what: str) -> int:
        return zlib.crc32(f"{self._path}|{self._seed}|{what}".encode())

    def _inner(self, path: str) -> Stub:
        return Stub(path[:200], self._seed)

    def __getattr__(self, name: str) -> Stub:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._inner(f"{self._path}.{name}")

    def __getitem__(self, key: Any) -> Any:
        return [*self][key] if isinstance(key, slice) else self._inner(f"{self._path}[{key}]")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        base, _, name = self._path.rpartition(".")
        if base:
            owner = self._inner(base)
            if name in ("items", "keys") and not args:
                keys = [f"k{number}" for number in range(len(owner))]
                return keys if name == "keys" else [(key, self._inner(f"{base}.{key}")) for key in keys]
            if name in _TEXT_METHODS:
                return f"{owner}{name}"
            if name in ("split", "rsplit", "splitlines"):
                return [f"{owner}{number}" for number in range(3)]
        given = [*map(str, args), *(f"{key}={value}" for key, value in kwargs.items())]
        return self._inner(f"{self._path}({','.join(given)})")

    def __len__(self) -> int:
        return (0, 1, 2, 3, 2, 3)[self._number("length") % 6]

    def __iter__(self) -> Iterator[Stub]:
        frame = sys._getframe(1)
        code = frame.f_code.co_code
        is_unpacked = code[frame.f_lasti] == _UNPACK  # a, b = stub: as many as are wanted
        size = code[frame.f_lasti + 1] if is_unpacked else len(self)
        return iter([self._inner(f"{self._path}[{number}]") for number in range(size)])

    def __str__(self) -> str:
        return _TEXTS[self._number("text") % len(_TEXTS)]

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        try:
            return format(int(self), spec)
        except ValueError:
            return str(self)

    def __bool__(self) -> bool:
        return self._number("bool") % 3 > 0

    def __int__(self) -> int:
        return self._number("int") % 100

    __index__ = __int__

    def __float__(self) -> float:
        return float(int(self))

    def __hash__(self) -> int:
        return self._number("hash")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Stub):
            return (self._path, self._seed) == (other._path, other._seed)
        return self._number(f"is {other}") % 2 == 0

    def __lt__(self, other: Any) -> bool:
        return int(self) < int(other) if isinstance(other, Stub | int | float) else str(self) < str(other)

    def __gt__(self, other: Any) -> bool:
        return int(self) > int(other) if isinstance(other, Stub | int | float) else str(self) > str(other)

    def __le__(self, other: Any) -> bool:
        return not self > other

    def __ge__(self, other: Any) -> bool:
        return not self < other

    def __contains__(self, other: object) -> bool:
        return self._number(f"has {other}") % 2 == 0

    def __add__(self, other: Any) -> Any:
        if isinstance(other, str):
            return str(self) + other
        return [*self, *other] if isinstance(other, list) else self._sum(other)

    def __radd__(self, other: Any) -> Any:
        if isinstance(other, str):
            return other + str(self)
        return [*other, *self] if isinstance(other, list) else self._sum(other)

    def _sum(self, other: Any) -> int:
        return int(self) + (int(other) if isinstance(other, Stub | int | float) else len(str(other)))

    __sub__ = __rsub__ = __mul__ = __rmul__ = _sum

    def __mod__(self, other: Any) -> int:
        return int(self) % max(1, int(other))

    def __rmod__(self, other: Any) -> str:
        return f"{other}{self}"

    def __truediv__(self, other: Any) -> float:
        return int(self) / max(1, int(other))

    def __floordiv__(self, other: Any) -> int:
        return int(self) // max(1, int(other))

    def __rtruediv__(self, other: Any) -> float:
        return int(other) / max(1, int(self))

    def __rfloordiv__(self, other: Any) -> int:
        return int(other) // max(1, int(self))

    def __neg__(self) -> int:
        return -int(self)

    def __abs__(self) -> int:
        return int(self)

    def __round__(self, digits: int = 0) -> int:
        return int(self)
