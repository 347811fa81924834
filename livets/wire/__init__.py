"""The browser protocol: messages, operations, limits, codec. The connector's constants are generated from here."""

from livets.wire import codes, limits
from livets.wire.codec import binary_frame, decode, encode_body, encode_client, frame
from livets.wire.messages import Beat, ClientMessage, Event, Frame, Heal, Join, JoinMode, Resume
from livets.wire.ops import ListOp, ReservedOp, SlotKind

__all__ = [
    "Beat",
    "ClientMessage",
    "Event",
    "Frame",
    "Heal",
    "Join",
    "JoinMode",
    "ListOp",
    "ReservedOp",
    "Resume",
    "SlotKind",
    "binary_frame",
    "codes",
    "decode",
    "encode_body",
    "encode_client",
    "frame",
    "limits",
]
