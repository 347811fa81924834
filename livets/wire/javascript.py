"""Writes connector/src/protocol.js, the connector's copy of the numbers in this package.

`python -m livets.wire.javascript` rewrites the file; with `--check` it only compares (exit code 1 if stale).
"""

from __future__ import annotations

import sys
from enum import IntEnum
from pathlib import Path

import msgspec

from livets.wire import limits
from livets.wire.directives import MODIFIER
from livets.wire.messages import ClientMessage, Frame, JoinMode
from livets.wire.ops import ListOp, ReservedOp, SlotKind

_TARGET = Path(__file__).parents[2] / "connector" / "src" / "protocol.js"
_LIMITS = (
    "SUBPROTOCOL_MSGPACK",
    "SUBPROTOCOL_JSON",
    "MAX_MESSAGE_BYTES",
    "OUTBOX_WINDOW",
    "HEARTBEAT_S",
    "HEARTBEAT_TIMEOUT_S",
    "RECONNECT_BASE_MS",
    "RECONNECT_MAX_MS",
)


def source() -> str:
    """The module's text. One `export const` a number, so that the bundler drops what is unused."""
    lines = ["// Generated from livets/wire by `python -m livets.wire.javascript`; do not edit.", ""]
    enums: tuple[type[IntEnum], ...] = (SlotKind, ListOp, ReservedOp, Frame, JoinMode)
    for enum in enums:
        prefix = {"SlotKind": "SLOT", "ListOp": "LIST", "ReservedOp": "OP", "Frame": "FRAME", "JoinMode": "MODE"}
        lines += [f"export const {prefix[enum.__name__]}_{m.name} = {m.value};" for m in enum]
    for message in ClientMessage.__args__:
        lines.append(f"export const CLIENT_{message.__name__.upper()} = {message.__struct_config__.tag};")
    for name in _LIMITS:
        lines.append(f"export const {name} = {msgspec.json.encode(getattr(limits, name)).decode()};")
    lines.append(f"export const MODIFIERS = /{MODIFIER.pattern}/;")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write or check the file; returns the exit code."""
    if "--check" in sys.argv[1:]:
        current = _TARGET.read_text() if _TARGET.exists() else ""
        if current != source():
            print(f"{_TARGET} is stale: run python -m livets.wire.javascript", file=sys.stderr)
            return 1
        return 0
    _TARGET.write_text(source())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
