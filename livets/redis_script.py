"""A script that Redis carries out as one command: sent whole to a server that does not know it yet, by its hash else.

It owns how a script is called, never what it says. Used by `state.redis` and `presence.redis`.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from livets.redis_client import Client


class Script:
    """One script, for one client. All keys of a call carry the same hash tag."""

    __slots__ = ("_client", "_hash", "_unknown", "source")

    def __init__(self, client: Client, source: str) -> None:
        from redis.exceptions import NoScriptError

        self._client = client
        self._unknown = NoScriptError
        self.source = source
        """Lua."""
        self._hash = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, keys: Sequence[str], args: Sequence[bytes | str | int]) -> Any:
        """What it returns. Raises what Redis does."""
        try:
            return await self._client.evalsha(self._hash, len(keys), *keys, *args)
        except self._unknown as error:
            # redis-py's frames hold the error that holds them, and, from Python 3.13 on, all who wait for them: a view
            # that was just mounted would stay in memory until the collector comes, and not fall asleep before.
            traceback.clear_frames(error.__traceback__)
        return await self._client.eval(self.source, len(keys), *keys, *args)
