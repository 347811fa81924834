"""Remembers what nodes gave for the same code, config and inputs, for nodes that ask for it (`memo: true`).

The key is the hash of type, version, config and inputs; a function node's version must be raised when its code changes.
In memory, and in the journal's log too when there is one, so that it outlives the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from livets.engine.encoding import content_hash
from livets.engine.errors import Conflict
from livets.engine.events import NewEvent
from livets.engine.log import EventLog
from livets.flow.forms import Model


class Memo:
    """Outputs by key; keeps `capacity` of them in memory, oldest first out."""

    def __init__(self, log: EventLog | None = None, capacity: int = 10_000) -> None:
        self._log = log
        self._capacity = capacity
        self._known: dict[str, dict[str, Any]] = {}

    def key(self, node: Model, inputs: Mapping[str, Any]) -> str:
        """Return the key of this call; raises ValueFault when an input is no value."""
        config = msgspec.to_builtins(node.config) if node.config is not None else None
        return content_hash([node.node_type.name, node.node_type.version, config, dict(inputs)])

    async def get(self, key: str) -> dict[str, Any] | None:
        """Return what was given before, or None."""
        found = self._known.get(key)
        if found is None and self._log is not None:
            events = await self._log.read(f"memo/{key}", limit=1)
            found = events[0].data["outputs"] if events else None
        return dict(found) if found is not None else None

    async def put(self, key: str, outputs: dict[str, Any]) -> None:
        """Remember `outputs`; the first to say so wins."""
        while len(self._known) >= self._capacity:
            del self._known[next(iter(self._known))]
        self._known[key] = dict(outputs)
        if self._log is not None:
            try:
                await self._log.append(f"memo/{key}", [NewEvent("flow.memo", {"outputs": outputs})], expected=0)
            except Conflict:
                return
