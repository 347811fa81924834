"""The state that the nodes of one run share: a dict, with reducers for keys that several nodes write at once.

A node sees its own writes and those of others at once. For the journal the writes of a node count when it completes;
what a failed or killed attempt wrote is not replayed on resume.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from livets.flow.model import Reducer

REDUCERS: dict[Reducer, Callable[[Any, Any], Any]] = {
    "replace": lambda old, new: new,
    "add": lambda old, new: new if old is None else old + new,
    "append": lambda old, new: [*(old or ()), new],
    "merge": lambda old, new: {**(old or {}), **new},
    "max": lambda old, new: new if old is None else max(old, new),
    "min": lambda old, new: new if old is None else min(old, new),
}


class NodeState:
    """Keys and values of one run; `lock` is there for read-modify-write over an await."""

    def __init__(self, start: Mapping[str, Any] | None = None, reducers: Mapping[str, Reducer] | None = None) -> None:
        self.data: dict[str, Any] = dict(start or {})
        self.lock = asyncio.Lock()
        self._reducers = dict(reducers or {})

    def write(self, key: str, value: Any) -> None:
        """Set `key`, through its reducer when it has one."""
        self.data[key] = REDUCERS[self._reducers.get(key, "replace")](self.data.get(key), value)


class StateView:
    """One node's hands on the state: reads and writes go through, writes are noted for the journal.

    >>> view = StateView(NodeState({"n": 1}, {"n": "add"}))
    >>> view["n"] = 5
    >>> view["n"], view.writes
    (6, [['n', 5]])
    """

    __slots__ = ("_shared", "writes")

    def __init__(self, shared: NodeState) -> None:
        self._shared = shared
        self.writes: list[list[Any]] = []

    def __getitem__(self, key: str) -> Any:
        return self._shared.data[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._shared.write(key, value)
        self.writes.append([key, value])

    def __contains__(self, key: str) -> bool:
        return key in self._shared.data

    def __iter__(self) -> Iterator[str]:
        return iter(self._shared.data)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, or `default`."""
        return self._shared.data.get(key, default)

    @property
    def lock(self) -> asyncio.Lock:
        """`async with ctx.state.lock:` around a read and a write that belong together."""
        return self._shared.lock
