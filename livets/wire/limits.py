"""Every number of the browser protocol, in one place; the connector's copy is generated from here."""

from __future__ import annotations

PROTOCOL_VERSION = 1
"""Counts incompatible changes of frames or operations; part of every page token."""

SUBPROTOCOL_MSGPACK = "livets.1.msgpack"
SUBPROTOCOL_JSON = "livets.1.json"

MAX_MESSAGE_BYTES = 64 * 1024
"""Largest frame accepted from a browser."""

MAX_DEPTH = 10
"""Deepest nesting of arrays and maps in an event's arguments."""

OUTBOX_WINDOW = 32
"""Events a browser may have in flight, sent but not yet acknowledged as durable (D8)."""

EVENTS_PER_S = 50.0
EVENTS_BURST = 100
"""Events of one socket that are taken at once, and then per second; what is faster waits, acks with it (D8)."""

MAX_VIEWS_PER_SOCKET = 50
JOIN_DEADLINE_S = 10.0
HEARTBEAT_S = 25.0
"""The browser beats this often; the server cuts a socket silent for `HEARTBEAT_TIMEOUT_S`."""
HEARTBEAT_TIMEOUT_S = 60.0

RECONNECT_BASE_MS = 250
RECONNECT_MAX_MS = 10_000
"""Full jitter: the n-th attempt waits a random time in [0, min(max, base * 2**n)] milliseconds."""

RING_MAX_FRAMES = 256
RING_MAX_BYTES = 1024 * 1024
"""Frames kept for a browser that has not acknowledged them yet (replayed on resume)."""

HIGH_WATER_BYTES = 256 * 1024
"""Unsent bytes on a socket above which its views stop rendering until it drains."""

WRITE_STALL_S = 10.0
"""A socket that accepts no bytes for this long is cut."""
