"""A view's fields as a store keeps them: what a commit writes, and the way back into a view (D14, ADR 0004).

It owns the decision between a KeyedList's base and its log. It never writes to a store. Called by the runner
at commit, at rest and at restore.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from livets.errors import FieldError
from livets.render.keyed_list import KeyedList
from livets.state import Change, Record

if TYPE_CHECKING:
    from livets.live.view import LiveView

SHORT_LOG: Final = 64
"""A KeyedList's log is folded into a new base when it is longer than this and than half of the list."""


class Snapshot:
    """How long the stored logs of one view's KeyedLists are."""

    __slots__ = ("_lengths",)

    def __init__(self) -> None:
        self._lengths: dict[str, int] | None = None

    def change(self, view: LiveView, changed: dict[str, Any]) -> tuple[Change, dict[str, int]]:
        """What this commit writes, and the log lengths that `accept` takes once it is certain.

        `changed`: names of changed fields with their encoding, where that is known already.
        """
        change, lengths = Change(), {}
        for name, encoded in changed.items():
            field, value = view.__livets__.fields[name], view.__dict__[name]
            if not field.persist or field.codec is None:
                continue
            if field.keyed is not None and isinstance(value, KeyedList) and not view._live.tracker.is_whole(name):
                operations = value.since(0)
                start = (self._lengths or {}).get(name, 0)
                length = start + len(operations)
                if length <= max(SHORT_LOG, len(value) // 2):
                    lengths[name] = length
                    change.logs[name] = [field.keyed.encode_batch(value, operations, start)]
                    continue
                lengths[name] = 0
            change.fields[name] = field.codec.encode(value) if encoded is None else encoded
        return change, lengths

    def accept(self, lengths: dict[str, int]) -> None:
        """The change was committed."""
        if lengths:
            self._lengths = {**(self._lengths or {}), **lengths}

    def whole(self, view: LiveView) -> dict[str, bytes]:
        """All persisted fields, for a record that begins anew: its logs are empty from here on."""
        fields = everything(view)
        self._lengths = None
        return fields

    def load(self, view: LiveView, record: Record) -> None:
        """Fill a new view from a record.

        Fields that the class no longer declares are left out, new ones keep their defaults.
        Raises FieldError when stored bytes do not fit the type that the class declares now.
        """
        for name, field in view.__livets__.fields.items():
            if name not in record.fields or field.codec is None or not field.persist:
                continue
            try:
                value = field.codec.decode(record.fields[name])
                if field.keyed is not None:
                    length = 0
                    for batch in record.logs.get(name, ()):
                        length = field.keyed.replay(value, batch, length)
                    self.accept({name: length})
            except (msgspec.DecodeError, LookupError) as error:
                raise FieldError(
                    f"{type(view).__qualname__}.{name}: the stored value does not fit {field.kind}: {error}. The field "
                    f"was declared otherwise when this snapshot was written; give the changed field a new name."
                ) from None
            view.__dict__[name] = value


def everything(view: LiveView) -> dict[str, bytes]:
    """All persisted fields of a view, encoded."""
    fields = {}
    for name, field in view.__livets__.fields.items():
        if field.persist and field.codec is not None and name in view.__dict__:
            fields[name] = field.codec.encode(view.__dict__[name])
    return fields
