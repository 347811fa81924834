"""A view from a snapshot that another release of its class has written: what was stored, and `migrate(old)`.

It owns the decision whether a snapshot is of this release, an older or a newer one, and the plain form in which
`migrate` sees the old state. It never writes. Called by the runner at restore.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from livets.errors import FieldError, SnapshotNewer
from livets.live.codec import KeyedCodec
from livets.live.system import Notes
from livets.state import Record

if TYPE_CHECKING:
    from livets.live.view import LiveView

_plain = msgspec.msgpack.Decoder().decode
_log = logging.getLogger("livets")


def check_release(view: LiveView, notes: Notes) -> None:
    """Raises SnapshotNewer for a snapshot that a later release has written: this one would lose what it added."""
    own = view.snapshot_version
    if notes.version > own:
        raise SnapshotNewer(
            f"the snapshot of {type(view).__qualname__} was written by snapshot_version {notes.version}, and this "
            f"worker has {own}: a newer release is on its way"
        )


def is_due(view: LiveView, record: Record, notes: Notes, misfits: Mapping[str, str]) -> bool:
    """Whether `migrate` is to be called. Raises FieldError when it would have to be, and the view has none."""
    declared = view.__livets__.fields
    known = {name for name, field in declared.items() if field.persist and field.codec is not None}
    if view.__livets__.hooks["migrate"] is not None:
        return bool(misfits) or notes.version != view.snapshot_version or bool({*record.fields} - known)
    if misfits:
        name, why = next(iter(misfits.items()))
        raise FieldError(
            f"{type(view).__qualname__}.{name}: {why}. The field was declared otherwise when this snapshot was "
            f"written: write migrate(self, old), or give the changed field a new name"
        )
    return False


def old_state(record: Record) -> dict[str, Any]:
    """Every stored field as plain data (None, numbers, text, bytes, lists, dicts); of a KeyedList its items.

    How a field was declared is not stored: a name and a list of dicts that have it is taken for a KeyedList.
    """
    return {name: _old_value(base, record.logs.get(name, ())) for name, base in record.fields.items()}


def _old_value(base: bytes, logs: Sequence[bytes]) -> Any:
    value = _plain(base)
    if not (logs or _is_keyed(value)):
        return value
    codec = KeyedCodec(Any, is_open=True)
    rows, length = codec.decode(base), 0
    for batch in logs:
        length = codec.replay(rows, batch, length)
    return list(rows)


def _is_keyed(value: Any) -> bool:
    """Whether this is how a KeyedList is stored: its key's name, and its items."""
    match value:
        case [str(key), [*items]]:
            return all(isinstance(item, dict) and key in item for item in items)
    return False


def prune(view: LiveView, notes: Notes) -> None:
    """Forget topics and timers whose handlers this release has no more."""
    for topic, handler in list(notes.followed.items()):
        if not callable(getattr(type(view), handler, None)):
            del notes.followed[topic]
    both: tuple[dict[Any, Any], ...] = (notes.subscriptions, notes.timers)
    for kept in both:
        for name, handler in [(name, entry.handler) for name, entry in kept.items()]:
            if not callable(getattr(type(view), handler, None)):
                del kept[name]
                _log.warning("%s has no method %r any more: its topic or timer ends", type(view).__qualname__, handler)
