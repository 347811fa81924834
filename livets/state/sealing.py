"""Values of a snapshot at rest: what leaves for Redis is encrypted, and opens only in its own place.

Owns the binding of a value to its view and name, so that who can write to Redis can't put one view's state into
another. Knows nothing of Redis. Called by `RedisStore` for each value.
"""

from __future__ import annotations

from livets.errors import LivetsError
from livets.state.keys import KeyRing

_PURPOSE = "snapshot"


class Unreadable(LivetsError):
    """A stored value was not sealed by any key of this application, or not for this place."""


class Seal:
    """Seals the values of one view; without keys they stay as they are."""

    __slots__ = ("_keys", "_view")

    def __init__(self, keys: KeyRing | None, view_id: str) -> None:
        self._keys = keys
        self._view = view_id.encode() + b"\0"

    def seal(self, name: str, value: bytes) -> bytes:
        """The value as it is stored under `name`."""
        return value if self._keys is None else self._keys.encrypt(_PURPOSE, value, self._view + name.encode())

    def unseal(self, name: str, value: bytes) -> bytes:
        """The value that was stored under `name`. Raises Unreadable."""
        if self._keys is None:
            return value
        opened = self._keys.decrypt(_PURPOSE, value, self._view + name.encode())
        if opened is None:
            raise Unreadable(
                f"its {name!r} was not sealed with a key that this worker has. Was LIVETS_SECRET_KEY changed? "
                "To rotate keys put the new one first and keep the old one behind a comma until its pages are gone"
            )
        return opened
