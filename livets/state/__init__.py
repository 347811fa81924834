"""Views at rest: snapshot stores and the keys that seal what leaves the server."""

from livets.state.key_file import host_secret
from livets.state.keys import KeyRing
from livets.state.memory import MemoryStore
from livets.state.record import Change, Claim, Record, SnapshotStore
from livets.state.redis import RedisStore, StoreUnavailable

__all__ = [
    "Change",
    "Claim",
    "KeyRing",
    "MemoryStore",
    "Record",
    "RedisStore",
    "SnapshotStore",
    "StoreUnavailable",
    "host_secret",
]
