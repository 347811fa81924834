"""The vocabulary of patches: slot kinds, list operations, reserved operations.

A *diff* is a flat array of pairs `[address, change, address, change, ...]`. An address >= 0 is a slot
of the block at hand; a negative address is a reserved operation. What a change looks like follows from
the slot's kind (docs/protocol.md). Addresses are structural (slot numbers of the template, row keys),
so one encoded body serves every connection that shows the same template and values.
"""

from __future__ import annotations

from enum import IntEnum


class SlotKind(IntEnum):
    """What a slot writes; the first element of a slot's description in a shape."""

    TEXT = 0
    """One text node: [0, path, prefix, suffix]; change: scalar."""
    ATTR = 1
    """One quoted attribute: [1, path, name, prefix, suffix]; change: scalar."""
    ATTRS = 2
    """Attributes that come and go: [2, path, names]; change: map of those present now."""
    HTML = 3
    """A range of nodes between two comments: [3, path]; change: HTML string."""
    IF = 4
    """At most one of several blocks: [4, path, blocks]; change: [branch, fill] or [diff]."""
    FOR = 5
    """Rows of one block: [5, path, block, key]; change: flat list operations."""


class ListOp(IntEnum):
    """Operations inside the change of a FOR slot; a code >= CELL is CELL + slot of the row's block."""

    UPDATE = 0
    """key, diff"""
    MOVE = 1
    """key, after (a key, or nil for the head)"""
    DELETE = 2
    """key"""
    INSERT = 3
    """after, [key, fill, key, fill, ...]: a run of rows, in order"""
    RESET = 5
    """[key, fill, ...]: the whole list; the browser reconciles by key; [] clears it"""
    TRUNCATE = 6
    """length: rows at and after this index go (index-keyed lists)"""
    CELL = 16
    """key, change: one slot of one row"""


class ReservedOp(IntEnum):
    """Addresses below zero. Those marked (later) are reserved from the first day, not yet sent."""

    TITLE = -1
    """text of the document's title"""
    HEAD = -2
    """(later) elements of the document's head"""
    PUSH = -3
    """(later) [event name, payload] for client hooks"""
    FLASH = -4
    """(later) [kind, text]"""
    NAVIGATE = -5
    """[mode, url]: 0 a new entry of the history, 1 instead of the one at hand, 2 leave the page"""
    SET_INPUT = -6
    """[field, value]: write the control bound to the field, focused or dirty or not"""
    FOCUS = -7
    """(later) selector of the element to focus"""
    UPLOAD = -8
    """(later) [entry, state]"""
    BUILD = -9
    """[block address, fill]: throw the block's nodes away and build them afresh (heal)"""
    FILL = -10
    """fill of the root block: reconcile, write only what differs"""
    COMPONENT = -11
    """(later) [key path, diff]"""
    PATH = -12
    """(later) [owned path, operations]: patches of HTML strings"""
    SHAPE = -13
    """[fingerprint, shape]: the view's template has changed; a BUILD of the root follows"""
